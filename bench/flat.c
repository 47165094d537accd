/* Flat equations: what it takes to make a program of a long text, and how that
 * grows with the text.
 *
 *     flat [--most OPERATIONS] [--svg FILE] [FAMILY ...]
 *
 * For each family of texts and each size: the time of every step before machine
 * code, the most memory held at once (through an allocator that counts), both per
 * operation, and the exponent they grow with from one size to the next: 1 is
 * linear.  Then the cases that the project holds itself to, from text to first
 * value in a process that has LLVM loaded.  Curves are drawn by gnuplot where
 * there is one: on the terminal, or into an SVG file.
 *
 * Networks are read from the directory that OJIT_CORPORA names. */
#include "bench/bench.h"
#include "bench/networks.h"

#include <malloc.h>
#include <math.h>
#include <unistd.h>

/* ------------------------------------------------------------------ memory */

struct counter {
	size_t live, peak;
};

static void *count_allocate(void *user, size_t size)
{
	struct counter *c = user;
	c->live += size;
	if (c->live > c->peak)
		c->peak = c->live;
	return malloc(size);
}

static void count_release(void *user, void *memory, size_t size)
{
	struct counter *c = user;
	c->live -= memory ? size : 0;
	free(memory);
}

/* ---------------------------------------------------------------- the steps */

static const char *const steps[] = {
	"read", "program", "simplify", "split", "roll", "separate", "inline", "fuse", "hoist", "expand", "partition", "print",
};
enum { STEPS = sizeof steps / sizeof *steps, READ = 0, PRINT = STEPS - 1 };

struct result {
	size_t operations;
	double seconds[STEPS];
	size_t peak[STEPS]; /* bytes */
};

struct watched {
	struct counter memory;
	struct result *result;
	int step; /* -1: none */
	double begin;
};

static void end_step(struct watched *w)
{
	double now = bench_seconds();
	if (w->step >= 0) {
		w->result->seconds[w->step] += now - w->begin;
		if (w->result->peak[w->step] < w->memory.peak)
			w->result->peak[w->step] = w->memory.peak;
	}
	w->memory.peak = w->memory.live;
	w->begin = bench_seconds();
}

static void begin_step(void *user, const char *stage)
{
	struct watched *w = user;
	end_step(w);
	w->step = -1;
	for (int i = 0; i < STEPS; i++)
		if (!strcmp(stage, steps[i]))
			w->step = i;
}

