/* Every rule of simplify holds under the law it states: each is tried on all
 * operands of a pool, and what it gives is compared with what it was given, on
 * zeros of both signs, infinities, nan, subnormal and huge numbers. */
#include "lib/graph/passes.h"
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

static const double samples[] = {0.0, -0.0, 1.0, -1.0, 0.75, -3.5, 4.0, 5e-324, -2e-310, DBL_MIN, 1e308, -DBL_MAX,
                                 INFINITY, -INFINITY, NAN};
enum { SAMPLES = sizeof samples / sizeof *samples, POOL = 32 };

struct pool {
	ojit_expr at[POOL];
	int count;
};

struct court {
	struct bench bench;
	struct graph *g;
	struct pool pools[3]; /* by type */
	uint32_t x, out;
	int applied; /* operands the rule at hand took */
};

static void add(struct court *c, ojit_expr e)
{
	struct pool *pool = &c->pools[oj_type(c->g, e)];
	cr_assert(e && pool->count < POOL);
	pool->at[pool->count++] = e;
}

static void court_open(struct court *c)
{
	static const double literals[] = {0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, 0.125, 1e-320, INFINITY, NAN};
	int64_t base = 1, two = 2;
	memset(c, 0, sizeof *c);
	bench_open(&c->bench, NULL);
	c->g = &c->bench.space.graph;
	c->x = oj_space_array(&c->bench.space, "x", ROLE_STATE, 1, &base, &two, 0);
	c->out = oj_space_array(&c->bench.space, "out", ROLE_OUT, 1, &base, &two, 0);
	ojit_expr one = oj_integer(c->g, 1), other = oj_integer(c->g, 2), i0 = oj_index(c->g, 0);
	ojit_expr a = oj_load(c->g, c->x, 1, &one), b = oj_load(c->g, c->x, 1, &other);
	for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
		add(c, oj_literal(c->g, literals[i]));
	add(c, a);
	add(c, b);
	add(c, oj_make1(c->g, OP_NEG, a));
	add(c, oj_make1(c->g, OP_ABS, a));
	add(c, oj_make(c->g, OP_TRUE, 0, NULL));
	add(c, oj_make(c->g, OP_FALSE, 0, NULL));
	ojit_expr less = oj_make2(c->g, OP_LT, a, b);
	add(c, less);
	add(c, oj_make1(c->g, OP_NOT, less));
	add(c, oj_make2(c->g, OP_EQ, a, b));
	add(c, one);
	add(c, other);
	add(c, i0);
	add(c, oj_integer_offset(c->g, i0, 1));
}

/* A truth value as a number, so that it can be stored. */
static ojit_expr as_number(struct court *c, ojit_expr e)
{
	if (oj_type(c->g, e) == REAL)
		return e;
	cr_assert_eq(oj_type(c->g, e), TRUTH);
	return oj_make3(c->g, OP_IF, e, oj_literal(c->g, 1), oj_literal(c->g, 2));
}

static void evaluate(struct court *c, ojit_expr e, double a, double b, double *values)
{
	struct vectors vectors = {.t = 0.5, .y = {a, b}};
	struct program program;
	int64_t lo = 1, end = 3;
	ojit_expr index = oj_index(c->g, 0);
	oj_program_init(&program, &c->bench.space, KERNEL_RHS);
	struct block *block = oj_program_block(&program, 1, &lo, &end, 0);
	cr_assert(oj_block_store(&c->bench.space, block, c->out, as_number(c, e), &index));
	naive_run(&program, &vectors);
	oj_program_drop(&program);
	memcpy(values, vectors.out, 2 * sizeof *values);
}

static bool holds(enum law law, double before, double after, double a, double b)
{
	bool finite = isfinite(a) && isfinite(b) && isfinite(before);
	switch (law) {
	case LAW_EXACT:
		return first_difference(&before, &after, 1) < 0;
	case LAW_FINITE:
		return !finite || before == after;
	case LAW_REAL:
		return !finite || fabs(before - after) <= 4 * DBL_EPSILON * fabs(before) + 4 * DBL_MIN * DBL_EPSILON;
	}
	return false;
}

/* A literal nan or inf is not among the numbers FINITE and REAL speak of. */
static bool has_nonfinite_literal(struct court *c, const ojit_expr *operands, uint32_t arity)
{
	for (uint32_t i = 0; i < arity; i++)
		if (oj_is(c->g, operands[i], OP_LITERAL) && !isfinite(oj_node(c->g, operands[i])->real))
			return true;
	return false;
}

