/* A compiled model: programs ready to be translated, and the system around them.
 *
 * Everything but the kernel slots is fixed once compiled.  A slot is filled at
 * its first use, under the lock, and never changes after; so programs are shared
 * by threads and a solve takes no lock. */
#ifndef OJ_COMPILE_H
#define OJ_COMPILE_H

#include <ojit/program.h>

#include "jit/backend.h"
#include "lib/graph/interpret.h"
#include "lib/graph/jacobian_way.h"
#include "lib/graph/passes.h"
#include "lib/model/lower.h"
#include "lib/system.h"

#include <pthread.h>

struct kernel_slot {
	_Atomic(const struct kernel *) ready; /* &kernel once it can be run */
	struct kernel kernel;
	struct code *code;               /* machine code, or */
	struct interpreter *interpreter; /* plans */
};

/* Options in the library's own terms. */
#define WITHOUT_STEP (UINT32_C(1) << 31)
struct settings {
	enum ojit_executor executor;
	enum law law;
	int lanes;
	int threads;      /* 1 or more */
	uint32_t without; /* bit k: oj_passes[k] is left out; WITHOUT_STEP: steps are not compiled whole */
	enum jacobian_way jacobian;
	struct text *explanation; /* where the pass that a compilation stops at, or the Jacobian that is made, tells
	                           * what it decided; or NULL */
	void (*watch)(void *user, const char *stage); /* or NULL */
	void *watch_user;
};
ojit_status oj_settings(const ojit_compile_options *options, struct settings *settings,
                        struct oj_error *error);
/* Is the pass of that name left out? */
bool oj_leaves_out(const struct settings *settings, const char *name);

struct ojit_program {
	struct system system; /* first: a system is recognised as its program */
	struct lowered lowered;
	struct settings settings;
	pthread_mutex_t lock;
	struct kernel_slot slots[KERNEL_KINDS];
	struct interpreter *parameters; /* computes defaults */
	double *parameter_work;         /* its scratch, then 1 for every parameter that is given, else 0 */
	size_t parameter_work_count;
	_Atomic(struct variant_made *) variants; /* the latest first; grown under the lock */
	size_t code_bytes, compiles;
	double seconds;
};

/* The pipeline: from a model to programs ready to translate.  `stop`, where not
 * NULL, is the name of the last pass to run on kernel `kind` (nothing else is
 * brought further then). */
ojit_status oj_compile(ojit_model *model, const struct settings *settings, int kind, const char *stop,
                       struct lowered *lowered, struct oj_error *error);
/* The passes that a program made of the primal one still needs. */
ojit_status oj_finish_variant(struct program *program, enum variant_kind kind, const struct settings *settings,
                              struct oj_error *error);
/* Fill a slot with machine code for `source`; under the lock. */
enum pace {
	PACE_AS_SET,   /* by the settings */
	PACE_SOON,     /* but what AUTOMATIC makes is to be ready soon, not optimised */
	PACE_THOROUGH, /* optimised */
};
ojit_status oj_slot_translate(struct ojit_program *program, const struct program *source, enum pace pace,
                              struct kernel_slot *slot, struct oj_error *error);
/* Fill a slot with a plan for `source`. */
ojit_status oj_slot_plan(const struct program *source, struct kernel_slot *slot, struct oj_error *error);
/* Fill a slot with a plan for a program of switches, to be walked with intervals of time. */
ojit_status oj_slot_enclose(const struct program *source, struct kernel_slot *slot, struct oj_error *error);
void oj_slot_drop(ojit_context *context, struct kernel_slot *slot);
/* Fill `made`, a program without blocks in a copy of the space of `lowered`, which holds it
 * alone after, with a derivative; the pattern of a Jacobian is the caller's to drop. */
ojit_status oj_derive(struct program *made, const struct lowered *lowered, const struct settings *settings,
                      const struct variant *variant, struct pattern *pattern, struct oj_error *error);
/* system->variant of compiled programs, and their end: variants.c. */
ojit_status oj_program_variant(struct system *system, const struct variant *variant, const struct kernel **kernel,
                               struct oj_error *error);
double oj_program_effort_of(struct system *system, const struct variant *variant);
/* The pattern of a variant that has one, whose program is made; no kernel is. */
ojit_status oj_program_draw_pattern(struct ojit_program *program, const struct variant *variant,
                                    const struct pattern **pattern, struct oj_error *error);
const struct pattern *oj_program_pattern(struct system *system, const struct variant *variant);
/* The program it was made of, once it was; NULL: it computes nothing. */
const struct program *oj_program_variant_source(struct system *system, const struct variant *variant);
void oj_variants_drop(struct ojit_program *program);
/* The kernel of a slot, made if it was not yet; system->kernel of compiled programs. */
ojit_status oj_program_kernel(struct system *system, enum kernel_kind kind,
                              const struct kernel **kernel, struct oj_error *error);
/* What to translate for. */
struct target oj_program_target(const struct settings *settings, const struct backend *backend);
double oj_seconds(void); /* of a monotonic clock */

#endif
