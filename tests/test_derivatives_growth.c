/* What derivatives of long texts take grows with the text and no faster, whatever is shared by
 * many equations; and where few elements are in most equations, adjoints are right. */
#include "bench/texts.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>

struct counter {
	size_t live, total, calls;
};

static void *allocate(void *user, size_t size)
{
	struct counter *c = user;
	c->live += size;
	c->total += size;
	c->calls++;
	return malloc(size);
}

static void release(void *user, void *memory, size_t size)
{
	struct counter *c = user;
	c->live -= memory ? size : 0;
	free(memory);
}

struct host {
	struct counter counter;
	ojit_context *context;
	ojit_program *program;
	ojit_evaluator *evaluator;
	ojit_program_info info;
	double *y, *seed, *out;
	double operations;
};

static void begin(struct host *h, void (*write)(struct source *, int), int size)
{
	ojit_compile_options options = ojit_compile_options_default();
	struct source source = {0};
	write(&source, size);
	ojit_allocator allocator = {allocate, release, &h->counter};
	h->counter = (struct counter){0};
	h->context = ojit_context_new(&allocator);
	options.executor = OJIT_INTERPRETER;
	ojit_model *model = ojit_model_new(h->context);
	ojit_model_read_text(model, source.at, source.length, NULL);
	cr_assert_eq(ojit_program_compile(model, &options, &h->program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	h->evaluator = ojit_evaluator_new(h->program);
	h->info = ojit_program_describe(h->program);
	h->operations = (double)source_operations(&source);
	size_t room = h->info.states + h->info.parameters + 1;
	h->y = calloc(3 * room, sizeof *h->y);
	h->seed = h->y + room;
	h->out = h->seed + room;
	for (size_t k = 0; k < room; k++) {
		h->y[k] = 1 + 0.5 * sin(1 + 2.3 * (double)k);
		h->seed[k] = cos(1 + 1.7 * (double)k);
	}
	free(source.at);
}

static void end(struct host *h)
{
	free(h->y);
	ojit_evaluator_free(h->evaluator);
	ojit_program_free(h->program);
	ojit_context_free(h->context);
	cr_expect_eq(h->counter.live, 0);
}

/* ---- growth ---- */

enum kernel { JACOBIAN, BY_PARAMETERS, TANGENT, ADJOINT, ADJOINT_OF_ALL, NEWTON, PRODUCT, KERNELS };
static const char *const names[KERNELS] = {"jac", "dfdp", "jvp", "vjp", "vjp by all", "newton", "hvp"};

/* *pattern is empty for what is no matrix. */
static ojit_status make(struct host *h, enum kernel kernel, ojit_pattern *pattern)
{
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = h->y};
	*pattern = (ojit_pattern){0};
	switch (kernel) {
	case JACOBIAN:
		return ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_STATES, pattern);
	case BY_PARAMETERS:
		return ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_PARAMETERS, pattern);
	case TANGENT:
		return ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0, h->y, h->seed, h->out);
	case ADJOINT:
	case ADJOINT_OF_ALL:
		return ojit_evaluator_adjoint(h->evaluator, OJIT_RHS,
		                              OJIT_BY_STATES | (kernel == ADJOINT ? 0 : (unsigned)OJIT_BY_PARAMETERS), 0, h->y,
		                              h->seed, h->out);
	case NEWTON:
		return ojit_evaluator_newton_pattern(h->evaluator, pattern);
	default:
		return ojit_evaluator_hessian_product(h->evaluator, &sum, OJIT_BY_STATES, 1, 0, h->y, h->seed, h->out);
	}
}

struct taken { /* an operation of the text or entry of the matrix */
	double total, calls;
};

static void take(void (*write)(struct source *, int), int size, struct taken *taken)
{
	struct host h;
	begin(&h, write, size);
	for (enum kernel k = 0; k < KERNELS; k++) {
		struct counter before = h.counter;
		ojit_pattern pattern;
		cr_assert_eq(make(&h, k, &pattern), OJIT_OK, "%s: %s", names[k], ojit_evaluator_error(h.evaluator).text);
		double things = h.operations + (double)pattern.entries;
		taken[k].total = (double)(h.counter.total - before.total) / things;
		taken[k].calls = (double)(h.counter.calls - before.calls) / things;
	}
	end(&h);
}

/* Texts of which most equations need a part only: where each needs all that is shared, as in
 * write_straight, a matrix takes a sweep through all of it for every equation. */
static const struct family {
	const char *name;
	void (*write)(struct source *, int);
	int small;
} families[] = {
	{"kuramoto", write_kuramoto, 14},       {"brusselator", write_brusselator_ordered, 100},
	{"network", write_network, 500},        {"chain", write_chain, 500},
	{"sum", write_sum, 500},                {"rates", write_rates, 200},
	{"species", write_species, 200},        {"derived", write_derived, 100},
	{"decays", write_decays, 500},          {"hubs", write_hubs, 200},
	{"sums with hubs", write_hub_sums, 100}, {"strides", write_strides, 100},
};

