/* Work against precision: ojit's methods and every peer that is installed, on the
 * problems of peers/problems.h and peers/stiff.h, in one run.
 *
 *     build/bench/work [--quick] [--easy | --stiff | --problem NAME] [--peer NAME] [--curves DIRECTORY]
 *
 * The network bcr takes minutes: it is left out of what is quick, unless it is named, and where
 * OJIT_CORPORA names no directory that has it.
 *
 * A method solves a problem at tolerances 1e-3 .. 1e-13 and brings the states at fifty
 * times; its error is the largest there, its time the median of many rounds, in seconds
 * of the processor.  A round times every point once, so that noise hits all alike.  From
 * the curves follow times at equal error, on lines through logarithms, and ratios of the
 * best peer to the best of ojit: above 1, ojit is faster.  Lines that begin with # are
 * for people, the others are JSON as from the other benches. */
#include "bench/bench.h"
#include "bench/peers/peer.h"
#include "bench/peers/stiff.h"
#include "bench/work/curve.h"
#include "bench/work/network.h"
#include "bench/work/ours.h"
#include "bench/work/reference.h"
#include "bench/work/scipy.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <string.h>
#include <signal.h>
#include <strings.h>
#include <sys/stat.h>

enum { LARGE = 100 }; /* states */
enum { TIMES = 50, LEAST_ROUNDS = 3, MOST_ROUNDS = 41 };

static const double errors[] = {1e-3, 1e-4, 1e-6, 1e-8, 1e-10}; /* the first is for stiff problems */
enum { ERRORS = sizeof errors / sizeof *errors, MILLIONTH = 2 /* which of them is 1e-6 */ };

struct problem {
	const char *name, *model, *text;
	int n;
	double from, to, absolute;
	bool by_ratios; /* times asked for are spaced by ratios */
	void (*start)(double *y);
	void (*rhs)(double t, const double *y, double *out);
	const char *network; /* the corpora's, where it is one, of which a solve takes seconds */
};

/* Models without observables of their own lie in examples/. */
#define MODEL_lotka_volterra "bench/models/volterra.ojit"
#define MODEL_lorenz "examples/lorenz.ojit"
#define MODEL_rigid_body "bench/models/rigid_body.ojit"
#define MODEL_kepler "bench/models/kepler.ojit"
#define MODEL_van_der_pol "bench/models/van_der_pol.ojit"
#define MODEL_chain "bench/models/chain.ojit"
#define MODEL_arenstorf "examples/arenstorf.ojit"
#define MODEL_pleiades "bench/models/stars.ojit"
#define MODEL_planets "bench/models/planets.ojit"
#define MODEL_ring "bench/models/ring.ojit"
#define MODEL_kuramoto "bench/models/oscillators.ojit"
#define MODEL_brusselator "examples/brusselator1d.ojit"
#define MODEL_vdpol "bench/models/vdpol.ojit"
#define MODEL_vdpol_steep "bench/models/vdpol_steep.ojit"
#define MODEL_rober "bench/models/rober.ojit"
#define MODEL_rober_long "bench/models/rober.ojit"
#define MODEL_orego "bench/models/orego.ojit"
#define MODEL_hires "bench/models/hires.ojit"
#define MODEL_pollu "bench/models/pollu.ojit"
#define MODEL_burgers "bench/models/front.ojit"
#define MODEL_brusselator_line "bench/models/brusselator_line.ojit"
#define MODEL_brusselator_square "bench/models/brusselator_square.ojit"

