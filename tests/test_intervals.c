/* Intervals hold what operators make of any numbers in their operands' intervals. */
#include "lib/graph/interval.h"

#include "lib/graph/interpret.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static uint64_t state;

static double uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 11) * 0x1p-53;
}

/* Of any size and sign, some whole, some 0. */
static double any_number(void)
{
	double size = exp2(floor(24 * uniform()) - 12) * uniform();
	size = uniform() < 0.1 ? floor(size) : size;
	return uniform() < 0.5 ? -size : size;
}

static struct interval any_interval(void)
{
	double lo = any_number();
	double length = uniform() < 0.1 ? 0 : fabs(any_number()) * (uniform() < 0.3 ? 1e-15 : 1);
	return (struct interval){lo, lo + length};
}

static double inside(struct interval a)
{
	double at = uniform(), x = at < 0.1 ? a.lo : at > 0.9 ? a.hi : a.lo + uniform() * (a.hi - a.lo);
	return fmin(fmax(x, a.lo), a.hi);
}

static bool holds(struct interval a, double x)
{
	return isnan(x) ? isnan(a.lo) || (a.lo == -HUGE_VAL && a.hi == HUGE_VAL) : a.lo <= x && x <= a.hi;
}

/* INSTR and MATH operators of numbers; random ones are of integers. */
static bool is_tried(enum op op)
{
	const struct op_info *info = &oj_op_info[op];
	return (info->way == WAY_INSTR || info->way == WAY_MATH) && op != OP_UNIFORM && op != OP_NORMAL;
}

static void try_once(enum op op)
{
	uint32_t arity = oj_op_info[op].arity == MANY ? 3 : (uint32_t)oj_op_info[op].arity;
	struct interval operands[4];
	double x[4];
	for (uint32_t k = 0; k < arity; k++)
		operands[k] = any_interval();
	struct interval value = oj_interval_evaluate(op, operands, arity);
	for (int n = 0; n < 20; n++) {
		for (uint32_t k = 0; k < arity; k++)
			x[k] = inside(operands[k]);
		double y = oj_evaluate_many(op, x, arity);
		cr_expect(holds(value, y), "%s(%.17g, %.17g) = %.17g is not in %.17g .. %.17g", oj_op_info[op].text, x[0],
		          arity > 1 ? x[1] : 0, y, value.lo, value.hi);
	}
}

Test(intervals, hold_the_values_of_all_operators)
{
	state = 1;
	for (int op = 0; op < OP_COUNT; op++)
		for (int n = 0; is_tried((enum op)op) && n < 1000; n++)
			try_once((enum op)op);
}

Test(intervals, comparisons_are_sure_of_what_holds_everywhere)
{
	static const enum op ops[] = {OP_LT, OP_LE, OP_EQ, OP_NE};
	state = 2;
	for (int n = 0; n < 4000; n++) {
		struct interval a = any_interval(), b = uniform() < 0.2 ? a : any_interval();
		for (int o = 0; o < 4; o++)
			for (int k = 0; k < 10; k++) {
				double x = inside(a), y = inside(b);
				bool is = ops[o] == OP_LT ? x < y : ops[o] == OP_LE ? x <= y : ops[o] == OP_EQ ? x == y : x != y;
				int said = oj_interval_compare(ops[o], a, b);
				cr_expect(said == -1 || said == is, "%s of %.17g and %.17g", oj_op_info[ops[o]].text, x, y);
			}
	}
}

/* Where they say little, they would be of no use. */
Test(intervals, are_narrow_where_operators_rise_and_fall)
{
	static const enum op ops[] = {OP_EXP, OP_LOG, OP_SQRT, OP_SIN, OP_COS, OP_TAN, OP_ATAN, OP_TANH, OP_ERF, OP_COSH, OP_ABS};
	for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
		struct interval x = {1.1, 1.1001}, value = oj_interval_evaluate(ops[o], &x, 1);
		cr_expect(value.hi - value.lo < 6e-4, "%s: %g", oj_op_info[ops[o]].text, value.hi - value.lo);
	}
}
