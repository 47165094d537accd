/* Systems whose kernels are C functions, for tests of what consumes systems. */
#ifndef SUPPORT_SYSTEMS_H
#define SUPPORT_SYSTEMS_H

#include "lib/system.h"

typedef void (*support_kernel)(const struct kernel_args *args);

enum { SUPPORT_FAMILIES = 8, SUPPORT_STATES = 32 };
struct support_system {
	struct system system; /* first: the one is the other */
	struct kernel kernels[KERNEL_KINDS];
	struct family families[FAMILY_KINDS][SUPPORT_FAMILIES];
	int64_t shapes[FAMILY_KINDS][SUPPORT_FAMILIES][2 * FAMILY_RANK];
	const double *defaults; /* [parameters]; NULL: zeros */
	int asked[KERNEL_KINDS]; /* how often each kernel was asked for */
	int refused;             /* a kernel kind + 1 that fails to compile; 0: none */
	/* Its Jacobian and df/dt, by central differences, of dense patterns; of few states only. */
	struct kernel jacobian, by_time;
	struct pattern pattern, time_pattern;
	int64_t column[SUPPORT_STATES + 1], row[SUPPORT_STATES * SUPPORT_STATES];
};

/* A system of `states` states, one family "x[1..states]" ("x" alone where there is
 * one), and nothing else.  `init` NULL: it starts at 0. */
void support_system_init(struct support_system *s, ojit_context *context, int64_t states,
                         support_kernel rhs, support_kernel init);
/* Replace the families of a kind by `count` scalars of these names, which stay the
 * caller's, and set the system's size of that kind. */
void support_system_scalars(struct support_system *s, enum family_kind kind, const char *const *names,
                            int count);
/* Add a family of up to three axes after those of its kind. */
void support_system_family(struct support_system *s, enum family_kind kind, const char *name, int rank,
                           const int64_t *base, const int64_t *extent);
/* Whether the method is made from equations, which systems of C functions have not:
 * its own tests hold it to what loops over all methods claim (test_solvers_taylor.c). */
bool support_system_lacks(const char *method);
void support_system_kernel(struct support_system *s, enum kernel_kind kind, support_kernel run);

#endif