static void try_rule(struct court *c, const struct rule *rule, ojit_expr like)
{
	ojit_expr operands[4];
	struct node n = *oj_node(c->g, like);
	if (n.op != rule->op) /* the maker folded it */
		return;
	memcpy(operands, oj_operands(c->g, like), n.arity * sizeof *operands);
	ojit_expr gives = rule->apply(c->g, &n, operands);
	if (!gives || (rule->law != LAW_EXACT && has_nonfinite_literal(c, operands, n.arity)))
		return;
	c->applied++;
	for (int i = 0; i < SAMPLES; i++)
		for (int k = 0; k < SAMPLES; k++) {
			double before[2], after[2];
			evaluate(c, like, samples[i], samples[k], before);
			evaluate(c, gives, samples[i], samples[k], after);
			for (int point = 0; point < 2; point++)
				cr_assert(holds(rule->law, before[point], after[point], samples[i], samples[k]),
				          "%s on %s(%u, %u, ...), x = %a, %a: %a becomes %a", rule->name, oj_op_info[n.op].text,
				          operands[0], operands[n.arity > 1], samples[i], samples[k], before[point], after[point]);
		}
}

static enum type type_of_operand(enum op op, int i)
{
	switch (op) {
	case OP_ITOF: case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE:
		return INTEGER;
	case OP_NOT: case OP_AND: case OP_OR:
		return TRUTH;
	default:
		return op == OP_IF && i == 0 ? TRUTH : REAL;
	}
}

static void try_operands(struct court *c, const struct rule *rule, int arity)
{
	ojit_expr o[3] = {0};
	int counts[3] = {1, 1, 1};
	for (int i = 0; i < arity; i++)
		counts[i] = c->pools[type_of_operand(rule->op, i)].count;
	for (int i = 0; i < counts[0]; i++)
		for (int j = 0; j < counts[1]; j++)
			for (int k = 0; k < counts[2]; k += arity == 3 ? 3 : 1) {
				int at[3] = {i, j, k};
				for (int s = 0; s < arity; s++)
					o[s] = c->pools[type_of_operand(rule->op, s)].at[at[s]];
				try_rule(c, rule, oj_make(c->g, rule->op, (uint32_t)arity, o));
			}
}

static void try_powers(struct court *c, const struct rule *rule)
{
	for (int i = 0; i < c->pools[REAL].count; i++)
		for (int exponent = -2; exponent <= 2; exponent++)
			try_rule(c, rule, oj_power(c->g, c->pools[REAL].at[i], exponent));
}

static void try_reductions(struct court *c, const struct rule *rule)
{
	ojit_expr i0 = oj_index(c->g, 0), ends[] = {oj_integer(c->g, 1), oj_integer(c->g, 3), i0};
	for (int kind = REDUCE_SUM; kind <= REDUCE_MAX; kind++)
		for (int range = 0; range < 9; range++)
			for (int i = 0; i < c->pools[REAL].count; i++) {
				struct reduction r = {.kind = (uint8_t)kind, .order = (uint8_t)(i % 2), .level = 1};
				ojit_expr identity = oj_literal(c->g, oj_reduction_identity(kind, true));
				ojit_expr start = c->pools[REAL].at[i], body = i % 3 ? identity : c->pools[REAL].at[(i * 5) % 14];
				try_rule(c, rule, oj_reduce(c->g, r, start, ends[range / 3], ends[range % 3], body));
			}
}

Test(passes_laws, every_rule_applies_somewhere_and_holds_under_its_law, .timeout = 200)
{
	for (size_t r = 0; r < oj_rule_count; r++) {
		const struct rule *rule = &oj_rules[r];
		struct court c;
		court_open(&c);
		int arity = oj_op_info[rule->op].arity;
		if (rule->op == OP_REDUCE)
			try_reductions(&c, rule);
		else if (rule->op == OP_POWI)
			try_powers(&c, rule);
		else if (arity == MANY)
			try_operands(&c, rule, 2), try_operands(&c, rule, 3);
		else
			try_operands(&c, rule, arity);
		cr_expect(c.applied > 0, "rule %s of %s was never applied", rule->name, oj_op_info[rule->op].text);
		bench_close(&c.bench);
	}
}

Test(passes_laws, simplify_uses_no_rule_beyond_the_law_asked_for)
{
	static const char text[] = "program rhs\narray x state at 0\narray dx out at 0\nblock\n  %1 = load x\n"
	                           "  %2 = add 0 %1\n  store dx = %2\n";
	for (enum law law = LAW_EXACT; law <= LAW_REAL; law++) {
		struct bench bench;
		struct pass_options options = {.law = law};
		bench_open(&bench, text);
		bench_pass(&bench, &bench.program, "simplify", options);
		enum op op = oj_node(&bench.space.graph, bench.program.blocks.at[0].stores.at[0].value)->op;
		cr_expect_eq(op, law == LAW_EXACT ? OP_ADD : OP_LOAD);
		bench_close(&bench);
	}
}
