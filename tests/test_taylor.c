/* Taylor coefficients against MPFR, operator by operator and for whole models. */
#include "lib/graph/coefficients.h"

#include "lib/graph/passes.h"
#include "lib/math/math.h"
#include "tests/support_allocator.h"
#include "tests/support_jit.h"
#include "tests/support_model.h"
#include "tests/support_programs.h"
#include "tests/support_series.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>
#include <stdlib.h>
#include <string.h>

enum { STATES = 4, ORDER = 12, MOST = 64 };

/* ---- single operators ---- */

/* a' = 0.3 b, b' = 0.1 t - 0.4 a, c' = 0.2 - 0.1 c, s' = whatever is asked for. */
struct bed {
	struct support_program p;
	uint32_t states, slopes;
	ojit_expr at[STATES]; /* a, b, c, s */
	struct series_truth truth;
};

static const double start[STATES] = {0.6, 1.3, 0.4, 0};

static ojit_expr scaled(struct bed *bed, double factor, ojit_expr e)
{
	ojit_expr literal = oj_literal(bed->p.g, factor);
	return oj_make2(bed->p.g, OP_MUL, literal, e);
}

static void open_bed(struct bed *bed)
{
	memset(bed, 0, sizeof *bed);
	support_jit_open(&bed->p);
	bed->states = support_jit_array(&bed->p, ROLE_STATE, 0, STATES);
	bed->slopes = support_jit_array(&bed->p, ROLE_OUT, 0, STATES);
	for (int i = 0; i < STATES; i++)
		bed->at[i] = support_jit_load1(&bed->p, bed->states, oj_integer(bed->p.g, i));
	bed->truth = (struct series_truth){.rhs = &bed->p.program, .states = STATES, .y = start, .t = 0.5, .order = ORDER};
}

static void store(struct bed *bed, struct block *block, int i, ojit_expr value)
{
	support_jit_store1(&bed->p, block, bed->slopes, value, oj_integer(bed->p.g, i));
}

static void define(struct bed *bed, ojit_expr value)
{
	struct graph *g = bed->p.g;
	struct block *block = support_jit_scalar(&bed->p);
	ojit_expr pull = scaled(bed, -0.4, bed->at[0]), push = scaled(bed, 0.1, oj_time(g));
	ojit_expr decay = scaled(bed, -0.1, bed->at[2]), source = oj_literal(g, 0.2);
	store(bed, block, 0, scaled(bed, 0.3, bed->at[1]));
	store(bed, block, 1, oj_make2(g, OP_ADD, push, pull));
	store(bed, block, 2, oj_make2(g, OP_ADD, source, decay));
	store(bed, block, 3, value);
}

/* Made and exact coefficients differ by so much; both with and without FMA. */
static double distance(struct bed *bed)
{
	double exact[(ORDER + 1) * STATES], got[(ORDER + 1) * STATES], worst = 0;
	support_series(&bed->truth, exact);
	for (int fused = 0; fused < 2; fused++) {
		struct space space;
		struct program rhs, made;
		cr_assert_eq(oj_space_copy(&space, &bed->p.space), OJIT_OK);
		cr_assert_eq(oj_program_copy(&rhs, &bed->p.program, &space), OJIT_OK);
		oj_program_init(&made, &space, KERNEL_RHS);
		cr_assert_eq(oj_taylor_program(&made, &rhs, ORDER, fused, &bed->p.error), OJIT_OK, "%s",
		             oj_error_public(&bed->p.error).text);
		support_series_run(&made, &bed->truth, got);
		worst = fmax(worst, support_series_distance(&bed->truth, got, exact));
		oj_program_drop(&made);
		oj_program_drop(&rhs);
		oj_space_drop(&space);
	}
	return worst;
}

static void expect_exact(struct bed *bed, const char *what)
{
	double worst = distance(bed);
	cr_expect_lt(worst, 2e-13, "%s: %g", what, worst);
	support_jit_close(&bed->p);
}

static bool is_refused(enum op op)
{
	return op == OP_GAMMA || op == OP_LGAMMA || op == OP_DIGAMMA || op == OP_TRIGAMMA || op == OP_UNIFORM ||
	       op == OP_NORMAL || op == OP_STRONG;
}

/* Operators on numbers of fixed arity, but for POWI. */
static bool is_plain(enum op op)
{
	const struct op_info *info = &oj_op_info[op];
	return info->type == REAL && info->way != WAY_LEAF && op != OP_POWI;
}