#define EASY(name, n, from, to, absolute, text) \
	{#name, MODEL_##name, text, n, from, to, absolute, false, name##_start, name##_rhs, NULL},
#define STIFF(name, n, from, to, absolute, text, bands, by_ratios) \
	{#name, MODEL_##name, text, n, from, to, absolute, by_ratios, name##_start, name##_rhs, NULL},
static const struct problem problems[] = {
	PROBLEMS(EASY) STIFF_PROBLEMS(STIFF)
	{"bcr", "bcr.ojit", "24,388 reactions", 1122, 0, 1e4, 1, false, network_start, network_slopes, "bcr"},
};
#undef EASY
#undef STIFF
enum { COUNT = sizeof problems / sizeof *problems };
enum { RUNGS_OF_NETWORK = 5 };
#define PATIENCE_FOR_NETWORK 10.0 /* seconds a solve */
#define CLOSE 1e-7                /* the tolerance of a network's reference */

static bool is_stiff(int problem)
{
	return problem >= EASY_COUNT;
}

/* One method at one tolerance. */
struct run {
	const struct peer_method *method;
	struct task task;
	void *session;
	int curve, point;
	long calls; /* a round; 0: it takes so long that once is enough */
	double seconds[MOST_ROUNDS];
};

struct bench {
	bool quick, easy, stiff; /* problems that are not stiff alone, or those that are */
	double patience; /* seconds for the rounds of a problem */
	const char *problem, *peer, *curves_to;
	const struct peer_method **lists; /* of the peers */
	int list_count;
	struct scipy *scipy;
	/* of the problem at hand */
	int at;
	const struct network *network;
	double times[TIMES + 1], *start, *reference, *rows;
	struct run *runs;
	int run_count;
	struct curve *curves;
	int curve_count;
	/* of all problems: microseconds at equal error */
	struct answer {
		double ours, peers;
	} answers[COUNT][ERRORS];
	struct rival {
		char name[160];
		double logarithms;
		int count;
	} *rivals;
	int rival_count;
};

static void *grown(void *memory, size_t bytes)
{
	memory = realloc(memory, bytes);
	if (!memory)
		bench_fail("out of memory");
	return memory;
}

/* ---- measuring ---- */

/* The time this thread computed, which waiting for a processor is no part of. */
static double spent(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double timed(struct bench *b, struct run *r, long calls)
{
	double begin = spent();
	for (long i = 0; i < calls; i++)
		r->method->solve(r->session, b->rows);
	return (spent() - begin) / (double)calls;
}

/* Solve for the error and the cost, again where the first time may have compiled
 * something; false: failed. */
static bool try_run(struct bench *b, struct run *r, struct point *point)
{
	int n = problems[b->at].n;
	double begin = spent();
	long evaluations = r->method->solve(r->session, b->rows);
	double seconds = spent() - begin;
	if (evaluations <= 0)
		return false;
	if (seconds < b->patience)
		seconds = timed(b, r, 1);
	double error = fmax(curve_error(b->rows, b->reference, TIMES, n), 1e-17);
	*point = (struct point){r->task.rtol, error, seconds, evaluations};
	r->calls = seconds > 1e-4 ? 1 : (long)(1e-4 / seconds) + 1;
	if (b->network && seconds > b->patience)
		r->calls = 0;
	return isfinite(error);
}

enum step { STEP_ON, STEP_FAILED, STEP_ENOUGH };

/* A run at a rung below those the curve has; STEP_ENOUGH: nobody would go on with this method. */
static enum step step_down(struct bench *b, const struct peer_method *method, int rung)
{
	const struct problem *p = &problems[b->at];
	struct curve *curve = &b->curves[b->curve_count - 1];
	struct point *point = &curve->points[curve->count];
	double tolerance = pow(10, -3 - rung), patience = b->patience / (is_stiff(b->at) ? 8 : 40);
	if (is_stiff(b->at) && p->n > LARGE && curve->side == PEER_SIDE)
		patience = b->patience; /* or no peer reached an error that aims are set for */
	patience = p->network ? PATIENCE_FOR_NETWORK : patience;
	b->runs = grown(b->runs, (size_t)(b->run_count + 1) * sizeof *b->runs);
	struct run *r = &b->runs[b->run_count];
	*r = (struct run){.method = method, .curve = b->curve_count - 1, .point = curve->count};
	r->task = (struct task){b->at, p->n, TIMES, b->times, b->start, tolerance, tolerance * p->absolute, b->network};
	r->session = method->open(&r->task, method->kind);
	double begin = spent();
	if (r->session && try_run(b, r, point)) {
		b->run_count++;
		curve->count++;
		double most = is_stiff(b->at) && curve->side == PEER_SIDE ? 1000 : 100; /* aims reach to 1e-10 */
		return point->seconds < patience && point->seconds < most * curve->points[0].seconds ? STEP_ON : STEP_ENOUGH;
	}
	if (!r->session)
		return STEP_ENOUGH;
	method->close(r->session);
	return spent() - begin < patience ? STEP_FAILED : STEP_ENOUGH;
}

/* Loose tolerances may be too loose for a method: a failure at 1e-6 or below is the end. */
static void climb(struct bench *b, const struct peer_method *method, enum side side)
{
	b->curves = grown(b->curves, (size_t)(b->curve_count + 1) * sizeof *b->curves);
	struct curve *curve = &b->curves[b->curve_count++];
	*curve = (struct curve){.side = side};
	snprintf(curve->name, sizeof curve->name, "%s", method->name);
	enum step last = STEP_ON;
	int rungs = b->network ? RUNGS_OF_NETWORK : RUNGS;
	for (int rung = 0; rung < rungs && last != STEP_ENOUGH; rung++) {
		last = step_down(b, method, rung);
		if (last == STEP_FAILED && rung >= 3)
			break;
	}
}

static void climb_all(struct bench *b)
{
	for (const struct peer_method *m = ours_methods(); m->name; m++)
		climb(b, m, OJIT_SIDE);
	for (int k = 0; k < b->list_count; k++)
		for (const struct peer_method *m = b->lists[k]; m->name; m++) {
			enum side side = strstr(m->name, "as packaged") ? ASIDE : PEER_SIDE;
			bool wanted = b->peer ? strcasestr(m->name, b->peer) != NULL : !(b->network && side == ASIDE);
			if (wanted)
				climb(b, m, side);
		}
}

/* Rounds over all points, until patience ends; medians become the points' times. */
static void measure(struct bench *b)
{
	double begin = bench_seconds();
	int rounds = 0;
	while (rounds < MOST_ROUNDS && (rounds < LEAST_ROUNDS || bench_seconds() - begin < b->patience)) {
		for (int k = 0; k < b->run_count; k++) {
			if (b->runs[k].calls == 0)
				continue;
			if (b->runs[k].calls > 1) /* caches and branches as they are for who solves often */
				timed(b, &b->runs[k], 1);
			b->runs[k].seconds[rounds] = timed(b, &b->runs[k], b->runs[k].calls);
		}
		rounds++;
	}
	for (int k = 0; k < b->run_count; k++) {
		struct run *r = &b->runs[k];
		if (r->calls > 0)
			b->curves[r->curve].points[r->point].seconds = bench_median(r->seconds, (size_t)rounds);
		r->method->close(r->session);
	}
	b->run_count = 0;
}

/* ---- telling ---- */

static void tell_curves(const struct bench *b)
{
	const struct problem *p = &problems[b->at];
	printf("#\n# %s: %s; %d states, %g .. %g\n#   %-32s %9s %10s %12s %12s\n", p->name, p->text, p->n, p->from, p->to,
	       "method", "tolerance", "error", "microseconds", "evaluations");
	for (int k = 0; k < b->curve_count; k++) {
		for (int i = 0; i < b->curves[k].count; i++) {
			const struct point *q = &b->curves[k].points[i];
			printf("#   %-32s %9.0e %10.2e %12.2f %12ld\n", b->curves[k].name, q->tolerance, q->error, 1e6 * q->seconds,
			       q->evaluations);
		}
	}
}

/* Another ratio of times, peer over ojit, for the geometric mean called NAME. */
static void add_ratio(struct bench *b, const char *name, double ratio)
{
	struct rival *rival = b->rivals;
	while (rival < b->rivals + b->rival_count && strcmp(rival->name, name))
		rival++;
	if (rival == b->rivals + b->rival_count) {
		b->rivals = grown(b->rivals, (size_t)(b->rival_count + 1) * sizeof *b->rivals);
		rival = &b->rivals[b->rival_count++];
		*rival = (struct rival){.count = 0};
		snprintf(rival->name, sizeof rival->name, "%s", name);
	}
	rival->logarithms += log(ratio);
	rival->count++;
}

static double seconds_of(const struct bench *b, const char *name, double error)
{
	for (int k = 0; k < b->curve_count; k++)
		if (!strcmp(b->curves[k].name, name))
			return curve_seconds(&b->curves[k], error);
	return INFINITY;
}

/* Each peer over our best, and the best peer over each of ours. */
static void count_rivals(struct bench *b, double error, double ours, double peers)
{
	char name[160];
	for (int k = 0; k < b->curve_count; k++) {
		const struct curve *curve = &b->curves[k];
		double seconds = curve_seconds(curve, error);
		bool is_ours = curve->side == OJIT_SIDE;
		if (!isfinite(seconds) || !isfinite(is_ours ? peers : ours))
			continue;
		snprintf(name, sizeof name, is_ours ? "best peer over %s" : "%s over best of ojit", curve->name);
		add_ratio(b, name, is_ours ? peers / seconds : seconds / ours);
	}
}

/* Methods that are the same, or the nearest there is. */
static void count_pairs(struct bench *b, double error)
{
	static const char *const pairs[][2] = {
		{"odeint dopri5", "ojit dopri5"}, {"ARKODE dopri5", "ojit dopri5"},
		{"odeint fehlberg78", "ojit dop853"}, {"GSL rk8pd", "ojit dop853"}, {"CVODE BDF", "ojit bdf"},
	};
	char name[160];
	for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
		double ratio = seconds_of(b, pairs[p][0], error) / seconds_of(b, pairs[p][1], error);
		if (!isfinite(ratio) || ratio == 0)
			continue;
		snprintf(name, sizeof name, "%s over %s", pairs[p][0], pairs[p][1]);
		add_ratio(b, name, ratio);
	}
}

static void answer(struct bench *b)
{
	const struct problem *p = &problems[b->at];
	for (int e = 0; e < ERRORS; e++) {
		struct answer *a = &b->answers[b->at][e];
		const struct curve *ours = curve_best(b->curves, b->curve_count, OJIT_SIDE, errors[e]);
		const struct curve *peer = curve_best(b->curves, b->curve_count, PEER_SIDE, errors[e]);
		char what[128];
		if (!is_stiff(b->at) && errors[e] > 1e-4)
			continue;
		count_rivals(b, errors[e], ours ? curve_seconds(ours, errors[e]) : INFINITY,
		             peer ? curve_seconds(peer, errors[e]) : INFINITY);
		count_pairs(b, errors[e]);
		if (ours)
			a->ours = curve_seconds(ours, errors[e]);
		if (!ours || !peer)
			continue;
		a->peers = curve_seconds(peer, errors[e]);
		snprintf(what, sizeof what, "%s at %.0e, %s", p->name, errors[e], ours->name);
		bench_line("work", what, "us", 1e6 * a->ours, peer->name, 1e6 * a->peers);
	}
}

/* The geometric mean of the ratios of problems from .. to - 1, with how many they are and the
 * least. */
static double mean_ratio(const struct bench *b, int from, int to, int *count, double *least)
{
	double sum = 0;
	*count = 0;
	*least = INFINITY;
	for (int k = from; k < to; k++) {
		for (int e = 0; e < ERRORS; e++) {
			const struct answer *a = &b->answers[k][e];
			if (a->peers == 0)
				continue;
			sum += log(a->peers / a->ours);
			*least = fmin(*least, a->peers / a->ours);
			++*count;
		}
	}
	return *count ? exp(sum / *count) : 0;
}

static void tell_ratios(const struct bench *b, int from, int to)
{
	int count;
	double least;
	printf("#   %-20s", "");
	for (int e = 0; e < ERRORS; e++)
		printf("%8.0e", errors[e]);
	printf("    mean\n");
	for (int k = from; k < to; k++) {
		double mean = mean_ratio(b, k, k + 1, &count, &least);
		if (!count)
			continue;
		printf("#   %-20s", problems[k].name);
		for (int e = 0; e < ERRORS; e++)
			printf(b->answers[k][e].peers > 0 ? "%8.2f" : "       -", b->answers[k][e].peers / b->answers[k][e].ours);
		printf("%8.2f\n", mean);
	}
}

/* Aims for stiff problems, as ratios at an error. */
static void tell_stiff(const struct bench *b)
{
	static const struct {
		const char *problem;
		double error, ratio;
	} aims[] = {
		{"vdpol", 1e-6, 2}, {"vdpol_steep", 1e-6, 2}, {"rober", 1e-6, 2}, {"rober_long", 1e-6, 2}, {"orego", 1e-6, 2},
		{"hires", 1e-6, 2}, {"pollu", 1e-6, 2}, {"vdpol", 1e-8, 5}, {"vdpol", 1e-10, 5}, {"vdpol_steep", 1e-8, 5},
		{"vdpol_steep", 1e-10, 5}, {"orego", 1e-8, 5}, {"orego", 1e-10, 5}, {"pollu", 1e-8, 3}, {"pollu", 1e-10, 3},
		{"hires", 1e-8, 2}, {"hires", 1e-10, 2}, {"rober", 1e-8, 2}, {"rober", 1e-10, 2}, {"rober_long", 1e-8, 2},
		{"rober_long", 1e-10, 2}, {"burgers", 1e-6, 2}, {"brusselator_line", 1e-6, 2}, {"brusselator_square", 1e-6, 3},
		{"brusselator_square", 1e-3, 8},
	};
	for (size_t a = 0; a < sizeof aims / sizeof *aims; a++)
		for (int k = EASY_COUNT; k < COUNT; k++)
			for (int e = 0; e < ERRORS; e++) {
				double ratio = b->answers[k][e].peers / b->answers[k][e].ours;
				if (strcmp(problems[k].name, aims[a].problem) || errors[e] != aims[a].error || !(ratio > 0))
					continue;
				printf("#   %-20s at %.0e: %.2f, held to %g: %s\n", aims[a].problem, aims[a].error, ratio, aims[a].ratio,
				       ratio >= aims[a].ratio ? "met" : "NOT MET");
			}
}

static void tell_all_ratios(const struct bench *b)
{
	int count, stiff;
	double least, mean = mean_ratio(b, 0, EASY_COUNT, &count, &least);
	printf("#\n# times of the best peer over those of the best of ojit, at equal error\n");
	if (count) {
		tell_ratios(b, 0, EASY_COUNT);
		printf("#   mean of %d ratios %.2f (aim: at least 1.5, %s), the least %.2f (aim: at least 1, %s)\n", count, mean,
		       mean >= 1.5 ? "met" : "NOT MET", least, least >= 1 ? "met" : "NOT MET");
	}
	mean = mean_ratio(b, EASY_COUNT, COUNT, &stiff, &least);
	if (!stiff)
		return;
	tell_ratios(b, EASY_COUNT, COUNT);
	printf("#   mean of %d ratios %.2f, the least %.2f\n", stiff, mean, least);
	tell_stiff(b);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct rival *)a)->name, ((const struct rival *)b)->name);
}

