/* What benches share: a clock, medians, and the line of JSON each result is.
 *
 * Both sides of a ratio are timed alternately in one run and compared by their
 * medians, since machines are noisy and a number alone says little. */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ojit/ojit.h>

enum { ROUNDS = 31 };

static inline double bench_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline int bench_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static inline double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, bench_by_value);
	return values[count / 2];
}

/* Something to time; returns a number so that it cannot be optimised away. */
typedef double bench_function(void *data);

/* Calls a round so that one takes about a millisecond. */
static inline long bench_calls(bench_function *run, void *data)
{
	for (long calls = 1;; calls *= 2) {
		double begin = bench_seconds();
		for (long i = 0; i < calls; i++)
			run(data);
		if (bench_seconds() - begin > 1e-3 || calls > 1L << 30)
			return calls;
	}
}

static inline double bench_round(bench_function *run, void *data, long calls)
{
	double begin = bench_seconds();
	for (long i = 0; i < calls; i++)
		run(data);
	return (bench_seconds() - begin) / (double)calls;
}

/* Medians of seconds a call for two sides, taken in turns. */
static inline void bench_pair(bench_function *ours, void *our_data, bench_function *theirs, void *their_data,
                              double *our_time, double *their_time)
{
	double a[ROUNDS], b[ROUNDS];
	long our_calls = bench_calls(ours, our_data), their_calls = bench_calls(theirs, their_data);
	for (int r = 0; r < ROUNDS; r++) {
		a[r] = bench_round(ours, our_data, our_calls);
		b[r] = bench_round(theirs, their_data, their_calls);
	}
	*our_time = bench_median(a, ROUNDS);
	*their_time = bench_median(b, ROUNDS);
}

/* ratio = peer / ojit: how many times faster ojit is. */
static inline void bench_line(const char *what, const char *name, const char *unit, double ours,
                              const char *peer, double theirs)
{
	printf("{\"what\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", \"ojit\": %.4g, \"peer\": %.4g, "
	       "\"peer_is\": \"%s\", \"ratio\": %.3g}\n",
	       what, name, unit, ours, theirs, peer, theirs / ours);
	fflush(stdout);
}

static inline void bench_fail(const char *text)
{
	fprintf(stderr, "%s\n", text);
	exit(2);
}

/* An example of the source tree, compiled under a law; constant `name` set where not NULL. */
static inline ojit_program *bench_program_by(ojit_context *context, ojit_law law, const char *file, const char *name,
                                             double value)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.law = law;
	char path[4096];
	ojit_program *program = NULL;
	snprintf(path, sizeof path, "%s/examples/%s", OJIT_SOURCE_DIR, file);
	ojit_model *model = ojit_model_new(context);
	if (name)
		ojit_model_set_const(model, name, value);
	ojit_model_read_file(model, path);
	if (ojit_program_compile(model, &options, &program) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	ojit_model_free(model);
	return program;
}

static inline ojit_program *bench_program(ojit_context *context, const char *file, const char *name, double value)
{
	return bench_program_by(context, OJIT_LAW_EXACT, file, name, value);
}

#endif