Test(derivatives_growth, four_times_the_text_takes_about_four_times_the_work)
{
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		struct taken small[KERNELS], large[KERNELS];
		take(families[f].write, families[f].small, small);
		take(families[f].write, 4 * families[f].small, large);
		for (int k = 0; k < KERNELS; k++) {
			cr_expect(large[k].total < 1.5 * small[k].total, "%s, %s: %g, then %g bytes an operation asked for in all",
			          families[f].name, names[k], small[k].total, large[k].total);
			cr_expect(large[k].calls < 1.5 * small[k].calls, "%s, %s: %g, then %g allocations an operation",
			          families[f].name, names[k], small[k].calls, large[k].calls);
		}
	}
}

/* ---- where few elements are in most equations ---- */

/* Adjoints are sums over the Jacobian's columns. */
static void compare_adjoint(const char *name, struct host *h)
{
	ojit_pattern pattern;
	cr_assert_eq(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_STATES, &pattern), OJIT_OK);
	double *values = calloc(pattern.entries + 1, sizeof *values);
	ojit_status status = ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, h->seed, h->out);
	cr_assert_eq(status, OJIT_OK, "%s: %s", name, ojit_evaluator_error(h->evaluator).text);
	cr_assert_eq(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, values), OJIT_OK);
	for (size_t c = 0; c < pattern.columns; c++) {
		double sum = 0, size = 0;
		for (int64_t k = pattern.column[c]; k < pattern.column[c + 1]; k++) {
			sum += h->seed[pattern.row[k]] * values[k];
			size += fabs(h->seed[pattern.row[k]] * values[k]);
		}
		cr_expect(fabs(h->out[c] - sum) <= 1e-13 * size, "%s, state %zu: %.17g instead of %.17g", name, c, h->out[c], sum);
	}
	free(values);
}

Test(derivatives_growth, adjoints_of_what_few_elements_hold_together_are_right)
{
	static const struct family shapes[] = {
		{"hubs", write_hubs, 400}, {"sums with hubs", write_hub_sums, 200}, {"strides", write_strides, 60},
		{"long strides", write_strides, 250},
	};
	for (size_t f = 0; f < sizeof shapes / sizeof shapes[0]; f++) {
		struct host h;
		begin(&h, shapes[f].write, shapes[f].small);
		compare_adjoint(shapes[f].name, &h);
		end(&h);
	}
}

/* Every row of a family has many equations of its own. */
Test(derivatives_growth, loops_over_many_equations_are_not_joined_without_end)
{
	enum { EQUATIONS = 90, MOST = 1024 };
	struct source source = {0};
	for (int k = 0; k < EQUATIONS; k++)
		add(&source, "init x%d[i in 1..30] = i\nx%d[i in 1..30]' = sin(x%d[i])*cos(%d*x%d[i]) - x%d[i]^3\n", k, k, k, k + 1,
		    (k + 1) % EQUATIONS, (k + 2) % EQUATIONS);
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	char *text = NULL;
	ojit_model_read_text(model, source.at, source.length, NULL);
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "fuse", &text), OJIT_OK, "%s", ojit_model_error(model).text);
	int blocks = 0, lines = 0;
	for (const char *line = strstr(text, "\nblock"); line; line = strchr(line + 1, '\n')) {
		bool begins = strncmp(line, "\nblock", 6) == 0;
		blocks += begins;
		lines = begins ? 0 : lines + 1;
		cr_expect(lines < MOST);
	}
	cr_expect(blocks > 1 && blocks < EQUATIONS / 4, "%d blocks", blocks);
	ojit_text_free(context, text);
	ojit_model_free(model);
	ojit_context_free(context);
	free(source.at);
}

/* A loop over directions is as long as the straight code of one, and is cut as that is. */
Test(derivatives_growth, straight_code_in_several_directions_has_the_bits_of_each)
{
	enum { EQUATIONS = 300, DIRECTIONS = 3 };
	struct host h;
	begin(&h, write_hub_sums, EQUATIONS);
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = h.y};
	size_t n = h.info.states;
	double *seeds = calloc(4 * DIRECTIONS * n, sizeof *seeds), *together = seeds + DIRECTIONS * n;
	double *one = together + DIRECTIONS * n, *alone = one + DIRECTIONS * n;
	for (size_t k = 0; k < DIRECTIONS * n; k++)
		seeds[k] = sin(1 + 0.7 * (double)k);
	cr_assert_eq(ojit_evaluator_hessian_product(h.evaluator, &sum, OJIT_BY_STATES, DIRECTIONS, 0, h.y, seeds, together), OJIT_OK);
	for (size_t q = 0; q < DIRECTIONS; q++) {
		for (size_t k = 0; k < n; k++)
			one[k] = seeds[k * DIRECTIONS + q];
		cr_assert_eq(ojit_evaluator_hessian_product(h.evaluator, &sum, OJIT_BY_STATES, 1, 0, h.y, one, alone), OJIT_OK);
		for (size_t k = 0; k < n; k++)
			cr_expect(together[k * DIRECTIONS + q] == alone[k], "direction %zu, state %zu: %.17g, alone %.17g", q, k,
			          together[k * DIRECTIONS + q], alone[k]);
	}
	free(seeds);
	end(&h);
}
