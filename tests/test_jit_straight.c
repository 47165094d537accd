/* Straight code in several modules: whatever it is cut into, at whatever levels, by
 * however many threads, it computes the same thing, and what goes wrong in one module
 * is told as if there were no others. */
#include "tests/support_allocator.h"
#include "tests/support_jit.h"

#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATES = 40 };

/* A value of so many operations: constants, scattered loads, calls, choices. */
static ojit_expr mixture(struct support_program *p, uint32_t y, int seed, int operations, ojit_expr e)
{
	static const enum op ops[] = {OP_ADD, OP_MUL, OP_ADD, OP_MUL, OP_DIV, OP_MAX, OP_ADD, OP_MUL};
	struct graph *g = p->g;
	for (int k = 0; k < operations; k++) {
		ojit_expr other = support_jit_load1(p, y, oj_integer(g, (seed * 7 + k * 11) % STATES));
		if (k % 13 == 5)
			e = oj_make1(g, OP_SIN, e);
		else if (k % 17 == 6)
			other = oj_make2(g, OP_MUL, other, oj_literal(g, 0.1 * k + seed));
		e = oj_make2(g, ops[(k + seed) % 8], e, other);
	}
	return e;
}

/* Scalar blocks of which each reads the one before, and one loop among them. */
static void build(struct support_program *p, int blocks, int operations)
{
	struct graph *g = p->g;
	uint32_t y = support_jit_array(p, ROLE_STATE, 0, STATES), out = support_jit_array(p, ROLE_OUT, 0, blocks);
	uint32_t between = support_jit_array(p, ROLE_TEMP, 0, blocks), all = support_jit_array(p, ROLE_OUT, 0, STATES);
	ojit_expr e = support_jit_load1(p, y, oj_integer(g, 3));
	for (int b = 0; b < blocks; b++) {
		struct block *block = support_jit_scalar(p);
		ojit_expr here = oj_integer(g, b), value = mixture(p, y, b, operations, e);
		support_jit_store1(p, block, between, value, here);
		support_jit_store1(p, block, out, value, here);
		e = support_jit_load1(p, between, here);
		if (b == blocks / 2) {
			ojit_expr i = oj_index(g, 0), sum = oj_make2(g, OP_ADD, support_jit_load1(p, y, i), e);
			support_jit_store1(p, support_jit_line(p, 0, STATES), all, oj_make1(g, OP_COS, sum), i);
		}
	}
	cr_assert_eq(oj_program_layout(&p->program), OJIT_OK);
}

static struct object translated(struct support_program *p, struct target target)
{
	struct object object;
	cr_assert_eq(support_jit_translate(p, &target, &object), OJIT_OK, "%s", oj_text_get(&p->error.message));
	return object;
}

static bool same_objects(struct support_program *p, struct target a, struct target b)
{
	struct object x = translated(p, a), y = translated(p, b);
	bool same = x.size == y.size && !memcmp(x.bytes, y.bytes, x.size);
	oj_memory_put(p->context, x.bytes, x.size);
	oj_memory_put(p->context, y.bytes, y.size);
	return same;
}

Test(jit_straight, joined_pieces_agree_with_the_interpreter)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 9, 25);
	support_jit_agree(&p, "nine blocks around a loop", INPUTS_PLAIN);
	support_jit_agree(&p, "nine blocks around a loop", INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_straight, no_byte_depends_on_the_number_of_threads)
{
	static const int levels[] = {0, 2, LEVEL_AUTOMATIC}, threads[] = {2, 3, 8, 100};
	struct support_program p;
	support_jit_open(&p);
	build(&p, 14, 20);
	for (int l = 0; l < 3; l++)
		for (int t = 0; t < 4; t++) {
			struct target one = {.lanes = 2, .level = levels[l], .module = t % 2 ? 1 : 150}, more = one;
			more.threads = threads[t];
			cr_expect(same_objects(&p, one, more), "level %d, %d threads", levels[l], threads[t]);
		}
	support_jit_close(&p);
}

/* The loop is optimised in any case. */
Test(jit_straight, straight_code_is_optimised_where_the_wait_is_short)
{
	static const struct { int blocks, operations; bool optimised; } cases[] = {{4, 60, true}, {40, 120, false}};
	for (int k = 0; k < 2; k++) {
		struct support_program p;
		support_jit_open(&p);
		build(&p, cases[k].blocks, cases[k].operations);
		struct target chosen = {.lanes = 2, .level = LEVEL_AUTOMATIC}, full = {.lanes = 2, .level = 2};
		struct target none = {.lanes = 2};
		cr_expect_eq(same_objects(&p, chosen, full), cases[k].optimised);
		cr_expect_not(same_objects(&p, chosen, none));
		support_jit_close(&p);
	}
}