Test(taylor, every_operator_has_the_coefficients_that_differences_have)
{
	for (enum op op = 0; op < OP_COUNT; op++) {
		struct bed bed;
		if (!is_plain(op) || is_refused(op))
			continue;
		uint32_t arity = oj_op_info[op].arity == MANY ? 3 : (uint32_t)oj_op_info[op].arity;
		open_bed(&bed);
		ojit_expr operands[] = {bed.at[op == OP_ACOSH], bed.at[op != OP_ACOSH], bed.at[2]};
		define(&bed, oj_make(bed.p.g, op, arity, operands));
		expect_exact(&bed, oj_op_info[op].text);
	}
}

Test(taylor, operators_of_a_constant_and_a_state_are_right_either_way)
{
	for (enum op op = 0; op < OP_COUNT; op++) {
		if (!is_plain(op) || is_refused(op) || (oj_op_info[op].arity != 2 && oj_op_info[op].arity != MANY))
			continue;
		for (int which = 0; which < 2; which++) {
			struct bed bed;
			open_bed(&bed);
			ojit_expr operands[2] = {bed.at[0], bed.at[1]};
			operands[which] = oj_literal(bed.p.g, 1.7);
			define(&bed, oj_make(bed.p.g, op, 2, operands));
			expect_exact(&bed, oj_op_info[op].text);
		}
	}
}

Test(taylor, operators_of_time_alone_are_right)
{
	for (enum op op = 0; op < OP_COUNT; op++) {
		struct bed bed;
		if (!is_plain(op) || is_refused(op) || oj_op_info[op].arity != 1 || op == OP_ACOSH)
			continue;
		open_bed(&bed);
		define(&bed, oj_make1(bed.p.g, op, oj_time(bed.p.g)));
		expect_exact(&bed, oj_op_info[op].text);
	}
}

Test(taylor, powers_are_right_whatever_the_exponent)
{
	static const double exponents[] = {-7, -3, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.75, 3, 6, 40, -1.5};
	for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
		for (int whole = 0; whole < 2; whole++) {
			struct bed bed;
			if (whole && exponents[i] != floor(exponents[i]))
				continue;
			open_bed(&bed);
			ojit_expr literal = oj_literal(bed.p.g, exponents[i]);
			define(&bed, whole ? oj_power(bed.p.g, bed.at[1], (int64_t)exponents[i])
			                   : oj_make2(bed.p.g, OP_POW, bed.at[1], literal));
			expect_exact(&bed, "a power");
		}
	}
}

/* A series that divides by its base would be 0/0. */
Test(taylor, whole_powers_of_zero_are_right)
{
	for (int exponent = 0; exponent < 7; exponent++) {
		struct bed bed;
		open_bed(&bed);
		define(&bed, oj_power(bed.p.g, bed.at[3], exponent));
		expect_exact(&bed, "a power of 0");
	}
}

/* ---- random expressions ---- */

static ojit_expr apply(struct graph *g, enum op op, ojit_expr a)
{
	return oj_make1(g, op, a);
}

static ojit_expr above(struct graph *g, double by, ojit_expr a)
{
	ojit_expr literal = oj_literal(g, by);
	return oj_make2(g, OP_ADD, literal, a);
}

/* An operator on `a` and `b` that is defined and tame wherever they are. */
static ojit_expr combine(struct graph *g, uint64_t which, ojit_expr a, ojit_expr b)
{
	static const enum op tame[] = {OP_SIN, OP_COS, OP_TANH, OP_ATAN, OP_SIGMOID, OP_SOFTPLUS, OP_ERF, OP_ASINH, OP_NEG};
	static const enum op shy[] = {OP_LOG, OP_SQRT, OP_CBRT, OP_LOG1P, OP_ACOSH, OP_LOG2};
	ojit_expr positive = above(g, 2, apply(g, OP_SIN, b));
	switch (which % 9) {
	case 0:
		return oj_make2(g, OP_ADD, a, b);
	case 1:
		return oj_make2(g, OP_MUL, apply(g, OP_TANH, a), b);
	case 2:
		return oj_make2(g, OP_DIV, a, positive);
	case 3:
		return apply(g, shy[which / 9 % 6], positive);
	case 4:
		return oj_make2(g, OP_POW, positive, which / 9 % 2 ? oj_literal(g, -1.25) : apply(g, OP_COS, a));
	case 5:
		return oj_make2(g, OP_HYPOT, a, positive);
	case 6:
		return oj_make2(g, OP_ATAN2, a, positive);
	case 7:
		return apply(g, OP_EXP, apply(g, OP_SIN, a));
	default:
		return apply(g, tame[which / 9 % 9], a);
	}
}

