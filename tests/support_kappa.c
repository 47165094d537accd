/* See support_kappa.h. */
#include "tests/support_kappa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef OJIT_SOURCE_DIR
#define OJIT_SOURCE_DIR "."
#endif

const struct kappa_methods kappa_explicit = {"dop853", "dop853", 1e-13};
const struct kappa_methods kappa_stiff = {"radau", "radau13", 1e-12};

struct amplification {
	const struct kappa_methods *methods;
	size_t states, finals; /* finals: components with a reference */
	double floor;          /* 1e-3 M */
	ojit_solver *step;
	double *f;             /* [finals * states], F at the present time */
	double *next, *column; /* [finals * states], [states] */
	double *perturbed;     /* [states] */
};

static double scale(const struct amplification *a, double y)
{
	return fmax(fabs(y), a->floor);
}

/* One step from y at t0 to t1; the state there, or NULL. */
static const double *step(struct amplification *a, double t0, double t1, const double *y)
{
	ojit_options options = ojit_options_default();
	options.method = a->methods->step;
	options.fixed_step = fabs(t1 - t0);
	if (ojit_solver_set_all(a->step, OJIT_STATES, y) != OJIT_OK ||
	    ojit_solver_run(a->step, &options, t0, t1, ojit_output_final()) != OJIT_OK ||
	    ojit_solver_stats(a->step).outcome != OJIT_SUCCESS)
		return NULL;
	return ojit_solver_last_states(a->step);
}

/* d(state at t1) / d(y_j at t0) into a->column. */
static bool differentiate(struct amplification *a, double t0, double t1, const double *y, size_t j)
{
	double delta = 1e-6 * scale(a, y[j]);
	memcpy(a->perturbed, y, a->states * sizeof *y);
	a->perturbed[j] = y[j] + delta;
	double width = a->perturbed[j];
	const double *end = step(a, t0, t1, a->perturbed);
	if (!end)
		return false;
	memcpy(a->column, end, a->states * sizeof *end);
	a->perturbed[j] = y[j] - delta;
	width -= a->perturbed[j];
	end = step(a, t0, t1, a->perturbed);
	for (size_t i = 0; end && i < a->states; i++)
		a->column[i] = (a->column[i] - end[i]) / width;
	return end != NULL;
}

/* F at t0 from F at t1. */
static bool step_back(struct amplification *a, double t0, double t1, const double *y)
{
	for (size_t j = 0; j < a->states; j++) {
		if (!differentiate(a, t0, t1, y, j))
			return false;
		for (size_t i = 0; i < a->finals; i++) {
			double sum = 0;
			for (size_t k = 0; k < a->states; k++)
				sum += a->f[i * a->states + k] * a->column[k];
			a->next[i * a->states + j] = sum;
		}
	}
	double *swap = a->f;
	a->f = a->next;
	a->next = swap;
	return true;
}

static double amplification_from(const struct amplification *a, const double *y, const double *reference)
{
	double worst = 0;
	for (size_t i = 0; i < a->finals; i++) {
		double sum = 0;
		for (size_t j = 0; j < a->states; j++)
			sum += fabs(a->f[i * a->states + j]) * scale(a, y[j]);
		worst = fmax(worst, sum / scale(a, reference[i]));
	}
	return worst;
}

static double walk_back(struct amplification *a, ojit_solver *trajectory, const double *reference)
{
	double kappa = 1;
	for (size_t row = ojit_solver_rows(trajectory); row-- > 0;) {
		const double *at = ojit_solver_row(trajectory, row);
		if (row + 1 < ojit_solver_rows(trajectory) &&
		    !step_back(a, at[0], ojit_solver_row(trajectory, row + 1)[0], at + 1))
			return NAN;
		kappa = fmax(kappa, amplification_from(a, at + 1, reference));
	}
	return kappa;
}

static struct amplification amplification_begin(ojit_program *program, const struct corpus_problem *problem,
                                               const struct kappa_methods *methods, size_t finals)
{
	size_t n = problem->states;
	return (struct amplification){
		.methods = methods, .states = n, .finals = finals, .floor = 1e-3 * corpus_magnitude(problem),
		.step = ojit_solver_new(program), .f = calloc(n * finals, sizeof(double)), .next = calloc(n * finals, sizeof(double)),
		.column = calloc(n, sizeof(double)), .perturbed = calloc(n, sizeof(double)),
	};
}

static void amplification_end(struct amplification *a)
{
	free(a->f);
	free(a->next);
	free(a->column);
	free(a->perturbed);
	ojit_solver_free(a->step);
}