static void tell_rivals(struct bench *b)
{
	printf("#\n# ratios of times at equal error, geometric means and of how many\n");
	if (b->rival_count)
		qsort(b->rivals, (size_t)b->rival_count, sizeof *b->rivals, by_name);
	for (int k = 0; k < b->rival_count; k++)
		printf("#   %-56s %8.2f %4d\n", b->rivals[k].name, exp(b->rivals[k].logarithms / b->rivals[k].count),
		       b->rivals[k].count);
}

/* What ojit is held to: microseconds at error 1e-6, and what odeint needed when that
 * was set down; on another machine the ratio of the two counts. */
static void tell_held(const struct bench *b)
{
	static const struct {
		const char *problem;
		double ours, odeint;
	} held[] = {{"lotka_volterra", 8, 8.9}, {"lorenz", 60, 99}, {"pleiades", 300, 450}};
	printf("#\n# held to, at error 1e-6\n");
	for (size_t h = 0; h < sizeof held / sizeof *held; h++) {
		for (int k = 0; k < COUNT; k++) {
			const struct answer *a = &b->answers[k][MILLIONTH];
			if (strcmp(problems[k].name, held[h].problem) || a->ours == 0)
				continue;
			printf("#   %-16s %.2f us, held to %g: %s", held[h].problem, 1e6 * a->ours, held[h].ours,
			       1e6 * a->ours <= held[h].ours ? "met" : "NOT MET");
			if (a->peers > 0)
				printf("; best peer over ojit %.2f, held to %.2f: %s", a->peers / a->ours, held[h].odeint / held[h].ours,
				       a->peers / a->ours >= held[h].odeint / held[h].ours ? "met" : "NOT MET");
			printf("\n");
		}
	}
}

