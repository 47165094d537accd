/* Every operator as machine code, in all lane counts and both lane axes, gives the
 * interpreter's bits on plain and on hard arguments. */
#include "tests/support_jit.h"

#include <criterion/criterion.h>
#include <string.h>

enum { POINTS = 37 };

/* out[i] = op(y[i], p[i], z[i], y[i] * p[i]) over a line, out2 the same of first elements. */
static void build_operator(struct support_program *p, enum op op, uint32_t arity)
{
	uint32_t y = support_jit_array(p, ROLE_STATE, 1, POINTS), q = support_jit_array(p, ROLE_PARAMETER, 1, POINTS);
	uint32_t z = support_jit_array(p, ROLE_DISCRETE, 1, POINTS), out = support_jit_array(p, ROLE_OUT, 1, POINTS);
	uint32_t one = support_jit_array(p, ROLE_OUT, 1, 1);
	ojit_expr indices[] = {oj_index(p->g, 0), oj_integer(p->g, 3)};
	struct block *blocks[2];
	for (int b = 0; b < 2; b++) {
		ojit_expr i = indices[b], operands[4];
		operands[0] = support_jit_load1(p, y, i);
		operands[1] = support_jit_load1(p, q, i);
		operands[2] = support_jit_load1(p, z, i);
		operands[3] = oj_make2(p->g, OP_MUL, operands[0], operands[1]);
		ojit_expr value = oj_make(p->g, op, arity, operands);
		if (oj_op_info[op].type == TRUTH)
			value = oj_make3(p->g, OP_IF, value, oj_literal(p->g, 1), operands[0]);
		blocks[b] = b ? support_jit_scalar(p) : support_jit_line(p, 1, POINTS + 1);
		support_jit_store1(p, blocks[b], b ? one : out, value, b ? oj_integer(p->g, 1) : i);
	}
}

static void check_operator(enum op op)
{
	int arity = oj_op_info[op].arity == MANY ? 4 : oj_op_info[op].arity;
	struct support_program p;
	support_jit_open(&p);
	build_operator(&p, op, (uint32_t)arity);
	support_jit_agree(&p, oj_op_info[op].text, INPUTS_PLAIN);
	support_jit_agree(&p, oj_op_info[op].text, INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_operators, instructions_agree_with_the_interpreter)
{
	for (int op = 0; op < OP_COUNT; op++)
		if (oj_op_info[op].way == WAY_INSTR)
			check_operator(op);
}

Test(jit_operators, functions_agree_with_the_interpreter)
{
	for (int op = 0; op < OP_COUNT; op++)
		if (oj_op_info[op].way == WAY_MATH)
			check_operator(op);
}

Test(jit_operators, comparisons_agree_with_the_interpreter)
{
	for (int op = OP_LT; op <= OP_NE; op++)
		check_operator(op);
}

Test(jit_operators, comparisons_of_indices_and_connectives_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t y = support_jit_array(&p, ROLE_STATE, 0, 20);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	for (int op = OP_ILT; op <= OP_INE; op++) {
		uint32_t out = support_jit_matrix(&p, ROLE_OUT, 0, 11, 0, 13);
		struct block *block = support_jit_plane(&p, 0, 11, 0, 13);
		ojit_expr a = oj_make2(g, op, i, j), b = oj_make2(g, op, j, oj_integer(g, 6));
		ojit_expr c = oj_make2(g, OP_LT, support_jit_load1(&p, y, i), support_jit_load1(&p, y, j));
		ojit_expr both = oj_make2(g, OP_AND, a, c);
		ojit_expr any = oj_make2(g, OP_OR, both, oj_make1(g, OP_NOT, b));
		ojit_expr always = oj_make2(g, OP_OR, any, oj_make(g, OP_TRUE, 0, NULL));
		ojit_expr never = oj_make2(g, OP_AND, any, oj_make(g, OP_FALSE, 0, NULL));
		ojit_expr parts[] = {
			oj_make3(g, OP_IF, any, oj_literal(g, 1), support_jit_load1(&p, y, j)),
			oj_make3(g, OP_IF, always, oj_literal(g, 10), oj_literal(g, 20)),
			oj_make3(g, OP_IF, never, oj_literal(g, 100), oj_literal(g, 200)),
		};
		support_jit_store2(&p, block, out, oj_make(g, OP_ADD, 3, parts), i, j);
	}
	support_jit_agree(&p, "conditions on indices", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_operators, sums_of_negatives_and_long_products_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t y = support_jit_array(&p, ROLE_STATE, 0, 30), out = support_jit_array(&p, ROLE_OUT, 0, 30);
	uint32_t more = support_jit_array(&p, ROLE_OUT, 0, 30);
	ojit_expr i = oj_index(g, 0), a = support_jit_load1(&p, y, i);
	ojit_expr b = support_jit_load1(&p, y, oj_integer_offset(g, oj_integer_scale(g, i, -1), 29));
	ojit_expr c = oj_time(g), negative_a = oj_make1(g, OP_NEG, a), negative_c = oj_make1(g, OP_NEG, c);
	ojit_expr first[] = {negative_a, b, negative_c, a}, second[] = {negative_a, negative_c, b};
	ojit_expr third[] = {b, negative_c, a, negative_a, c};
	struct block *block = support_jit_line(&p, 0, 30);
	ojit_expr sums[] = {oj_make(g, OP_ADD, 4, first), oj_make(g, OP_ADD, 3, second)};
	support_jit_store1(&p, block, out, oj_make(g, OP_MUL, 2, sums), i);
	support_jit_store1(&p, block, more, oj_make(g, OP_MUL, 5, third), i);
	support_jit_agree(&p, "negatives", INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_operators, fma_is_refused_by_name_where_there_is_none)
{
	struct support_program p;
	support_jit_open(&p);
	build_operator(&p, OP_FMA, 3);
	struct target target = {.lanes = 2, .level = 2, .cpu = "x86-64"};
	struct object object;
	cr_assert_eq(support_jit_translate(&p, &target, &object), OJIT_UNSUPPORTED);
	cr_expect(strstr(oj_text_get(&p.error.message), "fma"));
	cr_expect_null(object.bytes);
	support_jit_close(&p);
}

Test(jit_operators, no_operation_is_contracted)
{
	struct support_program p;
	support_jit_open(&p);
	build_operator(&p, OP_MUL, 4);
	struct graph *g = p.g;
	uint32_t y = support_jit_array(&p, ROLE_STATE, 0, 16), out = support_jit_array(&p, ROLE_OUT, 0, 16);
	ojit_expr i = oj_index(g, 0), a = support_jit_load1(&p, y, i);
	ojit_expr square = oj_make2(g, OP_MUL, a, a);
	support_jit_store1(&p, support_jit_line(&p, 0, 16), out, oj_make2(g, OP_ADD, square, oj_time(g)), i);
	struct text text;
	oj_text_init(&text, p.context);
	for (int lanes = 1; lanes <= 8; lanes *= 2) {
		struct target target = {.lanes = lanes, .level = 2};
		cr_assert_eq(p.backend->translate(&p.program, &target, NULL, "asm", &text, &p.error), OJIT_OK);
	}
	cr_expect(strstr(oj_text_get(&text), "mul"));
	cr_expect_null(strstr(oj_text_get(&text), "fmadd"));
	cr_expect_null(strstr(oj_text_get(&text), "fmsub"));
	oj_text_drop(&text);
	support_jit_close(&p);
}
