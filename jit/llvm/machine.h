/* The machine that code is made for: LLVM's target machine and what the emitter
 * needs to know of it.
 *
 * A target machine is made per translation: LLVM's are not to be shared by
 * threads, and making one costs little next to a translation.  The
 * names of this machine's processor and features are asked once a process, since
 * asking is slow on virtual machines. */
#ifndef OJ_LLVM_MACHINE_H
#define OJ_LLVM_MACHINE_H

#include "jit/backend.h"

#include <llvm-c/TargetMachine.h>

struct machine {
	LLVMTargetMachineRef llvm;
	const char *triple;
	bool fma, rounding; /* instructions for FMA; for floor, ceil and rint */
	int registers;      /* widest lanes lib/math has there: 2, 4 (AVX2, FMA) or 8 (AVX-512) */
};
ojit_status oj_machine_open(struct machine *machine, const struct target *target, struct oj_error *error);
void oj_machine_close(struct machine *machine);
int oj_machine_lanes(void); /* of this machine */

/* Machine code (or assembly) of a module; the buffer is LLVM's.  The
 * module is left as the code generator has changed it. */
ojit_status oj_machine_generate(const struct machine *machine, LLVMModuleRef module, bool assembly,
                                LLVMMemoryBufferRef *buffer, struct oj_error *error);

#endif