/* Taylor's method on the Lorenz equations, t = 0 .. 100 at tolerance 1e-15, where 0.70
 * ms is the best known; 2.3e-15 is the least relative tolerance there is. */
static void tell_taylor(void)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = bench_program(context, "lorenz.ojit", NULL, 0);
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options options = ojit_options_default();
	double seconds[ROUNDS];
	options.method = "taylor";
	options.rtol = 2.3e-15;
	options.atol = 1e-15;
	bool runs = true;
	for (int r = 0; r < ROUNDS && runs; r++) {
		double begin = spent();
		runs = ojit_solver_run(solver, &options, 0, 100, ojit_output_final()) == OJIT_OK;
		seconds[r] = spent() - begin;
	}
	double ms = runs ? 1e3 * bench_median(seconds, ROUNDS) : 0;
	if (runs)
		printf("#   Taylor on lorenz, 0 .. 100 at 1e-15: %.3f ms, held to 0.84: %s\n", ms, ms <= 0.84 ? "met" : "NOT MET");
	else
		printf("#   Taylor on lorenz, 0 .. 100 at 1e-15: not run: %s\n", ojit_solver_error(solver).message);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
}

/* ---- problems ---- */

static void set_times(double times[TIMES + 1], const struct problem *p)
{
	for (int i = 0; i <= TIMES; i++) {
		double share = p->by_ratios ? pow(10, -6 * (TIMES - i) / (double)TIMES) : i / (double)TIMES;
		times[i] = i == TIMES ? p->to : i == 0 ? p->from : p->from + (p->to - p->from) * share;
	}
}

