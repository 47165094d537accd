/* Straight code: random equations, no two of a shape, that no pass can roll.
 *
 * Scattered loads, mixed operations, a call of a function in every forty.  What is
 * timed is the wait from text to first value in a process that has LLVM loaded, and
 * one evaluation, for what the executor chooses against all of it optimised and all
 * of it unoptimised; on one thread and on two. */
#include "bench/bench.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { OPERATIONS_EACH = 25, PARAMETERS = 40, TURNS = 3 };

struct writer {
	uint64_t state;
	int states;
	char *at;
};

static uint64_t pick(struct writer *w, uint64_t count)
{
	uint64_t z = w->state += 0x9E3779B97F4A7C15u; /* splitmix64 */
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return (z ^ z >> 31) % count;
}

static void write_leaf(struct writer *w)
{
	uint64_t kind = pick(w, 6);
	if (kind == 0)
		w->at += sprintf(w->at, "%.3f", 0.1 + 0.001 * (double)pick(w, 1800));
	else if (kind == 1)
		w->at += sprintf(w->at, "p%d", (int)pick(w, PARAMETERS));
	else
		w->at += sprintf(w->at, "x%d", (int)pick(w, (uint64_t)w->states));
}

/* An expression of so many operations; functions have arguments of any size. */
static void write_expression(struct writer *w, int operations)
{
	static const char *const signs[] = {" + ", " + ", " + ", " - ", " - ", "*", "*", "*", "*", "/"};
	static const char *const functions[] = {"sin(", "tanh(", "cos(", "atan("};
	if (operations == 0) {
		write_leaf(w);
		return;
	}
	bool call = pick(w, 40) == 0;
	w->at += sprintf(w->at, "%s", call ? functions[pick(w, 4)] : "(");
	int left = call ? operations - 1 : (int)pick(w, (uint64_t)operations);
	write_expression(w, left);
	if (!call) {
		w->at += sprintf(w->at, "%s", signs[pick(w, sizeof signs / sizeof *signs)]);
		write_expression(w, operations - 1 - left);
	}
	w->at += sprintf(w->at, ")");
}

static char *random_text(int operations)
{
	struct writer w = {.state = 1, .states = operations / OPERATIONS_EACH};
	char *text = malloc((size_t)operations * 20 + (size_t)w.states * 60 + 4096);
	w.at = text;
	for (int k = 0; k < PARAMETERS; k++)
		w.at += sprintf(w.at, "param p%d = %g\n", k, 0.3 + 0.02 * k);
	for (int k = 0; k < w.states; k++) {
		w.at += sprintf(w.at, "init x%d = %g\nx%d' = ", k, 0.2 + 0.001 * (k % 700), k);
		write_expression(&w, OPERATIONS_EACH);
		w.at += sprintf(w.at, "\n");
	}
	return text;
}

/* A program ready to be run, and how long that took. */
struct ready {
	ojit_program *program;
	ojit_evaluator *evaluator;
	double *y, *out, seconds;
};

static struct ready make_ready(ojit_context *context, const char *text, const ojit_compile_options *options)
{
	struct ready r = {0};
	double begin = bench_seconds();
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "straight.ojit");
	if (ojit_program_compile(model, options, &r.program) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	ojit_model_free(model);
	r.evaluator = ojit_evaluator_new(r.program);
	size_t states = ojit_program_describe(r.program).states;
	r.y = malloc(2 * states * sizeof *r.y);
	r.out = r.y + states;
	for (size_t k = 0; k < states; k++)
		r.y[k] = 0.2 + 0.001 * (double)(k % 700);
	if (ojit_evaluator_call(r.evaluator, OJIT_RHS, 0, r.y, r.out) != OJIT_OK)
		bench_fail(ojit_evaluator_error(r.evaluator).text);
	r.seconds = bench_seconds() - begin;
	return r;
}

static void drop_ready(struct ready *r)
{
	ojit_evaluator_free(r->evaluator);
	ojit_program_free(r->program);
	free(r->y);
}

static double evaluate(void *data)
{
	struct ready *r = data;
	ojit_evaluator_call(r->evaluator, OJIT_RHS, 0, r->y, r->out);
	return r->out[0];
}

/* Seconds from text to first value, in turns. */
static void bench_wait(ojit_context *context, const char *text, const ojit_compile_options *ours,
                       const ojit_compile_options *theirs, double *our_time, double *their_time)
{
	double a[TURNS], b[TURNS];
	for (int k = 0; k < TURNS; k++) {
		struct ready x = make_ready(context, text, ours), y = make_ready(context, text, theirs);
		a[k] = x.seconds;
		b[k] = y.seconds;
		drop_ready(&x);
		drop_ready(&y);
	}
	*our_time = bench_median(a, TURNS);
	*their_time = bench_median(b, TURNS);
}

static void bench_run(ojit_context *context, const char *text, const ojit_compile_options *ours,
                      const ojit_compile_options *theirs, double *our_time, double *their_time)
{
	struct ready x = make_ready(context, text, ours), y = make_ready(context, text, theirs);
	bench_pair(evaluate, &x, evaluate, &y, our_time, their_time);
	drop_ready(&x);
	drop_ready(&y);
}

static void bench_size(ojit_context *context, int operations)
{
	const ojit_compile_options automatic = ojit_compile_options_default();
	ojit_compile_options optimised = automatic, unoptimised = automatic, two = automatic;
	double a, b;
	char name[64], *text = random_text(operations);
	snprintf(name, sizeof name, "%d operations", operations);
	optimised.executor = OJIT_OPTIMISED;
	unoptimised.executor = OJIT_UNOPTIMISED;
	two.threads = 2;
	bench_wait(context, text, &automatic, &optimised, &a, &b);
	bench_line("wait", name, "ms", a * 1e3, "optimised", b * 1e3);
	bench_wait(context, text, &two, &automatic, &a, &b);
	bench_line("wait, two threads", name, "ms", a * 1e3, "one thread", b * 1e3);
	bench_run(context, text, &automatic, &optimised, &a, &b);
	bench_line("run", name, "us", a * 1e6, "optimised", b * 1e6);
	bench_run(context, text, &unoptimised, &optimised, &a, &b);
	bench_line("run unoptimised", name, "us", a * 1e6, "optimised", b * 1e6);
	free(text);
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	struct ready first = make_ready(context, "init x = 1\nx' = -x", NULL); /* opens LLVM */
	drop_ready(&first);
	for (int operations = 1000; operations <= 100000; operations *= 10)
		bench_size(context, operations);
	ojit_context_free(context);
	return 0;
}
