/* Every operator that yields a number, as a program, on hard arguments: what the
 * interpreter makes of it is within the row's bound of MPFR, and machine code of
 * every lane count and level makes the same bits of it. */
#include "jit/backend.h"
#include "lib/graph/interpret.h"
#include "lib/graph/passes.h"
#include "tests/support_arguments.h"
#include "tests/support_jit.h"
#include "tests/support_mpfr.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PRECISION = 200, COUNT = 6000 };

/* One operator over all its arguments: out[i] = op(a[i], b[i], ...). */
struct trial {
	struct support_program p;
	const char *text;
	enum op op;
	int arity;
	int64_t exponent; /* POWI */
	double bound;
	size_t count;
	double (*arguments)[SUPPORT_OPERANDS];
	double *states, *expected, *got; /* [arity * count], [count], [count] */
};

static void fill_arguments(struct trial *t)
{
	double(*all)[SUPPORT_OPERANDS] = malloc(SUPPORT_ARGUMENTS * sizeof *all);
	size_t count = support_arguments(t->text, t->arity, all), stride = count / COUNT + 1;
	t->arguments = malloc((count / stride + 1) * sizeof *t->arguments);
	t->count = 0;
	for (size_t k = 0; k < count; k += stride)
		memcpy(t->arguments[t->count++], all[k], sizeof *all);
	free(all);
	t->states = malloc((size_t)t->arity * t->count * sizeof(double));
	t->expected = malloc(t->count * sizeof(double));
	t->got = malloc(t->count * sizeof(double));
	for (int a = 0; a < t->arity; a++)
		for (size_t k = 0; k < t->count; k++)
			t->states[(size_t)a * t->count + k] = t->arguments[k][a];
}

static void build(struct trial *t)
{
	struct support_program *p = &t->p;
	support_jit_open(p);
	ojit_expr i = oj_index(p->g, 0), operands[SUPPORT_OPERANDS];
	for (int a = 0; a < t->arity; a++)
		operands[a] = support_jit_load1(p, support_jit_array(p, ROLE_STATE, 0, (int64_t)t->count), i);
	ojit_expr value = t->op == OP_POWI ? oj_power(p->g, operands[0], t->exponent)
	                                   : oj_make(p->g, t->op, (uint32_t)t->arity, operands);
	uint32_t out = support_jit_array(p, ROLE_OUT, 0, (int64_t)t->count);
	support_jit_store1(p, support_jit_line(p, 0, (int64_t)t->count), out, value, i);
	struct pass_options options = {.law = LAW_EXACT};
	cr_assert_eq(oj_pass_expand(&p->program, &options, &p->error), OJIT_OK);
	cr_assert_eq(oj_program_layout(&p->program), OJIT_OK);
}

static void run(struct trial *t, void (*entry)(const struct kernel_args *), const void *env, int64_t scratch, double *out)
{
	double zero = 0, *work = malloc((size_t)(scratch + 1) * sizeof *work);
	struct kernel_args args = {.t = &zero, .y = t->states, .out = out, .scratch = work, .env = env,
	                           .data = t->p.space.data.at, .tables = t->p.space.table_data.at};
	entry(&args);
	free(work);
}

