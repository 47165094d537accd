/* Derivatives: Jacobians and adjoints against C compiled by clang, and what it takes
 * until each kernel is ready.
 *
 *     deriving [PART ...]
 *
 * The parts are `peers`, `ready` (every kernel of every example, the LLVM library
 * loaded, milliseconds) and `networks`: from the text on, until right-hand side,
 * Jacobian and adjoint are there, and what one of each takes then. */
#include "bench/bench.h"
#include "bench/networks.h"
#include "bench/peers/slopes.h"

#include <glob.h>
#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- a side */

struct side {
	ojit_evaluator *evaluator;
	size_t states, entries;
	double *memory, *y, *weights, *out;
};

static void check(const struct side *s, ojit_status status)
{
	if (status != OJIT_OK)
		bench_fail(ojit_evaluator_error(s->evaluator).text);
}

static double our_value(void *data)
{
	struct side *s = data;
	check(s, ojit_evaluator_call(s->evaluator, OJIT_RHS, 0, s->y, s->out));
	return s->out[0];
}

static double our_jacobian(void *data)
{
	struct side *s = data;
	check(s, ojit_evaluator_jacobian(s->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, s->y, s->out));
	return s->out[0];
}

static double our_adjoint(void *data)
{
	struct side *s = data;
	check(s, ojit_evaluator_adjoint(s->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, s->y, s->weights, s->out));
	return s->out[0];
}

/* Processors take a load for one of what was just stored a multiple of a page away, and wait.
 * Whether a call's own loads, of its stack and arguments, meet that is chance, and shows
 * where it takes a few nanoseconds (m: a Jacobian of 25 entries 5, 7 or 20 ns).  So both sides
 * work on the same memory, which lies at several places of a page in turn, and ours with as many evaluators;
 * what counts is the least. */
enum { PAGE = 4096, PLACES = 8 };

static void place(struct side *s, int number)
{
	size_t line = 64 / sizeof(double), states = (s->states / line + 1) * line;
	s->y = s->memory + (size_t)number * PAGE / PLACES / sizeof(double);
	s->weights = s->y + states;
	s->out = s->weights + states;
	for (size_t i = 0; i < s->states; i++) {
		s->y[i] = 1 + 0.5 * sin(1 + 2.3 * (double)i);
		s->weights[i] = cos(1 + 1.7 * (double)i);
	}
}

static struct side open_side(ojit_program *program)
{
	struct side s = {.evaluator = ojit_evaluator_new(program), .states = ojit_program_describe(program).states};
	ojit_pattern pattern;
	check(&s, ojit_evaluator_pattern(s.evaluator, OJIT_RHS, OJIT_BY_STATES, &pattern));
	s.entries = pattern.entries;
	size_t bytes = (3 * s.states + s.entries + 64) * sizeof(double) + PAGE;
	s.memory = aligned_alloc(PAGE, (bytes / PAGE + 1) * PAGE);
	place(&s, 0);
	return s;
}

static void close_side(struct side *s)
{
	ojit_evaluator_free(s->evaluator);
	free(s->memory);
}

/* ---------------------------------------------------------------- peers */

/* Both sides must compute the same thing, or the ratio means nothing. */
static void compare(const char *name, const double *ours, const double *theirs, size_t count)
{
	double largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(theirs[i]));
	for (size_t i = 0; i < count; i++)
		if (!(fabs(ours[i] - theirs[i]) <= 1e-13 * largest)) {
			fprintf(stderr, "%s: element %zu is %.17g here and %.17g there\n", name, i, ours[i], theirs[i]);
			exit(2);
		}
}

static void check_both(const char *name, const struct side *s, size_t count, ojit_function ours, ojit_function theirs)
{
	double *value = malloc((count + 1) * sizeof *value);
	ours.call(ours.data, 0, s->y, s->weights, s->out);
	memcpy(value, s->out, count * sizeof *value);
	theirs.call(theirs.data, 0, s->y, s->weights, s->out);
	compare(name, value, s->out, count);
	free(value);
}

static double round_of(const struct side *s, ojit_function function, long calls)
{
	double begin = bench_seconds();
	for (long i = 0; i < calls; i++)
		function.call(function.data, 0, s->y, s->weights, s->out);
	return (bench_seconds() - begin) / (double)calls;
}

static long calls_of(const struct side *s, ojit_function function)
{
	long calls = 1;
	while (round_of(s, function, calls) * (double)calls < 1e-3)
		calls *= 2;
	return calls;
}

static ojit_function function_of(struct side *s, ojit_function_kind kind)
{
	ojit_function function;
	check(s, ojit_evaluator_function(s->evaluator, kind, OJIT_RHS, OJIT_BY_STATES, 1, &function));
	return function;
}

static void race_here(const struct side *s, ojit_function ours, ojit_function theirs, double least[2])
{
	long our_calls = calls_of(s, ours), their_calls = calls_of(s, theirs);
	for (int r = 0; r < ROUNDS; r++) {
		least[0] = fmin(least[0], round_of(s, ours, our_calls));
		least[1] = fmin(least[1], round_of(s, theirs, their_calls));
	}
}

