/* Derivatives of operators against differences of the operators themselves, both in
 * MPFR at so many bits that a wrong formula cannot hide; and the rules at the edges,
 * in double as they are computed. */
#include "lib/graph/partial.h"

#include "lib/graph/passes.h"

#include "tests/support_mpfr.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { BITS = 600, STEP = 150, ARGUMENTS = 4, POINTS = 40 };

static ojit_context *context;
static struct space space;
static uint32_t array;
static ojit_expr operands[ARGUMENTS];

static void setup(void)
{
	int64_t base = 0, extent = ARGUMENTS;
	context = ojit_context_new(NULL);
	cr_assert_eq(oj_space_init(&space, context), OJIT_OK);
	array = oj_space_array(&space, "y", ROLE_STATE, 1, &base, &extent, 0);
	for (int k = 0; k < ARGUMENTS; k++) {
		ojit_expr index = oj_integer(&space.graph, k);
		operands[k] = oj_load(&space.graph, array, 1, &index);
	}
}

static void teardown(void)
{
	oj_space_drop(&space);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

TestSuite(partials, .init = setup, .fini = teardown);

/* ---- the higher truth: expressions over the operands, node by node ---- */

static void exact(mpfr_ptr result, ojit_expr e, mpfr_t *at)
{
	const struct graph *g = &space.graph;
	const struct node *n = oj_node(g, e);
	mpfr_t values[4];
	mpfr_srcptr pointers[4];
	if (n->op == OP_LOAD) {
		mpfr_set(result, at[oj_node(g, oj_operands(g, e)[0])->integer], MPFR_RNDN);
		return;
	}
	if (n->op == OP_LITERAL || n->op == OP_TRUE || n->op == OP_FALSE) {
		mpfr_set_d(result, n->op == OP_LITERAL ? n->real : n->op == OP_TRUE, MPFR_RNDN);
		return;
	}
	uint32_t count = n->arity;
	for (uint32_t i = 0; i < 4; i++) {
		mpfr_init2(values[i], BITS);
		pointers[i] = values[i];
		if (i < count)
			exact(values[i], oj_operands(g, e)[i], at);
	}
	if (n->op == OP_POWI)
		mpfr_set_si(values[count++], (long)n->integer, MPFR_RNDN);
	mpfr_operator f = oj_mpfr_find(oj_op_info[n->op].text);
	cr_assert(f, "%s", oj_op_info[n->op].text);
	f(result, pointers, (int)count);
	for (int i = 0; i < 4; i++)
		mpfr_clear(values[i]);
}

static void difference(mpfr_ptr result, ojit_expr e, uint32_t slot, mpfr_t *at)
{
	mpfr_t step, low;
	mpfr_inits2(BITS, step, low, (mpfr_ptr)0);
	mpfr_set_ui_2exp(step, 1, -STEP, MPFR_RNDN);
	mpfr_sub(at[slot], at[slot], step, MPFR_RNDN);
	exact(low, e, at);
	mpfr_mul_2ui(step, step, 1, MPFR_RNDN);
	mpfr_add(at[slot], at[slot], step, MPFR_RNDN);
	exact(result, e, at);
	mpfr_sub(result, result, low, MPFR_RNDN);
	mpfr_div(result, result, step, MPFR_RNDN);
	mpfr_div_2ui(step, step, 1, MPFR_RNDN);
	mpfr_sub(at[slot], at[slot], step, MPFR_RNDN);
	mpfr_clears(step, low, (mpfr_ptr)0);
}

/* What the rule gives, as a number. */
static void by_rule(mpfr_ptr result, struct partial partial, mpfr_t *at)
{
	mpfr_set_ui(result, 0, MPFR_RNDN);
	if (partial.kind != PARTIAL_ZERO)
		exact(result, partial.e, at);
}

/* ---- where operators are differentiable ---- */

static void domain(enum op op, double *low, double *high)
{
	*low = -3, *high = 3;
	switch (op) {
	case OP_ASIN: case OP_ACOS: case OP_ATANH:
		*low = -0.99, *high = 0.99;
		break;
	case OP_ACOSH:
		*low = 1.01, *high = 5;
		break;
	case OP_LOG: case OP_LOG2: case OP_LOG10: case OP_SQRT: case OP_POW:
		*low = 0.01, *high = 5;
		break;
	case OP_GAMMA: case OP_LGAMMA: case OP_DIGAMMA:
		*low = -4.9, *high = 12;
		break;
	case OP_LOG1P:
		*low = -0.99;
		break;
	default:
		break;
	}
}

static double random_between(double low, double high)
{
	static uint64_t state = 42;
	return low + (high - low) * ((double)(random_bits(&state) >> 11) * 0x1p-53);
}

static void hold(ojit_expr e, uint32_t slot, mpfr_t *at)
{
	mpfr_t want, got;
	struct partial partial = oj_partial(&space.graph, e, slot);
	cr_assert_neq(partial.kind, PARTIAL_MISSING);
	cr_assert(partial.kind == PARTIAL_ZERO || partial.e);
	mpfr_inits2(BITS, want, got, (mpfr_ptr)0);
	difference(want, e, slot, at);
	by_rule(got, partial, at);
	mpfr_sub(got, got, want, MPFR_RNDN);
	double error = fabs(mpfr_get_d(got, MPFR_RNDN)), size = fabs(mpfr_get_d(want, MPFR_RNDN));
	/* Literals of the rules are doubles. */
	cr_expect_leq(error, 2e-16 * size + 1e-60, "%s, operand %u at %.17g %.17g: off by %g of %g",
	              oj_op_info[oj_node(&space.graph, e)->op].text, slot, mpfr_get_d(at[0], MPFR_RNDN),
	              mpfr_get_d(at[1], MPFR_RNDN), error, size);
	mpfr_clears(want, got, (mpfr_ptr)0);
}

static void hold_everywhere(ojit_expr e, uint32_t arity)
{
	double low, high;
	mpfr_t at[ARGUMENTS];
	domain(oj_node(&space.graph, e)->op, &low, &high);
	for (int k = 0; k < ARGUMENTS; k++)
		mpfr_init2(at[k], BITS);
	for (int point = 0; point < POINTS; point++) {
		for (int k = 0; k < ARGUMENTS; k++)
			mpfr_set_d(at[k], random_between(low, high), MPFR_RNDN);
		for (uint32_t slot = 0; slot < arity; slot++)
			hold(e, slot, at);
	}
	for (int k = 0; k < ARGUMENTS; k++)
		mpfr_clear(at[k]);
}

static bool is_function(enum op op)
{
	const struct op_info *info = &oj_op_info[op];
	return info->type == REAL && info->way != WAY_LEAF && info->arity > 0 && op != OP_POWI;
}

static bool has_no_derivative(enum op op)
{
	return op == OP_TRIGAMMA;
}

Test(partials, rules_are_the_limits_of_differences)
{
	for (int op = 0; op < OP_COUNT; op++) {
		if (!is_function(op) || op == OP_UNIFORM || op == OP_NORMAL || has_no_derivative(op))
			continue;
		ojit_expr e = oj_make(&space.graph, op, (uint32_t)oj_op_info[op].arity, operands);
		hold_everywhere(e, (uint32_t)oj_op_info[op].arity);
	}
}

Test(partials, sums_products_and_powers_have_theirs)
{
	for (uint32_t arity = 2; arity <= ARGUMENTS; arity++) {
		hold_everywhere(oj_make(&space.graph, OP_ADD, arity, operands), arity);
		hold_everywhere(oj_make(&space.graph, OP_MUL, arity, operands), arity);
	}
	for (int64_t n = -5; n <= 7; n++)
		if (n != 0)
			hold_everywhere(oj_power(&space.graph, operands[0], n), 1);
}

Test(partials, every_operator_has_rules_or_is_known_to_have_none)
{
	for (int op = 0; op < OP_COUNT; op++) {
		if (!is_function(op))
			continue;
		ojit_expr e = oj_make(&space.graph, op, (uint32_t)oj_op_info[op].arity, operands);
		for (int slot = 0; slot < oj_op_info[op].arity; slot++) {
			bool missing = oj_partial(&space.graph, e, (uint32_t)slot).kind == PARTIAL_MISSING;
			cr_expect_eq(missing, has_no_derivative(op), "%s, operand %d", oj_op_info[op].text, slot);
		}
	}
}

/* Everything that a rule is written in has rules of its own. */
static bool has_second(enum op op, uint32_t slot)
{
	const struct graph *g = &space.graph;
	struct expr_list list = {0};
	struct partial partial = oj_partial(&space.graph, oj_make(&space.graph, op, (uint32_t)oj_op_info[op].arity, operands), slot);
	bool all = partial.kind != PARTIAL_MISSING;
	if (partial.kind == PARTIAL_FACTOR)
		cr_assert(oj_reach(g, &partial.e, 1, false, &list));
	for (size_t k = 0; k < list.list.count; k++) {
		ojit_expr e = list.list.at[k];
		for (uint32_t i = 0; is_function(oj_node(g, e)->op) && i < oj_node(g, e)->arity; i++)
			all &= oj_partial(&space.graph, e, i).kind != PARTIAL_MISSING;
	}
	VECTOR_DROP(context, &list.list);
	return all;
}

Test(partials, every_operator_of_models_but_digamma_and_trigamma_has_second_derivatives)
{
	for (int op = 0; op < OP_COUNT; op++)
		for (int slot = 0; is_function(op) && slot < oj_op_info[op].arity; slot++)
			cr_expect_eq(has_second(op, (uint32_t)slot), op != OP_DIGAMMA && op != OP_TRIGAMMA, "%s, operand %d",
			             oj_op_info[op].text, slot);
}

/* ---- edges, in double ---- */

static double in_double(ojit_expr e, const double *y)
{
	struct program program;
	static struct vectors vectors;
	int64_t base = 0, extent = 1;
	ojit_expr zero = oj_integer(&space.graph, 0);
	uint32_t out = oj_space_array(&space, "out", ROLE_OUT, 1, &base, &extent, 0);
	oj_program_init(&program, &space, KERNEL_RHS);
	struct block *block = oj_program_block(&program, 0, NULL, NULL, 0);
	oj_block_store(&space, block, out, e, &zero);
	struct oj_error error;
	oj_error_init(&error, context);
	cr_assert_eq(oj_pass_expand(&program, &(struct pass_options){0}, &error), OJIT_OK);
	memcpy(vectors.y, y, ARGUMENTS * sizeof *y);
	interpreter_run(&program, &vectors);
	oj_error_drop(&error);
	oj_program_drop(&program);
	return vectors.out[0];
}

static double at_edge(enum op op, uint32_t slot, double a, double b)
{
	ojit_expr e = oj_make(&space.graph, op, (uint32_t)oj_op_info[op].arity, operands);
	struct partial partial = oj_partial(&space.graph, e, slot);
	if (partial.kind == PARTIAL_ZERO)
		return 0;
	ojit_expr value = partial.e;
	if (partial.kind == PARTIAL_CHOICE)
		value = oj_where(&space.graph, partial.e, oj_literal(&space.graph, 1));
	return in_double(value, (double[ARGUMENTS]){a, b});
}

Test(partials, edges_follow_the_stated_rules)
{
	const struct {
		enum op op;
		uint32_t slot;
		double a, b, want;
	} edges[] = {
		{OP_ABS, 0, 0, 0, 0}, {OP_ABS, 0, -0.0, 0, 0}, {OP_SIGN, 0, 0, 0, 0},
		{OP_FLOOR, 0, 2, 0, 0}, {OP_CEIL, 0, 2, 0, 0}, {OP_ROUND, 0, 0.5, 0, 0},
		{OP_MIN, 0, 1, 1, 1}, {OP_MIN, 1, 1, 1, 0}, {OP_MAX, 0, 1, 1, 1}, {OP_MAX, 1, 1, 1, 0},
		{OP_RELU, 0, 0, 0, 0}, {OP_SQRT, 0, 0, 0, INFINITY}, {OP_CBRT, 0, 0, 0, INFINITY},
		{OP_HYPOT, 0, 0, 0, 0}, {OP_HYPOT, 1, 0, 0, 0}, {OP_ATAN2, 0, 0, 0, 0}, {OP_ATAN2, 1, 0, 0, 0},
		{OP_POW, 0, 0, 0, 0}, {OP_POW, 0, 0, 1, 1}, {OP_POW, 0, 0, 2, 0}, {OP_POW, 0, -2, 3, 12},
		{OP_POW, 0, 0, 1.5, 0}, {OP_POW, 0, 0, 0.5, INFINITY}, {OP_POW, 1, 0, 2, 0}, {OP_POW, 1, 0, 0.5, 0},
		{OP_POW, 1, 0, 0, -INFINITY}, {OP_POW, 1, 0, -1, -INFINITY}, {OP_POW, 0, 0, -1, -INFINITY},
		{OP_LOG1P, 0, -1, 0, INFINITY}, {OP_LOG, 0, 0, 0, INFINITY},
		{OP_HEAVISIDE, 0, 0, 0.5, 0}, {OP_HEAVISIDE, 1, 0, 0.5, 1}, {OP_HEAVISIDE, 1, 1, 0.5, 0},
		{OP_MOD, 0, 4, 2, 1}, {OP_MOD, 1, 4, 2, -2},
		{OP_ATAN, 0, 1e200, 0, 0}, {OP_ATAN2, 0, 1e200, 1e200, 5e-201}, {OP_TANH, 0, 400, 0, 0},
		{OP_SOFTPLUS, 0, 800, 0, 1}, {OP_SIGMOID, 0, 800, 0, 0}, {OP_SIGMOID, 0, -800, 0, 0},
		{OP_ASINH, 0, 1e200, 0, 1e-200}, {OP_ACOSH, 0, 1, 0, INFINITY},
	};
	for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
		double got = at_edge(edges[k].op, edges[k].slot, edges[k].a, edges[k].b);
		cr_expect(got == edges[k].want || fabs(got - edges[k].want) <= 1e-15 * fabs(edges[k].want),
		          "%s, operand %u at %g %g: %g instead of %g", oj_op_info[edges[k].op].text,
		          edges[k].slot, edges[k].a, edges[k].b, got, edges[k].want);
	}
}

Test(partials, a_strong_product_forgets_what_has_no_part)
{
	ojit_expr product = oj_times_strong(&space.graph, operands[0], operands[1]);
	cr_expect_eq(in_double(product, (double[ARGUMENTS]){0, INFINITY}), 0);
	cr_expect_eq(in_double(product, (double[ARGUMENTS]){-0.0, NAN}), 0);
	cr_expect_eq(in_double(product, (double[ARGUMENTS]){2, 3}), 6);
	cr_expect(isnan(in_double(product, (double[ARGUMENTS]){NAN, 3})));
}