/* The extrapolation codes would take an hour for a network.  A one-step method of order 5 is no relative
 * of the BDFs that are compared: bcr at 1e-7 and at 1e-9 differ by 4e-7, CVODE at 1e-9 from that by
 * 1.5e-6. */
static bool solve_closely(struct bench *b, const struct problem *p)
{
	struct task task = {b->at, p->n, TIMES, b->times, b->start, CLOSE, CLOSE * p->absolute, b->network};
	bool solved = false;
	for (const struct peer_method *m = ours_methods(); m->name; m++) {
		if (strcmp(m->name, "ojit rodas5p"))
			continue;
		void *session = m->open(&task, m->kind);
		solved = session && m->solve(session, b->reference) > 0;
		if (session)
			m->close(session);
	}
	return solved;
}

/* NULL, or what is wrong. */
static const char *find_reference(struct bench *b, const struct problem *p)
{
	bool found = b->network ? solve_closely(b, p)
	                        : reference_solve(b->at, p->n, b->start, b->times, TIMES, b->reference);
	return found ? NULL : "the reference solution was not found";
}

static const char *compile_problem(struct bench *b, const struct problem *p)
{
	char path[4096];
	size_t length = 0;
	const char *text = b->network ? network_text(&length) : NULL;
	snprintf(path, sizeof path, "%s/%s", OJIT_SOURCE_DIR, p->model);
	return ours_begin(text ? p->model : path, text, length, p->n, b->start, p->rhs);
}