/* Both sides are functions of one type, in turns. */
static void race(struct side *s, ojit_program *program, ojit_function_kind kind, ojit_function theirs, double least[2])
{
	struct side other[PLACES];
	least[0] = least[1] = INFINITY;
	for (int k = 0; k < PLACES; k++) {
		place(s, k);
		other[k] = *s;
		other[k].evaluator = ojit_evaluator_new(program);
		race_here(&other[k], function_of(&other[k], kind), theirs, least);
	}
	for (int k = 0; k < PLACES; k++)
		ojit_evaluator_free(other[k].evaluator);
}

/* `call`: the same through the evaluator, told beside. */
static void bench_kernel(const char *what, const char *name, ojit_program *program, struct side *s,
                         ojit_function_kind kind, bench_function *call, ojit_function theirs)
{
	double least[2], called, again;
	check_both(name, s, kind == OJIT_FUNCTION_JACOBIAN ? s->entries : s->states, function_of(s, kind), theirs);
	race(s, program, kind, theirs, least);
	bench_pair(call, s, call, s, &called, &again);
	printf("{\"what\": \"%s\", \"case\": \"%s\", \"unit\": \"ns\", \"ojit\": %.4g, \"through the evaluator\": %.4g, "
	       "\"peer\": %.4g, \"peer_is\": \"clang -O3 -march=native, libm\", \"ratio\": %.3g}\n", what, name,
	       least[0] * 1e9, fmin(called, again) * 1e9, least[1] * 1e9, least[1] / least[0]);
	fflush(stdout);
}

struct peer {
	const char *name, *file, *constant;
	int n;
	peer_slope *jacobian, *adjoint;
};

static void bench_peer(ojit_context *context, const struct peer *peer, const double *p)
{
	ojit_program *program = bench_program(context, peer->file, peer->constant, peer->n);
	struct side us = open_side(program);
	struct peer_data data = {peer->n, p};
	double value, again;
	bench_kernel("jacobian", peer->name, program, &us, OJIT_FUNCTION_JACOBIAN, our_jacobian,
	             (ojit_function){peer->jacobian, &data});
	bench_kernel("adjoint", peer->name, program, &us, OJIT_FUNCTION_ADJOINT, our_adjoint,
	             (ojit_function){peer->adjoint, &data});
	our_value(&us);
	bench_pair(our_value, &us, our_value, &us, &value, &again);
	printf("{\"what\": \"rhs\", \"case\": \"%s\", \"unit\": \"ns\", \"ojit\": %.4g}\n", peer->name, value * 1e9);
	close_side(&us);
	ojit_program_free(program);
}

static void bench_peers(ojit_context *context)
{
	static const double pollu[] = {.35, 26.6, 12300, .00086, .00082, 15000, .00013, 24000, 16500, 9000, .022, 12000, 1.88,
	                               16300, 4.8e6, .00035, .0175, 1e8, 4.44e11, 1240, 2.1, 5.78, .0474, 1780, 3.12};
	static const double hires[] = {1.71, .43, 8.32, .69, .035, 8.32, 280, .69, .69};
	static const double kuramoto[] = {0.5}, line[] = {3, 501.0 * 501 / 50}, square[] = {3.4, 2e-3 * 20 * 20};
	static const struct { struct peer peer; const double *p; } all[] = {
		{{"pollu", "../bench/models/pollu.ojit", NULL, 0, peer_pollu_jacobian, peer_pollu_adjoint}, pollu},
		{{"hires", "../bench/models/hires.ojit", NULL, 0, peer_hires_jacobian, peer_hires_adjoint}, hires},
		{{"kuramoto N=150", "kuramoto.ojit", "N", 150, peer_kuramoto_jacobian, peer_kuramoto_adjoint}, kuramoto},
		{{"brusselator N=500", "brusselator1d.ojit", "N", 500, peer_brusselator_jacobian, peer_brusselator_adjoint}, line},
		{{"brusselator N=21x21", "brusselator2d.ojit", "N", 21, peer_square_jacobian, peer_square_adjoint}, square},
	};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		bench_peer(context, &all[k].peer, all[k].p);
}

/* ---------------------------------------------------------------- ready */

enum { VALUE, JACOBIAN, TANGENT, ADJOINT, BY_PARAMETERS, ADJOINT_OF_ALL, KERNELS };
static const char *const kernels[KERNELS] = {"rhs", "jacobian", "tangent", "adjoint", "jacobian by parameters", "adjoint by all"};

static void first_matrix(struct side *s, ojit_inputs by)
{
	ojit_pattern pattern;
	check(s, ojit_evaluator_pattern(s->evaluator, OJIT_RHS, by, &pattern));
	double *values = calloc(pattern.entries + 1, sizeof *values);
	check(s, ojit_evaluator_jacobian(s->evaluator, OJIT_RHS, by, 0, s->y, values));
	free(values);
}

