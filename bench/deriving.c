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

#include <glob.h>
#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- a side */

typedef void peer_jacobian(int n, const double *y, const double *p, double *out);
typedef void peer_adjoint(int n, const double *y, const double *p, const double *l, double *out);

void peer_pollu_jacobian(const double *y, const double *p, double *out);
void peer_pollu_adjoint(const double *y, const double *p, const double *l, double *out);
void peer_hires_jacobian(const double *y, const double *p, double *out);
void peer_hires_adjoint(const double *y, const double *p, const double *l, double *out);
peer_jacobian peer_kuramoto_jacobian, peer_brusselator_jacobian, peer_square_jacobian;
peer_adjoint peer_kuramoto_adjoint, peer_brusselator_adjoint, peer_square_adjoint;

static void pollu_jacobian(int n, const double *y, const double *p, double *out)
{
	(void)n;
	peer_pollu_jacobian(y, p, out);
}

static void pollu_adjoint(int n, const double *y, const double *p, const double *l, double *out)
{
	(void)n;
	peer_pollu_adjoint(y, p, l, out);
}

static void hires_jacobian(int n, const double *y, const double *p, double *out)
{
	(void)n;
	peer_hires_jacobian(y, p, out);
}

static void hires_adjoint(int n, const double *y, const double *p, const double *l, double *out)
{
	(void)n;
	peer_hires_adjoint(y, p, l, out);
}

struct side {
	ojit_evaluator *evaluator;
	int n;
	size_t states, entries;
	double *memory, *y, *weights, *out;
	const double *p;
	peer_jacobian *jacobian;
	peer_adjoint *adjoint;
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

static double their_jacobian(void *data)
{
	struct side *s = data;
	s->jacobian(s->n, s->y, s->p, s->out);
	return s->out[0];
}

static double their_adjoint(void *data)
{
	struct side *s = data;
	s->adjoint(s->n, s->y, s->p, s->weights, s->out);
	return s->out[0];
}

/* Processors take a load for one of what was just stored a multiple of a page away, and wait.
 * Whether a call's own loads, of its stack and arguments, meet that is chance, and shows
 * where it takes a few nanoseconds (m: a Jacobian of 25 entries 5, 7 or 20 ns).  So both sides
 * work on the same memory, which lies at several places of a page in turn; what counts is the least. */
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

static void bench_kernel(const char *what, const char *name, struct side *us, struct side *them, size_t count,
                         bench_function *ours, bench_function *theirs)
{
	double a = INFINITY, b = INFINITY, *value = malloc((count + 1) * sizeof *value);
	ours(us);
	memcpy(value, us->out, count * sizeof *value);
	theirs(them);
	compare(name, value, them->out, count);
	free(value);
	for (int k = 0; k < PLACES; k++) {
		double here, there;
		place(us, k);
		them->y = us->y, them->weights = us->weights, them->out = us->out;
		bench_pair(ours, us, theirs, them, &here, &there);
		a = fmin(a, here);
		b = fmin(b, there);
	}
	bench_line(what, name, "ns", a * 1e9, "clang -O3 -march=native, libm", b * 1e9);
}

struct peer {
	const char *name, *file, *constant;
	int n;
	peer_jacobian *jacobian;
	peer_adjoint *adjoint;
};

static void bench_peer(ojit_context *context, const struct peer *peer, const double *p)
{
	ojit_program *program = bench_program(context, peer->file, peer->constant, peer->n);
	struct side us = open_side(program), them = us;
	double value, again;
	them.n = peer->n, them.p = p, them.jacobian = peer->jacobian, them.adjoint = peer->adjoint;
	bench_kernel("jacobian", peer->name, &us, &them, us.entries, our_jacobian, their_jacobian);
	bench_kernel("adjoint", peer->name, &us, &them, us.states, our_adjoint, their_adjoint);
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
		{{"pollu", "../bench/models/pollu.ojit", NULL, 0, pollu_jacobian, pollu_adjoint}, pollu},
		{{"hires", "../bench/models/hires.ojit", NULL, 0, hires_jacobian, hires_adjoint}, hires},
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