static bool begin_problem(struct bench *b, int at)
{
	const struct problem *p = &problems[at];
	b->at = at;
	b->curve_count = 0;
	b->start = grown(b->start, (size_t)p->n * sizeof(double));
	b->reference = grown(b->reference, TIMES * (size_t)p->n * sizeof(double));
	b->rows = grown(b->rows, TIMES * (size_t)p->n * sizeof(double));
	p->start(b->start);
	set_times(b->times, p);
	const char *failure = compile_problem(b, p);
	failure = failure ? failure : find_reference(b, p);
	if (failure)
		fprintf(stderr, "%s: %s\n", p->name, failure);
	return !failure;
}

static void ask_scipy(struct bench *b)
{
	const struct problem *p = &problems[b->at];
	struct task task = {b->at, p->n, TIMES, b->times, b->start, 0, 0, NULL};
	if (b->network) /* which is not told to it */
		return;
	if (b->scipy && !scipy_solve(b->scipy, p->name, &task, p->absolute, b->reference, &b->curves, &b->curve_count)) {
		scipy_end(b->scipy);
		b->scipy = NULL;
	}
}

static void draw(const struct bench *b)
{
	const struct problem *p = &problems[b->at];
	char title[256];
	if (!b->curves_to)
		return;
	snprintf(title, sizeof title, "%s: %s", p->name, p->text);
	if (!curve_draw(b->curves, b->curve_count, b->curves_to, p->name, title))
		fprintf(stderr, "nothing could be drawn in %s\n", b->curves_to);
}