/* Compile the kernel and call it once. */
static void first_call(struct side *s, int kernel, double *room)
{
	unsigned all = OJIT_BY_STATES | (kernel == ADJOINT_OF_ALL ? OJIT_BY_PARAMETERS : 0);
	if (kernel == VALUE)
		check(s, ojit_evaluator_call(s->evaluator, OJIT_RHS, 0, s->y, room));
	else if (kernel == JACOBIAN || kernel == BY_PARAMETERS)
		first_matrix(s, kernel == JACOBIAN ? OJIT_BY_STATES : OJIT_BY_PARAMETERS);
	else if (kernel == TANGENT)
		check(s, ojit_evaluator_tangent(s->evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0, s->y, s->weights, room));
	else
		check(s, ojit_evaluator_adjoint(s->evaluator, OJIT_RHS, all, 0, s->y, s->weights, room));
}

/* The least seconds of several programs. */
static double ready(ojit_context *context, const char *file, int kernel)
{
	double least = INFINITY;
	for (int round = 0; round < 7; round++) {
		ojit_program *program = bench_program(context, file, NULL, 0);
		ojit_program_info info = ojit_program_describe(program);
		struct side s = {.evaluator = ojit_evaluator_new(program)};
		s.y = calloc(3 * info.states + info.parameters + 1, sizeof(double));
		s.weights = s.y + info.states;
		for (size_t i = 0; i < 2 * info.states; i++) /* no two bodies in one place */
			s.y[i] = 1 + 0.5 * sin(1 + 2.3 * (double)i);
		double begin = bench_seconds();
		first_call(&s, kernel, s.weights + info.states);
		least = fmin(least, bench_seconds() - begin);
		ojit_evaluator_free(s.evaluator);
		ojit_program_free(program);
		free(s.y);
	}
	return least;
}

static void bench_ready(ojit_context *context)
{
	glob_t found;
	if (glob(OJIT_SOURCE_DIR "/examples/*.ojit", 0, NULL, &found))
		bench_fail("there are no examples");
	for (size_t k = 0; k < found.gl_pathc; k++) {
		const char *file = strrchr(found.gl_pathv[k], '/') + 1;
		printf("{\"what\": \"ready\", \"case\": \"%s\", \"unit\": \"ms\"", file);
		for (int kernel = 0; kernel < KERNELS; kernel++)
			printf(", \"%s\": %.3g", kernels[kernel], ready(context, file, kernel) * 1e3);
		printf("}\n");
		fflush(stdout);
	}
	globfree(&found);
}

/* ---------------------------------------------------------------- networks */

static double least_call(bench_function *run, struct side *s)
{
	long calls = bench_calls(run, s);
	double least = INFINITY;
	for (int r = 0; r < ROUNDS; r++)
		least = fmin(least, bench_round(run, s, calls));
	return least;
}

static void bench_network(ojit_context *context, const char *name, const struct source *source)
{
	double begin = bench_seconds();
	ojit_program *program;
	ojit_model *model = ojit_model_new(context);
	if (ojit_model_read_text(model, source->at, source->length, name) != OJIT_OK ||
	    ojit_program_compile(model, NULL, &program) != OJIT_OK)
		bench_fail(ojit_model_error(model).text);
	ojit_model_free(model);
	double text = bench_seconds();
	struct side s = open_side(program);
	our_jacobian(&s);
	double jacobian = bench_seconds();
	our_value(&s);
	double value = bench_seconds();
	our_adjoint(&s);
	double adjoint = bench_seconds();
	printf("{\"what\": \"network\", \"case\": \"%s\", \"entries\": %zu, \"ready ms\": %.4g, \"program ms\": %.4g, "
	       "\"rhs ms\": %.4g, \"jacobian ms\": %.4g, \"adjoint ms\": %.4g, ", name, s.entries, (adjoint - begin) * 1e3,
	       (text - begin) * 1e3, (value - jacobian) * 1e3, (jacobian - text) * 1e3, (adjoint - value) * 1e3);
	printf("\"rhs us\": %.4g, \"jacobian us\": %.4g, \"adjoint us\": %.4g}\n", least_call(our_value, &s) * 1e6,
	       least_call(our_jacobian, &s) * 1e6, least_call(our_adjoint, &s) * 1e6);
	fflush(stdout);
	close_side(&s);
	ojit_program_free(program);
}

static void bench_networks(ojit_context *context)
{
	struct source network = {0}, synthetic = {0};
	if (read_network(&network, "bcr"))
		bench_network(context, "bcr", &network);
	write_network(&synthetic, 60000);
	bench_network(context, "60,000 reactions", &synthetic);
	free(network.at);
	free(synthetic.at);
}

/* ---------------------------------------------------------------- main */

static int is_wanted(const char *part, int count, char **parts)
{
	for (int i = 1; i < count; i++)
		if (!strcmp(part, parts[i]))
			return 1;
	return count == 1;
}

int main(int argc, char **argv)
{
	ojit_context *context = ojit_context_new(NULL);
	ready(context, "lorenz.ojit", VALUE);
	if (is_wanted("peers", argc, argv))
		bench_peers(context);
	if (is_wanted("ready", argc, argv))
		bench_ready(context);
	if (is_wanted("networks", argc, argv))
		bench_networks(context);
	ojit_context_free(context);
	return 0;
}