/* Nothing but straight code is all of one level. */
Test(jit_straight, only_what_is_neither_short_nor_long_is_optimised)
{
	static const struct { int operations, level; } cases[] = {{3, 0}, {200, 2}, {3000, 0}};
	for (int k = 0; k < 3; k++) {
		struct support_program p;
		support_jit_open(&p);
		uint32_t y = support_jit_array(&p, ROLE_STATE, 0, STATES), out = support_jit_array(&p, ROLE_OUT, 0, 1);
		ojit_expr e = mixture(&p, y, 1, cases[k].operations, oj_time(p.g));
		support_jit_store1(&p, support_jit_scalar(&p), out, e, oj_integer(p.g, 0));
		struct target chosen = {.lanes = 2, .level = LEVEL_AUTOMATIC}, fixed = {.lanes = 2, .level = cases[k].level};
		cr_expect(same_objects(&p, chosen, fixed), "%d operations", cases[k].operations);
		support_jit_close(&p);
	}
}

/* Numbers one behind the other, with gaps, and from one array's end to the next one's beginning. */
static void fill(struct support_program *p, int count)
{
	struct graph *g = p->g;
	uint32_t y = support_jit_array(p, ROLE_STATE, 0, STATES);
	uint32_t arrays[2];
	for (int k = 0; k < 2; k++)
		arrays[k] = support_jit_array(p, ROLE_OUT, 0, 16);
	struct block *block = support_jit_scalar(p);
	for (int k = 0; k < count; k++) {
		if (k % 8 == 5)
			continue;
		ojit_expr load = support_jit_load1(p, y, oj_integer(g, k % 5)), value = load;
		if (k % 3 == 1)
			value = oj_make1(g, OP_NEG, load);
		else if (k % 7 == 2)
			value = oj_literal(g, k);
		support_jit_store1(p, block, arrays[k / 16], value, oj_integer(g, k % 16));
	}
}