static ojit_options options_along(const struct corpus_problem *problem, const struct kappa_methods *methods)
{
	ojit_options options = ojit_options_default();
	options.method = methods->trajectory;
	options.rtol = methods->rtol;
	options.atol = 1e-3 * options.rtol * corpus_magnitude(problem);
	return options;
}

static bool integrate(ojit_solver *solver, const struct corpus_problem *problem, const struct kappa_methods *methods)
{
	ojit_options options = options_along(problem, methods);
	return ojit_solver_run(solver, &options, problem->t0, problem->tend, ojit_output_steps()) == OJIT_OK &&
	       ojit_solver_stats(solver).outcome == OJIT_SUCCESS;
}

double kappa_of(ojit_program *program, const struct corpus_problem *problem, const struct kappa_methods *methods)
{
	size_t n = problem->states, m = problem->reference_count;
	struct amplification a = amplification_begin(program, problem, methods, m);
	ojit_solver *trajectory = ojit_solver_new(program);
	double kappa = NAN;
	for (size_t i = 0; i < m; i++)
		a.f[i * n + i] = 1;
	if (integrate(trajectory, problem, methods))
		kappa = walk_back(&a, trajectory, problem->reference);
	ojit_solver_free(trajectory);
	amplification_end(&a);
	return kappa;
}

/* ---- on the way ---- */

double kappa_time(const struct corpus_problem *problem, int k)
{
	return k == KAPPA_TIMES ? problem->tend : problem->t0 + (problem->tend - problem->t0) * k / KAPPA_TIMES;
}

/* A trajectory by way of all times, and the derivatives of its single steps. */
struct way {
	size_t count, room, states;
	double *y;           /* [count][states], where each step begins */
	double *derivatives; /* [count][states * states], of its end by its beginning */
};

static void *grow(void *at, size_t count, size_t size)
{
	void *grown = realloc(at, count * size * sizeof(double));
	if (!grown)
		abort();
	return grown;
}

static bool add_step(struct way *way, struct amplification *a, double t0, double t1, const double *y)
{
	size_t n = way->states;
	if (way->count == way->room) {
		way->room = way->room ? 2 * way->room : 64;
		way->y = grow(way->y, way->room, n);
		way->derivatives = grow(way->derivatives, way->room, n * n);
	}
	memcpy(way->y + way->count * n, y, n * sizeof *y);
	double *derivative = way->derivatives + way->count * n * n;
	for (size_t j = 0; j < n; j++) {
		if (!differentiate(a, t0, t1, y, j))
			return false;
		for (size_t i = 0; i < n; i++)
			derivative[i * n + j] = a->column[i];
	}
	way->count++;
	return true;
}

/* The largest amplification of what is perturbed before, as it appears in y. */
static double amplification_at(const struct way *way, struct amplification *a, const double *y)
{
	size_t n = way->states;
	double most = 0, kappa = 1;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(y[i]));
	for (size_t i = 0; i < n * n; i++)
		a->f[i] = i % (n + 1) == 0;
	for (size_t step = way->count; step-- > 0;) {
		const double *derivative = way->derivatives + step * n * n, *from = way->y + step * n;
		double worst = 0;
		for (size_t i = 0; i < n; i++) {
			double sum = 0;
			for (size_t j = 0; j < n; j++) {
				double entry = 0;
				for (size_t k = 0; k < n; k++)
					entry += a->f[i * n + k] * derivative[k * n + j];
				a->next[i * n + j] = entry;
				sum += fabs(entry) * scale(a, from[j]);
			}
			worst = fmax(worst, sum / fmax(fabs(y[i]), 1e-3 * most));
		}
		memcpy(a->f, a->next, n * n * sizeof *a->f);
		kappa = fmax(kappa, worst);
	}
	return kappa;
}

static bool go_to(struct way *way, struct amplification *a, ojit_solver *trajectory, const ojit_options *options,
                  double t0, double t1)
{
	if (ojit_solver_run(trajectory, options, t0, t1, ojit_output_steps()) != OJIT_OK ||
	    ojit_solver_stats(trajectory).outcome != OJIT_SUCCESS)
		return false;
	for (size_t row = 0; row + 1 < ojit_solver_rows(trajectory); row++) {
		const double *at = ojit_solver_row(trajectory, row);
		if (!add_step(way, a, at[0], ojit_solver_row(trajectory, row + 1)[0], at + 1))
			return false;
	}
	return ojit_solver_set_all(trajectory, OJIT_STATES, ojit_solver_last_states(trajectory)) == OJIT_OK;
}