Test(taylor, random_expressions_have_the_coefficients_that_differences_have)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct bed bed;
		uint64_t state = seed;
		ojit_expr pool[12];
		open_bed(&bed);
		memcpy(pool, bed.at, sizeof bed.at);
		for (int i = STATES; i < 12; i++) {
			ojit_expr a = pool[random_bits(&state) % (uint64_t)i], b = pool[random_bits(&state) % (uint64_t)i];
			pool[i] = combine(bed.p.g, random_bits(&state) >> 8, a, b);
		}
		define(&bed, pool[11]);
		double worst = distance(&bed);
		cr_expect_lt(worst, 1e-11, "seed %d: %g", (int)seed, worst);
		support_jit_close(&bed.p);
	}
}

/* ---- models ---- */

static const char *const models[] = {
	"init x = 0.4, y = 1.1\nlet e = exp(-x*y), f = e/(1 + x^2)\nx' = f - y\ny' = e*x - f^3 + t^2*x",
	/* all pairs */
	"const N = 5\nparam K = 0.5, w[i in 1..N] = 0.1*i\ninit θ[i in 1..N] = 0.3*i*i\n"
	"θ[i in 1..N]' = w[i] + K/N*sum(j in 1..N, sin(θ[j] - θ[i]))",
	/* all pairs but one's own, through an intermediate that is infinite there */
	"const N = 4\ninit x[i in 1..N] = sin(i), x[i in 1..N]' = 0.1*i, y[i in 1..N] = cos(2*i), y[i in 1..N]' = -0.2\n"
	"let r[i in 1..N, j in 1..N] = hypot(x[j] - x[i], y[j] - y[i])\n"
	"x[i in 1..N]'' = sum(j in 1..N if j != i, (x[j] - x[i])/r[i, j]^3)\n"
	"y[i in 1..N]'' = sum(j in 1..N if j != i, (y[j] - y[i])/r[i, j]^3)",
	/* a stencil with ends, and an intermediate array */
	"const N = 6\nparam d = 0.2\ninit u[i in 1..N] = 1 + 0.1*i, v[i in 1..N] = 2 - 0.1*i\n"
	"let r[i in 1..N] = u[i]^2*v[i]\nlet u[0] = 1, u[N+1] = 1\n"
	"u[i in 1..N]' = 1 + r[i] - 4*u[i] + d*(u[i-1] - 2*u[i] + u[i+1])\nv[i in 1..N]' = 3*u[i] - r[i]",
	/* neighbours multiplied, at the ends as well */
	"const N = 7\ninit u[i in 1..N] = sin(i)\nlet u[0] = 0.3, u[N+1] = t\n"
	"u[i in 1..N]' = u[i-1]*u[i+1] - exp(0.1*u[i])*u[i-1]",
	/* products of many with a zero among them, least and greatest */
	"const N = 4\nparam p[i in 1..N] = i\ninit x[i in 1..N] = i - 2\n"
	"x[i in 1..N]' = prod(j in 1..N, x[j])*0.1 + min(j in 1..N, (x[j] - 0.3*p[i])^2) - "
	"max(j in 1..N, x[j]*p[j]) + x[i]*x[1]*x[2]*p[3]*x[4]",
	/* choices */
	"param c = 2\ninit x = -0.5, y = 0.5\nx' = if(x > 0, sqrt(x)*y, c*y) + max(y, log(x + 1)) + abs(y - c)\n"
	"y' = min(x, y) + relu(y) + floor(7*x) + mod(x, 0.3) + mod(3, y + 1)",
	/* sums in sums, of varying length */
	"const N = 4\nparam q[i in 1..N] = 0.7*i\ninit x[i in 1..N] = 0.2*i\n"
	"x[i in 1..N]' = -x[i] + 0.1*sum(j in 1..N, q[j]*sin(x[j])*sum(m in 1..j, cos(x[m]*x[i])))",
	/* two axes, periodic */
	"const N = 4\nparam D = 0.1\ninit u[i in 1..N, j in 1..N] = sin(i + 2*j)\n"
	"u[i in 1..N, j in 1..N]' = D*(u[mod(i, N) + 1, j] + u[i, mod(j, N) + 1] - 2*u[i, j]) - u[i, j]^3",
	/* sums over all, used by all, and scalars beside families */
	"const N = 5\ninit x[i in 1..N] = 0.1*i, z = 0.5\nlet m = sum(i in 1..N, x[i]^2)/N\n"
	"x[i in 1..N]' = z - m*x[i]/(1 + m)\nz' = m*z - tanh(x[1]*z)",
	/* eight alike, which are rolled */
	"init a = 1, b = 0.9, c = 0.8, d = 0.7, e = 0.6, f = 0.5, g = 0.4, h = 0.3\n"
	"a' = -a*b/(1 + a)\nb' = -b*c/(1 + b)\nc' = -c*d/(1 + c)\nd' = -d*e/(1 + d)\ne' = -e*f/(1 + e)\n"
	"f' = -f*g/(1 + f)\ng' = -g*h/(1 + g)\nh' = -h*a/(1 + h)",
	/* nothing but constants and time */
	"init x = 1, y = 2, z = 3\nx' = 0\ny' = 2\nz' = t^3 - x",
};