static bool same(double a, double b)
{
	return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

/* The interpreter, by MPFR. */
static void judge(struct trial *t)
{
	struct interpreter *interpreter;
	cr_assert_eq(oj_interpreter_new(&t->p.program, &interpreter), OJIT_OK);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	run(t, kernel.run, kernel.env, kernel.scratch, t->expected);
	oj_interpreter_free(interpreter);
	mpfr_t exact;
	mpfr_init2(exact, PRECISION);
	int complaints = 0;
	for (size_t k = 0; k < t->count; k++) {
		double operands[SUPPORT_OPERANDS];
		memcpy(operands, t->arguments[k], sizeof operands);
		if (t->op == OP_POWI)
			operands[1] = (double)t->exponent;
		cr_assert(support_mpfr_apply(exact, t->text, operands, t->op == OP_POWI ? 2 : t->arity));
		double ulps = support_mpfr_ulps(t->expected[k], exact);
		bool flushed = t->exponent < 0 && t->expected[k] == 0 && fabs(mpfr_get_d(exact, MPFR_RNDN)) < 0x1p-1022;
		if (ulps > t->bound && !flushed && complaints++ < 5)
			cr_expect(0, "%s(%a, %a) = %a, not %a: %g ulp, the bound is %g", t->text, operands[0],
			          operands[1], t->expected[k], mpfr_get_d(exact, MPFR_RNDN), ulps, t->bound);
	}
	mpfr_clear(exact);
}

static void compare_code(struct trial *t, int lanes, int level)
{
	struct support_program *p = &t->p;
	struct target target = {.lanes = lanes, .axis = LANES_MAP, .level = level};
	struct object object = {0};
	struct code *code;
	void (*entry)(const struct kernel_args *);
	cr_assert_eq(p->backend->translate(&p->program, &target, &object, NULL, NULL, &p->error), OJIT_OK,
	             "%s: %s", t->text, oj_error_public(&p->error).text);
	cr_assert_eq(p->backend->load(p->context, &object, &code, &entry, &p->error), OJIT_OK);
	oj_memory_put(p->context, object.bytes, object.size);
	run(t, entry, oj_math_table(), p->program.scratch, t->got);
	p->backend->unload(p->context, code);
	for (size_t k = 0; k < t->count; k++)
		if (!same(t->got[k], t->expected[k])) {
			cr_expect(0, "%s(%a, %a) is %a interpreted and %a in %d lanes at level %d", t->text,
			          t->arguments[k][0], t->arguments[k][1], t->expected[k], t->got[k], lanes, level);
			return;
		}
}

static void try_operator(enum op op, int64_t exponent, double bound)
{
	const struct op_info *info = &oj_op_info[op];
	struct trial t = {.text = info->text, .op = op, .arity = info->arity == MANY ? 2 : info->arity,
	                  .exponent = exponent, .bound = bound};
	fill_arguments(&t);
	build(&t);
	judge(&t);
	for (int lanes = 1; lanes <= t.p.backend->lanes(); lanes *= 2)
		for (int level = 0; level <= 2; level += 2)
			compare_code(&t, lanes, level);
	support_jit_close(&t.p);
	free(t.arguments), free(t.states), free(t.expected), free(t.got);
}

static void try_rows(enum way way)
{
	int tried = 0;
	for (int op = 0; op < OP_COUNT; op++)
		if (oj_op_info[op].way == way && op != OP_POWI) {
			try_operator((enum op)op, 0, oj_op_info[op].bound);
			tried++;
		}
	cr_assert_gt(tried, 5);
}

Test(operators, that_are_instructions_are_within_their_bound_in_interpreter_and_code)
{
	try_rows(WAY_INSTR);
}

Test(operators, that_are_functions_are_within_their_bound_in_interpreter_and_code)
{
	try_rows(WAY_MATH);
}

Test(operators, made_of_others_are_within_their_bound_in_interpreter_and_code)
{
	try_rows(WAY_EXPAND);
}

/* As derived in ops.def. */
static double bound_of_power(int64_t n)
{
	if (n < -1)
		return (double)-n + 2;
	return n == -1 ? 0.5 : n <= 1 ? 0 : (double)n - 1.5;
}

Test(operators, integer_powers_are_within_the_bound_of_their_roundings)
{
	static const int64_t exponents[] = {-7, -2, -1, 0, 1, 2, 3, 4, 5, 7, 12, 31, 64};
	for (size_t k = 0; k < sizeof exponents / sizeof *exponents; k++)
		try_operator(OP_POWI, exponents[k], bound_of_power(exponents[k]));
}