static double walk(struct amplification *a, ojit_solver *trajectory, const struct corpus_problem *problem)
{
	struct way way = {.states = problem->states};
	ojit_options options = options_along(problem, a->methods);
	double kappa = 1, t = problem->t0;
	for (int k = 1; k <= KAPPA_TIMES && !isnan(kappa); k++) {
		double next = kappa_time(problem, k);
		bool ok = go_to(&way, a, trajectory, &options, t, next);
		kappa = ok ? fmax(kappa, amplification_at(&way, a, ojit_solver_last_states(trajectory))) : NAN;
		t = next;
	}
	free(way.y);
	free(way.derivatives);
	return kappa;
}

double kappa_on_the_way(ojit_program *program, const struct corpus_problem *problem,
                        const struct kappa_methods *methods)
{
	struct amplification a = amplification_begin(program, problem, methods, problem->states);
	ojit_solver *trajectory = ojit_solver_new(program);
	double kappa = walk(&a, trajectory, problem);
	ojit_solver_free(trajectory);
	amplification_end(&a);
	return kappa;
}

/* ---- models of the house ---- */

/* Lorenz's equations end while their kappa leaves a bound of less than everything. */
const struct kappa_model kappa_models[KAPPA_MODELS] = {
	{"lotka_volterra", "examples/lotka_volterra.ojit", 10},
	{"lorenz", "examples/lorenz.ojit", 5},
	{"nbody_ring", "examples/nbody_ring.ojit", 4},
	{"kuramoto", "bench/models/oscillators.ojit", 20},
	{"planets", "bench/models/planets.ojit", 20000},
};

/* The text of a file, terminated. */
static char *text_of(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r"), *out = in ? open_memstream(&text, &size) : NULL;
	for (int c; out && (c = getc(in)) != EOF;)
		putc(c, out);
	if (out)
		fclose(out);
	if (in)
		fclose(in);
	return text;
}

/* The states at the end, from the trajectory that kappa goes along. */
static bool solve_to_end(ojit_solver *solver, struct corpus_problem *problem)
{
	ojit_options options = ojit_options_default();
	options.method = "vern9";
	options.rtol = 1e-13;
	options.atol = 1e-16;
	if (ojit_solver_run(solver, &options, problem->t0, problem->tend, ojit_output_final()) != OJIT_OK ||
	    ojit_solver_stats(solver).outcome != OJIT_SUCCESS)
		return false;
	problem->states = problem->reference_count = ojit_solver_count(solver, OJIT_STATES);
	problem->reference = grow(NULL, problem->states, 1);
	memcpy(problem->reference, ojit_solver_last_states(solver), problem->states * sizeof(double));
	return true;
}

static bool solve_model(struct corpus_problem *problem)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	ojit_program *program = NULL;
	bool ok = ojit_program_compile(model, NULL, &program) == OJIT_OK;
	ojit_solver *solver = ok ? ojit_solver_new(program) : NULL;
	ok = ok && solve_to_end(solver, problem);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return ok;
}

bool kappa_model_open(const struct kappa_model *model, struct corpus_problem *problem)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", OJIT_SOURCE_DIR, model->path);
	*problem = (struct corpus_problem){.name = model->name, .tend = model->tend, .text = text_of(path)};
	return problem->text && solve_model(problem);
}

void kappa_model_close(struct corpus_problem *problem)
{
	free(problem->text);
	free(problem->reference);
}

/* ---- the table ---- */

/* Number `column` behind the name, from 0. */
static double in_table(const char *name, int column)
{
	char line[512], entry[64];
	double kappa = NAN, values[2];
	FILE *table = fopen(OJIT_SOURCE_DIR "/tests/data/kappa.txt", "r");
	if (!table)
		return NAN;
	while (fgets(line, sizeof line, table))
		if (line[0] != '#' && sscanf(line, "%63s %lf %lf", entry, &values[0], &values[1]) > 1 + column &&
		    !strcmp(entry, name))
			kappa = values[column];
	fclose(table);
	return kappa;
}

bool kappa_is_stiff(const char *name)
{
	static const char *const names[] = {"hires", "pollu", "orego", "vdpol"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return true;
	return name[0] == 's' && strlen(name) == 3 && strcmp(name, "se4") && strcmp(name, "se1");
}

double kappa_in_table(const char *name)
{
	return in_table(name, 0);
}

double kappa_on_the_way_in_table(const char *name)
{
	return in_table(name, 1);
}
