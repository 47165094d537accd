/* A peer: another solver's ways to solve the problems of problems.h.
 *
 * Each peer is a module of its own with the one symbol `peer_methods`, so the bench
 * runs with those peers that are installed, and two builds of one library can be
 * compared in one process.
 *
 * What can be kept between solves is made by `open`: a user who solves often would
 * keep it too.  `solve` starts anew and brings the states at every time asked for, the
 * way the library means it: through its interpolant where it has one. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#ifdef __cplusplus
extern "C" {
#endif

struct network; /* see mass_action.h */

enum { PEER_EVALUATIONS = 20000000 }; /* more than that in one solve is a failure */

struct task {
	int problem;         /* its number among PROBLEMS */
	int n, count;        /* states; times asked for */
	const double *times; /* [count + 1], the start in front */
	const double *start; /* [n] */
	double rtol, atol;
	const struct network *network; /* the problem is this, and `problem` is none of the lists'; else NULL */
};

struct peer_method {
	const char *name; /* NULL ends the list */
	int kind;         /* for `open`, which of several */
	/* NULL: this problem cannot be solved so.  The task is copied, what it points to stays. */
	void *(*open)(const struct task *task, int kind);
	/* rows[count][n]; evaluations of the right-hand side, 0: failed */
	long (*solve)(void *session, double *rows);
	void (*close)(void *session);
};

/* __attribute__((visibility("default"))) where defined */
extern const struct peer_method peer_methods[];

#ifdef __cplusplus
}
#endif
#endif
