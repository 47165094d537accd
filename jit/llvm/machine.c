/* See machine.h.
 *
 * The only state kept by a process is what can never change: LLVM's list of
 * targets, its settings and the names of the processor, set once.  The settings
 * are those of the copy of LLVM inside this library.
 *
 * There is no list of passes over IR.  Nodes are shared and placed outside of loops
 * before the emitter sees them, so there is little to find: early-cse, measured on
 * Lorenz, stencils of one and two dimensions, all-pairs and long sums, changed no
 * instruction and cost 4 to 10 % of a translation.
 * Of the code generator's own passes, six are switched off since they cost as much
 * and left run times where they were: the second scheduler, the strength
 * reduction of loop indices, which come strength-reduced, the sinking of
 * instructions (a fifteenth of a translation of many loops), what copies and
 * loops look like after registers are allocated, and the colouring of stack slots.  Another is kept from
 * joining basic blocks that the emitter has cut.  What is spent by level 2
 * is instruction selection, scheduling and allocation of registers. */
#include "jit/llvm/machine.h"

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/Support.h>
#include <pthread.h>
#include <string.h>

static struct {
	pthread_once_t once;
	char *cpu, *features, *triple;
} host = {.once = PTHREAD_ONCE_INIT};

/* What code for numbers may use.  LLVM takes 10 us for every "+name" that it reads,
 * and a hundred of them do not matter here.  What the processor's name promises and
 * the machine lacks, "-name", is always kept. */
static bool matters(const char *name, size_t length)
{
	static const char *const names[] = {"avx512f", "avx512vl", "avx512dq", "avx2", "fma", "avx",
	                                    "sse4.1", "bmi2", "lzcnt", "popcnt"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && !strncmp(names[i], name, length))
			return true;
	return false;
}

/* In place; `features` is "+a,-b,...". */
static void shorten_features(char *features)
{
	char *to = features;
	for (const char *from = features; *from;) {
		size_t word = strcspn(from, ","), next = word + (from[word] == ',');
		if (*from == '-' || matters(from + 1, word - 1)) {
			if (to != features)
				*to++ = ',';
			memmove(to, from, word);
			to += word;
		}
		from += next;
	}
	*to = '\0';
}

static void meet_host(void)
{
	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	static const char *const settings[] = {
		"ojit", "-disable-post-ra", "-disable-lsr", "-disable-cgp-branch-opts", "-disable-machine-sink",
		"-disable-copyprop", "-disable-postra-machine-licm", "-disable-ssc",
	};
	LLVMParseCommandLineOptions(sizeof settings / sizeof *settings, settings, "");
	host.cpu = LLVMGetHostCPUName();
	host.features = LLVMGetHostCPUFeatures();
	shorten_features(host.features);
	host.triple = LLVMGetDefaultTargetTriple();
}

/* Whether "+name" stands in a list of features, as the last word on it. */
static bool has_feature(const char *features, const char *name)
{
	size_t length = strlen(name);
	bool has = false;
	while (*features) {
		size_t word = strcspn(features, ",");
		if (word == length + 1 && !strncmp(features + 1, name, length))
			has = *features == '+';
		features += word + (features[word] == ',');
	}
	return has;
}

/* LLVM's C interface does not tell what a processor's name implies, except for the
 * four levels of x86-64 it need not; other names count for what their list of
 * features says. */
static int level_of_cpu(const char *cpu)
{
	static const char *const levels[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
	for (int level = 0; level < 4; level++)
		if (!strcmp(cpu, levels[level]))
			return level + 1;
	return 0;
}

static void learn_features(struct machine *machine, const char *cpu, const char *features)
{
	int level = level_of_cpu(cpu);
	bool avx2 = level >= 3 || has_feature(features, "avx2");
	machine->fma = level >= 3 || has_feature(features, "fma");
	machine->rounding = level >= 2 || has_feature(features, "sse4.1") || avx2;
	machine->registers = 2;
	if (machine->fma && avx2)
		machine->registers = level >= 4 || has_feature(features, "avx512f") ? 8 : 4;
}

ojit_status oj_machine_open(struct machine *machine, const struct target *target, struct oj_error *error)
{
	pthread_once(&host.once, meet_host);
	const char *cpu = target->cpu ? target->cpu : host.cpu;
	const char *features = target->features ? target->features : target->cpu ? "" : host.features;
	*machine = (struct machine){.triple = host.triple};
	learn_features(machine, cpu, features);
	LLVMTargetRef registry;
	char *message = NULL;
	if (LLVMGetTargetFromTriple(host.triple, &registry, &message)) {
		oj_fail(error, OJIT_BACKEND, "LLVM has no code generator for '%s': %s; run on x86-64",
		        host.triple, message);
		LLVMDisposeMessage(message);
		return error->status;
	}
	machine->llvm = LLVMCreateTargetMachine(registry, host.triple, cpu, features,
	                                        target->level ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelNone,
	                                        LLVMRelocPIC, LLVMCodeModelSmall);
	if (!machine->llvm)
		return oj_fail(error, OJIT_BACKEND, "LLVM makes no code for processor '%s'; name another", cpu);
	return OJIT_OK;
}

void oj_machine_close(struct machine *machine)
{
	if (machine->llvm)
		LLVMDisposeTargetMachine(machine->llvm);
	machine->llvm = NULL;
}

int oj_machine_lanes(void)
{
	struct machine machine;
	pthread_once(&host.once, meet_host);
	learn_features(&machine, host.cpu, host.features);
	return machine.registers;
}

/* A failure of LLVM's, as ours. */
static ojit_status fail_llvm(struct oj_error *error, const char *what, char *message)
{
	oj_fail(error, OJIT_BACKEND, "LLVM failed to %s: %s; this is a defect, please report it", what, message);
	return error->status;
}

ojit_status oj_machine_generate(const struct machine *machine, LLVMModuleRef module, bool assembly,
                                LLVMMemoryBufferRef *buffer, struct oj_error *error)
{
	char *message = NULL;
	LLVMCodeGenFileType type = assembly ? LLVMAssemblyFile : LLVMObjectFile;
	if (!LLVMTargetMachineEmitToMemoryBuffer(machine->llvm, module, type, &message, buffer))
		return OJIT_OK;
	ojit_status status = fail_llvm(error, "generate code", message ? message : "unknown cause");
	LLVMDisposeMessage(message);
	return status;
}