static ojit_model *read_model(ojit_context *context, const struct source *source)
{
	ojit_model *model = ojit_model_new(context);
	if (ojit_model_read_text(model, source->at, source->length, "flat.ojit") != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	return model;
}

/* One time through all steps. */
static void run_steps(const struct source *source, struct result *result)
{
	struct watched w = {.result = result, .step = -1};
	ojit_allocator allocator = {count_allocate, count_release, &w.memory};
	ojit_context *context = ojit_context_new(&allocator);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program;
	char *text;
	options.executor = OJIT_INTERPRETER;
	options.watch = begin_step;
	options.watch_user = &w;
	begin_step(&w, "read");
	ojit_model *model = read_model(context, source);
	if (ojit_program_compile(model, &options, &program) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	ojit_program_free(program);
	struct result others = {0}; /* making the program again is not printing it */
	w.result = &others;
	if (ojit_program_dump(model, &options, OJIT_RHS, "program", &text) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	w.result = result;
	w.step = PRINT;
	end_step(&w);
	ojit_text_free(context, text);
	ojit_model_free(model);
	ojit_context_free(context);
}

static double total_seconds(const struct result *r)
{
	double sum = 0;
	for (int i = 0; i < STEPS; i++)
		sum += r->seconds[i];
	return sum;
}

static double most_bytes(const struct result *r)
{
	size_t most = 0;
	for (int i = 0; i < PRINT; i++)
		most = r->peak[i] > most ? r->peak[i] : most;
	return (double)most / (double)r->operations;
}

/* The quickest of several runs: noise only ever adds. */
static struct result measure(const struct source *source)
{
	struct result best = {0};
	double spent = 0;
	for (int run = 0; run < 9 && (run < 1 || spent < 0.3); run++) {
		struct result result = {.operations = source_operations(source)};
		run_steps(source, &result);
		spent += total_seconds(&result);
		if (run == 0 || total_seconds(&result) < total_seconds(&best))
			best = result;
	}
	return best;
}

/* ----------------------------------------------------------------- families */

struct family {
	const char *name;
	void (*write)(struct source *source, int size);
	int sizes[8]; /* 0 at the end */
};
static const struct family families[] = {
	{"kuramoto", write_kuramoto, {10, 30, 100, 200, 300, 577}},
	{"brusselator", write_brusselator_ordered, {50, 500, 5000, 25000}},
	{"by-turns", write_brusselator_by_turns, {50, 500, 5000, 25000}},
	{"network", write_network, {100, 1000, 6000, 20000, 60000, 240000}},
	{"chain", write_chain, {1000, 10000, 100000, 500000}},
	{"sum", write_sum, {1000, 10000, 100000, 500000}},
	{"straight", write_straight, {1000, 10000, 100000, 1000000}},
	{"nested", write_nested, {1000, 10000, 100000, 1000000}},
	{"derived", write_derived, {100, 1000, 10000, 100000}},
	{"elements", write_elements, {500, 5000, 50000, 500000}},
	{"rates", write_rates, {300, 3000, 33000, 330000}},
	{"species", write_species, {300, 3000, 33000, 330000}},
	{"initials", write_initials, {300, 3000, 33000, 330000}},
	{"observables", write_observables, {300, 3000, 33000, 330000}},
	{"decays", write_decays, {1000, 10000, 100000}},
};
enum { FAMILIES = sizeof families / sizeof *families, SIZES = 8 };

static void print_heading(void)
{
	printf("\nnanoseconds an operation in each step; bytes an operation at the most; how they grow\n%-12s %9s", "family", "ops");
	for (int i = 0; i < STEPS; i++)
		printf(" %*.*s", (int)strlen(steps[i]) < 6 ? 6 : (int)strlen(steps[i]), 9, steps[i]);
	printf("     sum ms   bytes  of  time  memory\n");
}

static double exponent(double y1, double y0, double x1, double x0)
{
	return log(y1 / y0) / log(x1 / x0);
}

static void print_result(const char *name, const struct result *r, const struct result *before)
{
	double ops = (double)r->operations;
	int fattest = 0;
	printf("%-12s %9zu", name, r->operations);
	for (int i = 0; i < STEPS; i++) {
		printf(" %*.0f", (int)strlen(steps[i]) < 6 ? 6 : (int)strlen(steps[i]), r->seconds[i] / ops * 1e9);
		if (i < PRINT && r->peak[i] > r->peak[fattest])
			fattest = i;
	}
	printf(" %10.2f %7.0f  %-9s", total_seconds(r) * 1e3, most_bytes(r), steps[fattest]);
	if (before->operations)
		printf(" %5.2f %7.2f", exponent(total_seconds(r), total_seconds(before), ops, (double)before->operations),
		       exponent(most_bytes(r) * ops, most_bytes(before) * (double)before->operations, ops, (double)before->operations));
	printf("\n");
	fflush(stdout);
}

static void run_family(const struct family *family, size_t most, struct result results[SIZES])
{
	struct result before = {0};
	for (int i = 0; i < SIZES && family->sizes[i]; i++) {
		struct source source = {0};
		family->write(&source, family->sizes[i]);
		if (source_operations(&source) <= most) {
			results[i] = measure(&source);
			print_result(family->name, &results[i], &before);
			before = results[i];
		}
		free(source.at);
	}
}

/* ------------------------------------------------------------------- curves */

static void send_curves(FILE *gnuplot, struct result results[FAMILIES][SIZES], const char *title, int memory)
{
	const char *between = "plot";
	fprintf(gnuplot, "set title '%s'\n", title);
	for (int f = 0; f < FAMILIES; f++)
		if (results[f][0].operations) {
			fprintf(gnuplot, "%s '-' with linespoints title '%s'", between, families[f].name);
			between = ",";
		}
	fprintf(gnuplot, "\n");
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < SIZES && results[f][i].operations; i++)
			fprintf(gnuplot, "%zu %g\n", results[f][i].operations,
			        memory ? most_bytes(&results[f][i]) : total_seconds(&results[f][i]) * 1e9 / (double)results[f][i].operations);
		if (results[f][0].operations)
			fprintf(gnuplot, "e\n");
	}
}

/* Nothing where there is no gnuplot: the table says it all. */
static void draw_curves(struct result results[FAMILIES][SIZES], const char *svg)
{
	if (system("command -v gnuplot > /dev/null 2>&1") != 0) {
		printf("\ngnuplot is not installed: no curves\n");
		return;
	}
	FILE *gnuplot = popen("gnuplot", "w");
	if (!gnuplot)
		return;
	fflush(stdout);
	if (svg)
		fprintf(gnuplot, "set terminal svg size 900,900\nset output '%s'\nset multiplot layout 2,1\n", svg);
	else
		fprintf(gnuplot, "set terminal dumb 100 30\n");
	fprintf(gnuplot, "set logscale xy\nset xlabel 'operations'\nset key outside\n");
	send_curves(gnuplot, results, "nanoseconds an operation, text to program", 0);
	fprintf(gnuplot, "unset logscale y\nset yrange [0:]\n");
	send_curves(gnuplot, results, "bytes an operation, at the most", 1);
	pclose(gnuplot);
}

/* ------------------------------------------------------- what is held to */

struct first {
	double seconds, evaluation; /* text to first value; then seconds a value */
};

struct evaluated {
	ojit_evaluator *evaluator;
	double *y, *out;
};

static double evaluate(void *data)
{
	struct evaluated *e = data;
	if (ojit_evaluator_call(e->evaluator, OJIT_RHS, 0, e->y, e->out) != OJIT_OK)
		bench_fail(ojit_evaluator_error(e->evaluator).text);
	return e->out[0];
}

static struct first first_value(ojit_context *context, const struct source *source)
{
	struct first result;
	ojit_program *program;
	double begin = bench_seconds();
	ojit_model *model = read_model(context, source);
	if (ojit_program_compile(model, NULL, &program) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	ojit_model_free(model);
	size_t states = ojit_program_describe(program).states;
	struct evaluated e = {.evaluator = ojit_evaluator_new(program), .y = calloc(2 * states, sizeof(double))};
	e.out = e.y + states;
	for (size_t i = 0; i < states; i++)
		e.y[i] = 1 + 0.001 * (double)(i % 100);
	evaluate(&e);
	result.seconds = bench_seconds() - begin;
	long calls = bench_calls(evaluate, &e);
	result.evaluation = INFINITY;
	for (int r = 0; r < ROUNDS; r++)
		result.evaluation = fmin(result.evaluation, bench_round(evaluate, &e, calls));
	ojit_evaluator_free(e.evaluator);
	ojit_program_free(program);
	free(e.y);
	return result;
}

static struct first best_value(ojit_context *context, const struct source *source)
{
	struct first best = first_value(context, source);
	for (double spent = best.seconds, left = 8; left > 0 && spent < 2; left--) {
		struct first again = first_value(context, source);
		spent += again.seconds;
		best.seconds = fmin(best.seconds, again.seconds);
		best.evaluation = fmin(best.evaluation, again.evaluation);
	}
	return best;
}

static void print_aim(const char *what, const char *unit, double value, double aim)
{
	printf("%-52s %10.4g %-3s  aim %8.4g  %s\n", what, value, unit, aim, value <= aim ? "met" : "NOT MET");
	fflush(stdout);
}

static void hold(ojit_context *context, const char *what, void (*write)(struct source *, int), int size, double aim)
{
	struct source source = {0};
	write(&source, size);
	print_aim(what, "ms", best_value(context, &source).seconds * 1e3, aim);
	free(source.at);
}

/* The family form of the same equations, from the examples. */
static void hold_against_family(ojit_context *context)
{
	struct source flat = {0}, family = {0};
	write_brusselator_ordered(&flat, 500);
	add(&family, "const N = 500\ninit u[i in 1..N] = 1 + 0.1*i, v[i in 1..N] = 3\nlet u[0] = 1, u[N+1] = 1, v[0] = 3, v[N+1] = 3\n");
	add(&family, "u[i in 1..N]' = 1 + u[i]^2*v[i] - 4*u[i] + 0.02*(N+1)*(N+1)*(u[i-1] - 2*u[i] + u[i+1])\n");
	add(&family, "v[i in 1..N]' = 3*u[i] - u[i]^2*v[i] + 0.02*(N+1)*(N+1)*(v[i-1] - 2*v[i] + v[i+1])\n");
	double ours = best_value(context, &flat).evaluation, theirs = best_value(context, &family).evaluation;
	printf("%-52s %10.4g us, as a family %.4g us\n", "Brusselator N = 500, a value", ours * 1e6, theirs * 1e6);
	print_aim("  flat over family", "", ours / theirs, 1.2);
	free(flat.at);
	free(family.at);
}

static void hold_network(ojit_context *context, const char *name, double wait, double evaluation)
{
	struct source source = {0};
	char what[80];
	if (!read_network(&source, name))
		return;
	struct first first = best_value(context, &source);
	struct result before = {0}, result = measure(&source);
	snprintf(what, sizeof what, "%s.json, text to first value", name);
	print_aim(what, "ms", first.seconds * 1e3, wait);
	print_aim("  a value", "us", first.evaluation * 1e6, evaluation);
	print_aim("  memory before machine code, an operation", "B", most_bytes(&result), 200);
	print_heading();
	print_result(name, &result, &before);
	free(source.at);
}
static void hold_all(void)
{
	ojit_context *context = ojit_context_new(NULL);
	struct source warm = {0};
	write_kuramoto(&warm, 3);
	first_value(context, &warm);
	free(warm.at);
	printf("\nfrom text to first value, LLVM loaded\n");
	hold(context, "Kuramoto N = 100, 9,900 flat terms", write_kuramoto, 100, 40);
	hold(context, "Brusselator N = 500, 1,000 flat equations", write_brusselator_ordered, 500, 20);
	hold(context, "the same, u and v by turns", write_brusselator_by_turns, 500, 20);
	hold_against_family(context);
	hold(context, "network of 4,000 species and 60,000 reactions", write_network, 60000, 900);
	hold(context, "random straight code of 10^5 operations", write_straight, 100000, 1500);
	hold_network(context, "egfr_net", INFINITY, INFINITY);
	hold_network(context, "bcr", 300, 35);
	ojit_context_free(context);
}

/* --------------------------------------------------------------------- main */

static int is_wanted(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return 1;
	return count == 0;
}

int main(int argc, char **argv)
{
	static struct result results[FAMILIES][SIZES];
	size_t most = 1100000;
	const char *svg = NULL;
	int first = 1;
	for (; first + 1 < argc && !strncmp(argv[first], "--", 2); first += 2)
		if (!strcmp(argv[first], "--most"))
			most = strtoul(argv[first + 1], NULL, 10);
		else
			svg = argv[first + 1];
	print_heading();
	for (int f = 0; f < FAMILIES; f++)
		if (is_wanted(families[f].name, argc - first, argv + first))
			run_family(&families[f], most, results[f]);
	draw_curves(results, svg);
	if (is_wanted("aims", argc - first, argv + first))
		hold_all();
	return 0;
}