struct subject {
	struct support_model m;
	struct series_truth truth;
	double d[MOST];
};

static void open_subject(struct subject *s, const char *text, int order)
{
	memset(s, 0, sizeof *s);
	support_model_open(&s->m, text, NULL);
	struct program *rhs = &s->m.lowered.programs[KERNEL_RHS], *prepare = &s->m.lowered.programs[KERNEL_PREPARE];
	struct pass_options options = {.prepare = prepare};
	for (uint32_t k = 0; oj_passes[k].name; k++) {
		cr_assert_eq(oj_passes[k].run(rhs, &options, &s->m.error), OJIT_OK);
		if (!strcmp(oj_passes[k].name, "hoist"))
			break;
	}
	support_model_start(&s->m);
	s->truth = (struct series_truth){
		.rhs = rhs, .states = s->m.lowered.lengths[FAMILY_STATES],
		.parameters = s->m.lowered.lengths[FAMILY_PARAMETERS], .derived = s->m.lowered.space.derived,
		.y = s->m.y, .p = s->m.p, .d = s->d, .t = 0.25, .order = order,
	};
	cr_assert_leq(s->truth.derived, MOST);
	if (s->truth.derived) {
		double *d = support_model_run(&s->m, KERNEL_PREPARE);
		memcpy(s->d, d, (size_t)s->truth.derived * sizeof *d);
		free(d);
	}
}

static ojit_status make(struct subject *s, struct program *made, bool fused)
{
	oj_program_init(made, &s->m.lowered.space, KERNEL_RHS);
	return oj_taylor_program(made, &s->m.lowered.programs[KERNEL_RHS], s->truth.order, fused, &s->m.error);
}

static void expect_model(const char *text, bool fused)
{
	struct subject s;
	struct program made;
	open_subject(&s, text, 9);
	size_t bytes = (size_t)((s.truth.order + 1) * s.truth.states) * sizeof(double);
	double *exact = malloc(bytes), *got = malloc(bytes);
	support_series(&s.truth, exact);
	cr_assert_eq(make(&s, &made, fused), OJIT_OK, "%s\n%s", text, oj_error_public(&s.m.error).text);
	support_series_run(&made, &s.truth, got);
	double worst = support_series_distance(&s.truth, got, exact);
	cr_expect_lt(worst, 1e-12, "%g:\n%s", worst, text);
	oj_program_drop(&made);
	support_model_close(&s.m);
	free(exact);
	free(got);
}

Test(taylor, models_have_the_coefficients_that_differences_have)
{
	for (size_t i = 0; i < sizeof models / sizeof *models; i++)
		expect_model(models[i], i % 2);
}

/* ---- the stage ---- */

static void hold_dump(const char *text)
{
	ojit_context *fresh = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(fresh);
	struct space space;
	struct program program;
	struct oj_error error;
	struct text again;
	char *dump;
	oj_error_init(&error, fresh);
	oj_text_init(&again, fresh);
	ojit_model_read_text(model, text, strlen(text), NULL);
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "taylor", &dump), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(oj_space_init(&space, fresh), OJIT_OK);
	cr_assert_eq(oj_program_read(&space, &program, dump, &error), OJIT_OK, "%s", oj_text_get(&error.message));
	oj_program_print(&program, &again);
	cr_expect_str_eq(dump, oj_text_get(&again));
	ojit_text_free(fresh, dump);
	oj_text_drop(&again);
	oj_program_drop(&program);
	oj_space_drop(&space);
	oj_error_drop(&error);
	ojit_model_free(model);
	ojit_context_free(fresh);
}

Test(taylor, coefficients_are_dumped_as_a_text_that_reads_back)
{
	hold_dump("init x = 1, y = 0\nx' = y*sin(t)\ny' = -x/(1 + y^2)\nsolve rtol = 1e-3\n");
	hold_dump("const N = 5\ninit u[i in 1..N] = i\nlet s = sum(j in 1..N, u[j])\n"
	          "u[i in 1..N]' = s - sum(j in 1..N if j != i, exp(u[j] - u[i]))\n");
}