static int count_of(const char *text, const char *what)
{
	int count = 0;
	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

Test(jit_straight, neighbours_are_stored_two_at_a_time_where_stores_are_what_takes_the_time)
{
	for (int count = 21; count <= 32; count += 11) {
		struct support_program p;
		support_jit_open(&p);
		fill(&p, count);
		support_jit_agree(&p, "numbers one behind the other", INPUTS_HARD);
		for (int level = 0; level <= 2; level += 2) {
			struct target target = {.lanes = 2, .level = level, .cpu = "x86-64"};
			struct text text;
			oj_text_init(&text, p.context);
			cr_assert_eq(p.backend->translate(&p.program, &target, NULL, "asm", &text, &p.error), OJIT_OK);
			cr_expect_geq(count_of(oj_text_get(&text), "\tmovup"), count * 3 / 8 - 1, "%s", oj_text_get(&text));
			oj_text_drop(&text);
		}
		support_jit_close(&p);
	}
}

/* Two of the blocks have operators that no code generator knows. */
Test(jit_straight, the_first_failure_is_told_whatever_the_number_of_threads)
{
	for (int threads = 1; threads <= 8; threads *= 2) {
		struct support_program p;
		support_jit_open(&p);
		uint32_t out = support_jit_array(&p, ROLE_OUT, 0, 8);
		for (int b = 0; b < 8; b++) {
			enum op op = b == 3 ? OP_SIGMOID : b == 5 ? OP_RELU : OP_COS;
			ojit_expr value = oj_make1(p.g, op, oj_make2(p.g, OP_ADD, oj_time(p.g), oj_literal(p.g, b)));
			support_jit_store1(&p, support_jit_scalar(&p), out, value, oj_integer(p.g, b));
		}
		struct target target = {.lanes = 1, .module = 1, .threads = threads};
		struct object object;
		cr_expect_eq(support_jit_translate(&p, &target, &object), OJIT_UNSUPPORTED);
		cr_expect(strstr(oj_text_get(&p.error.message), "sigmoid"), "%s", oj_text_get(&p.error.message));
		cr_expect_null(object.bytes);
		support_jit_close(&p);
	}
}

/* Translate and load with the n-th allocation refused, wherever a thread makes it. */
static ojit_status translate_and_load(struct support_program *p)
{
	struct object object;
	struct code *code;
	void (*entry)(const struct kernel_args *);
	struct target target = {.lanes = 2, .module = 1, .threads = 2};
	ojit_status status = support_jit_translate(p, &target, &object);
	if (status != OJIT_OK)
		return status;
	status = p->backend->load(p->context, &object, &code, &entry, &p->error);
	if (status == OJIT_OK)
		p->backend->unload(p->context, code);
	oj_memory_put(p->context, object.bytes, object.size);
	return status;
}

Test(jit_straight, every_allocation_may_fail_on_any_thread)
{
	struct watched_allocator watched = {0};
	ojit_allocator allocator = watched_allocator(&watched);
	struct support_program p;
	support_jit_open_with(&p, &allocator);
	build(&p, 3, 6);
	long before = watched.live_blocks, refused = 0;
	ojit_status status = OJIT_OUT_OF_MEMORY;
	for (; status != OJIT_OK && refused < 5000; refused++) {
		watched.refuse = watched.calls + refused + 1;
		status = translate_and_load(&p);
		watched.refuse = 0;
		oj_error_clear(&p.error);
		cr_assert(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY, "%s at allocation %ld",
		          ojit_status_name(status), refused);
		cr_assert_eq(watched.live_blocks, before, "leak at allocation %ld", refused);
	}
	cr_expect_eq(status, OJIT_OK);
	cr_expect_gt(refused, 50);
	cr_expect_eq(watched.wrong_sizes, 0);
	support_jit_close(&p);
}

/* ---- through the public interface ---- */

/* Long straight equations, of which no two are alike. */
static char *long_text(int equations)
{
	char *text = malloc((size_t)equations * 400 + 100), *at = text;
	unsigned dice = 1;
	for (int k = 0; k < equations; k++) {
		at += sprintf(at, "init x%d = 0.3 + %d/1000\nx%d' = 0.5", k, k, k);
		for (int term = 0; term < 12; term++) {
			static const char *const terms[] = {" + x%u*x%u", " - x%u/(2 + x%u)", " + sin(x%u - x%u)", " - x%u*x%u*t"};
			dice = dice * 1664525u + 1013904223u;
			at += sprintf(at, terms[dice >> 30], (dice >> 8) % (unsigned)equations, (dice >> 16) % (unsigned)equations);
		}
		at += sprintf(at, "\n");
	}
	return text;
}

struct evaluated {
	double *out;
	ojit_program_info info;
	ojit_counters counters;
};

static struct evaluated evaluate(const char *text, ojit_compile_options options)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	ojit_model_read_text(model, text, strlen(text), "long.ojit");
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	size_t states = ojit_program_describe(program).states;
	struct evaluated result = {.out = calloc(states, sizeof *result.out)};
	double *y = calloc(states, sizeof *y);
	cr_assert_eq(ojit_evaluator_call(evaluator, OJIT_INITIAL, 0, y, y), OJIT_OK);
	cr_assert_eq(ojit_evaluator_call(evaluator, OJIT_RHS, 0.5, y, result.out), OJIT_OK, "%s",
	             ojit_evaluator_error(evaluator).text);
	result.info = ojit_program_describe(program);
	result.counters = ojit_context_counters(context);
	free(y);
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	ojit_model_free(model);
	cr_expect_eq(ojit_context_counters(context).live_code, 0);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
	return result;
}

Test(jit_straight, long_equations_give_the_same_bits_with_any_executor_and_threads)
{
	enum { EQUATIONS = 250 };
	static const char *const without[] = {"roll"};
	char *text = long_text(EQUATIONS);
	ojit_compile_options options = ojit_compile_options_default();
	options.without = without;
	options.without_count = 1;
	cr_expect_eq(options.threads, 1);
	struct evaluated one = evaluate(text, options);
	options.threads = 3;
	struct evaluated three = evaluate(text, options);
	options.threads = 0;
	struct evaluated any = evaluate(text, options);
	options.executor = OJIT_INTERPRETER;
	struct evaluated interpreted = evaluate(text, options);
	size_t size = EQUATIONS * sizeof(double);
	cr_expect_arr_eq(one.out, three.out, size);
	cr_expect_arr_eq(one.out, any.out, size);
	cr_expect_arr_eq(one.out, interpreted.out, size);
	cr_expect_gt(one.info.code_bytes, 20000);
	cr_expect_eq(one.info.code_bytes, three.info.code_bytes);
	cr_expect_eq(one.info.compiles, three.info.compiles);
	cr_expect_eq(one.counters.compiles, three.counters.compiles);
	cr_expect_eq(one.counters.live_code, three.counters.live_code);
	free(one.out), free(three.out), free(any.out), free(interpreted.out), free(text);
}

Test(jit_straight, fewer_than_no_threads_are_refused)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, "init x = 1\nx' = -x", 18, "decay.ojit");
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program;
	options.threads = -1;
	cr_expect_eq(ojit_program_compile(model, &options, &program), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_model_error(model).message, "-1 threads"));
	cr_expect_null(program);
	ojit_model_free(model);
	ojit_context_free(context);
}