static bool run_problem(struct bench *b, int at)
{
	double begin = bench_seconds();
	b->network = problems[at].network ? network_open(problems[at].network) : NULL;
	if (problems[at].network && !b->network)
		return true;
	if (!begin_problem(b, at))
		return false;
	climb_all(b);
	measure(b);
	ask_scipy(b);
	tell_curves(b);
	answer(b);
	draw(b);
	printf("# %s took %.0f s\n", problems[at].name, bench_seconds() - begin);
	fflush(stdout);
	return true;
}

/* ---- beginning ---- */

static void find_peers(struct bench *b)
{
	glob_t found;
	if (glob(OJIT_PEERS "/*.so", 0, NULL, &found) != 0) {
		fprintf(stderr, "no peer is built in %s; see bench_peers\n", OJIT_PEERS);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		void *module = dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
		void *methods = module ? dlsym(module, "peer_methods") : NULL;
		if (!methods) {
			fprintf(stderr, "left out: %s\n", dlerror());
			continue;
		}
		b->lists = grown(b->lists, (size_t)(b->list_count + 1) * sizeof *b->lists);
		b->lists[b->list_count++] = methods;
	}
	globfree(&found);
}

static void note_sundials(const struct bench *b)
{
	bool packaged = false, optimised = false;
	for (int k = 0; k < b->list_count; k++)
		for (const struct peer_method *m = b->lists[k]; m->name; m++) {
			packaged |= !strcmp(m->name, "CVODE Adams, as packaged");
			optimised |= !strcmp(m->name, "CVODE Adams");
		}
	if (packaged && !optimised)
		printf("# SUNDIALS is measured as packaged alone, which is built without optimisation;\n"
		       "# bench/peers/build-sundials builds it with\n");
}

static void read_options(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;
		if (!strcmp(argv[i], "--quick"))
			b->quick = true;
		else if (!strcmp(argv[i], "--easy"))
			b->easy = true;
		else if (!strcmp(argv[i], "--stiff"))
			b->stiff = true;
		else if (!strcmp(argv[i], "--problem") && more)
			b->problem = argv[++i];
		else if (!strcmp(argv[i], "--peer") && more)
			b->peer = argv[++i];
		else if (!strcmp(argv[i], "--curves") && more)
			b->curves_to = argv[++i];
		else
			bench_fail("usage: work [--quick] [--easy | --stiff | --problem NAME] [--peer NAME] [--curves DIRECTORY]");
	}
	b->patience = b->quick ? 1 : 5;
	if (b->curves_to && mkdir(b->curves_to, 0777) != 0 && errno != EEXIST)
		bench_fail("the directory for curves cannot be made");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct bench *b = &bench;
	bool ok = true, any = false;
	signal(SIGPIPE, SIG_IGN); /* a child that went away is noticed when it is read */
	read_options(b, argc, argv);
	find_peers(b);
	note_sundials(b);
	if (!b->quick && OJIT_PYTHON[0] == '/' && (!b->peer || strcasestr("SciPy Numba", b->peer)))
		b->scipy = scipy_start(OJIT_PYTHON, OJIT_SOURCE_DIR "/bench/peers/scipy_peer.py", b->patience / 40);
	for (int k = 0; k < COUNT; k++) {
		if ((b->problem && strcmp(b->problem, problems[k].name)) || (is_stiff(k) ? b->easy : b->stiff))
			continue;
		if (problems[k].network && b->quick && !b->problem)
			continue;
		any = true;
		ok &= run_problem(b, k);
	}
	if (!any)
		bench_fail("there is no problem of that name; see bench/peers/problems.h and bench/peers/stiff.h");
	tell_all_ratios(b);
	tell_rivals(b);
	tell_held(b);
	if (!b->stiff && (!b->problem || !strcmp(b->problem, "lorenz")))
		tell_taylor();
	scipy_end(b->scipy);
	ours_end();
	network_close();
	free(b->start), free(b->reference), free(b->rows), free(b->runs), free(b->curves), free(b->rivals), free(b->lists);
	return !ok;
}
