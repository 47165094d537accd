/* See support_jit.h. */
#include "tests/support_jit.h"

#include "lib/graph/interpret.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SETS = 8, PAGE = 4096 };

/* ---------------------------------------------------------------- building */

void support_jit_open(struct support_program *p)
{
	support_jit_open_with(p, NULL);
}

void support_jit_open_with(struct support_program *p, const ojit_allocator *allocator)
{
	memset(p, 0, sizeof *p);
	p->context = ojit_context_new(allocator);
	oj_error_init(&p->error, p->context);
	cr_assert_eq(oj_backend_open(p->context, &p->backend, &p->error), OJIT_OK, "%s",
	             oj_text_get(&p->error.message));
	cr_assert_eq(oj_space_init(&p->space, p->context), OJIT_OK);
	oj_program_init(&p->program, &p->space, KERNEL_RHS);
	p->g = &p->space.graph;
}

void support_jit_close(struct support_program *p)
{
	oj_program_drop(&p->program);
	oj_space_drop(&p->space);
	oj_error_drop(&p->error);
	ojit_counters counters = ojit_context_counters(p->context);
	cr_expect_eq(counters.live_bytes, 0, "%zu bytes leaked", (size_t)counters.live_bytes);
	cr_expect_eq(counters.live_code, 0);
	ojit_context_free(p->context);
}

uint32_t support_jit_matrix(struct support_program *p, enum array_role role, int64_t base0, int64_t extent0,
                            int64_t base1, int64_t extent1)
{
	const int64_t base[] = {base0, base1}, extent[] = {extent0, extent1};
	uint32_t array = oj_space_array(&p->space, "m", role, 2, base, extent, p->used[role]);
	p->used[role] += extent0 * extent1;
	return array;
}

uint32_t support_jit_array(struct support_program *p, enum array_role role, int64_t base, int64_t extent)
{
	uint32_t array = oj_space_array(&p->space, "a", role, 1, &base, &extent, p->used[role]);
	p->used[role] += extent;
	return array;
}

uint32_t support_jit_table(struct support_program *p, int64_t base, int64_t extent, const int32_t *values)
{
	return oj_space_table(&p->space, "n", 1, &base, &extent, values);
}

ojit_expr support_jit_load1(struct support_program *p, uint32_t array, ojit_expr index)
{
	return oj_load(p->g, array, 1, &index);
}

ojit_expr support_jit_load2(struct support_program *p, uint32_t array, ojit_expr i, ojit_expr j)
{
	const ojit_expr indices[] = {i, j};
	return oj_load(p->g, array, 2, indices);
}

ojit_expr support_jit_table1(struct support_program *p, uint32_t table, ojit_expr index)
{
	return oj_table(p->g, table, 1, &index);
}

struct block *support_jit_scalar(struct support_program *p)
{
	return oj_program_block(&p->program, 0, NULL, NULL, 0);
}

struct block *support_jit_line(struct support_program *p, int64_t lo, int64_t end)
{
	return oj_program_block(&p->program, 1, &lo, &end, 0);
}

struct block *support_jit_plane(struct support_program *p, int64_t lo0, int64_t end0, int64_t lo1, int64_t end1)
{
	const int64_t lo[] = {lo0, lo1}, end[] = {end0, end1};
	return oj_program_block(&p->program, 2, lo, end, 0);
}

void support_jit_store1(struct support_program *p, struct block *block, uint32_t array, ojit_expr value,
                        ojit_expr index)
{
	cr_assert_neq(value, 0);
	cr_assert(oj_block_store(&p->space, block, array, value, &index));
}

void support_jit_store2(struct support_program *p, struct block *block, uint32_t array, ojit_expr value,
                        ojit_expr i, ojit_expr j)
{
	const ojit_expr indices[] = {i, j};
	cr_assert_neq(value, 0);
	cr_assert(oj_block_store(&p->space, block, array, value, indices));
}

ojit_expr support_jit_reduce(struct support_program *p, enum reduction_kind kind, enum reduction_order order,
                             unsigned level, ojit_expr lo, ojit_expr end, ojit_expr body)
{
	struct reduction reduction = {.kind = (uint8_t)kind, .order = (uint8_t)order, .level = (uint16_t)level};
	return oj_reduce(p->g, reduction, oj_literal(p->g, oj_reduction_identity(kind, false)), lo, end, body);
}

/* ---------------------------------------------------------------- memory with fences */

struct fenced {
	unsigned char *map;
	size_t pages;
	double *at;
};

/* `count` doubles that end (or begin) where nothing can be read. */
static struct fenced fence(int64_t count, bool at_end)
{
	size_t bytes = (size_t)count * sizeof(double);
	struct fenced f = {.pages = (bytes + PAGE - 1) / PAGE};
	f.map = mmap(NULL, (f.pages + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(f.map != MAP_FAILED);
	if (f.pages)
		cr_assert_eq(mprotect(f.map + PAGE, f.pages * PAGE, PROT_READ | PROT_WRITE), 0);
	f.at = (double *)(f.map + PAGE + (at_end ? f.pages * PAGE - bytes : 0));
	return f;
}

static void unfence(struct fenced f)
{
	munmap(f.map, (f.pages + 2) * PAGE);
}

/* ---------------------------------------------------------------- inputs */

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

static double hard_number(uint64_t bits)
{
	static const double hard[] = {
		0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0x1p52, 0x1p52 + 1, -0x1p51 - 0.5, 0x1p53,
		0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 1e-300, 1e300,
		INFINITY, -INFINITY, NAN, 3.141592653589793, -1.5707963267948966, 1e5, -1e22, 0.49999999999999994,
		709.7, -745.2, 170.6, -0.3,
	};
	return hard[bits % (sizeof hard / sizeof *hard)];
}

/* Element k of role r of input set s. */
static double input(enum inputs inputs, int role, int64_t k, int set)
{
	uint64_t bits = scramble((uint64_t)k * 1000003u + (uint64_t)role * 7919u + (uint64_t)set * 104729u + 1);
	if (inputs == INPUTS_HARD && bits >> 32 & 1)
		return hard_number(bits);
	return (double)(int64_t)bits * 0x1p-62;
}

/* ---------------------------------------------------------------- running */

/* One call: arrays of all roles, per lane or shared. */
struct call {
	struct fenced role[ROLE_COUNT], time;
	struct kernel_args args;
};

static bool is_shared(unsigned uniform, int role)
{
	return uniform >> role & 1;
}

/* `scratch`: doubles a lane.  First input set `set`; lane l has set + l, but what is shared
 * has set 0. */
static void open_call(struct call *c, const struct support_program *p, int lanes, unsigned uniform, int set,
                      int64_t scratch, enum inputs inputs, bool at_end)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		int copies = is_shared(uniform, r) ? 1 : lanes;
		int64_t count = r == ROLE_TEMP ? scratch : p->used[r];
		c->role[r] = fence(count * copies, at_end);
		for (int64_t k = 0; k < count; k++)
			for (int l = 0; l < copies; l++)
				c->role[r].at[k * copies + l] =
					input(inputs, r, k, is_shared(uniform, r) ? 0 : set + l);
	}
	int copies = is_shared(uniform, ROLE_COUNT) ? 1 : lanes;
	c->time = fence(copies, at_end);
	for (int l = 0; l < copies; l++)
		c->time.at[l] = input(INPUTS_PLAIN, ROLE_COUNT, 0, is_shared(uniform, ROLE_COUNT) ? 0 : set + l);
	c->args = (struct kernel_args){
		.t = c->time.at, .y = c->role[ROLE_STATE].at, .p = c->role[ROLE_PARAMETER].at,
		.d = c->role[ROLE_DERIVED].at, .z = c->role[ROLE_DISCRETE].at, .seed = c->role[ROLE_SEED].at,
		.out = c->role[ROLE_OUT].at, .scratch = c->role[ROLE_TEMP].at,
		.data = p->space.data.at, .tables = p->space.table_data.at, .env = oj_math_table(),
	};
}

static void close_call(struct call *c)
{
	for (int r = 0; r < ROLE_COUNT; r++)
		unfence(c->role[r]);
	unfence(c->time);
}

static bool same_bits(double a, double b)
{
	return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

/* The interpreter's outputs for input sets 0 .. SETS-1: expected[set * count + k]. */
static void interpret(struct support_program *p, unsigned uniform, enum inputs inputs, double *expected)
{
	struct interpreter *interpreter;
	cr_assert_eq(oj_interpreter_new(&p->program, &interpreter), OJIT_OK);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	for (int set = 0; set < SETS; set++) {
		struct call c;
		open_call(&c, p, 1, 0, set, kernel.scratch, inputs, true);
		for (int r = 0; r < ROLE_COUNT; r++)
			for (int64_t k = 0; is_shared(uniform, r) && r != ROLE_TEMP && k < p->used[r]; k++)
				c.role[r].at[k] = input(inputs, r, k, 0);
		if (is_shared(uniform, ROLE_COUNT))
			c.time.at[0] = input(INPUTS_PLAIN, ROLE_COUNT, 0, 0);
		oj_kernel_bind(&kernel, &c.args);
		kernel.run(&c.args);
		memcpy(expected + set * p->used[ROLE_OUT], c.role[ROLE_OUT].at,
		       (size_t)p->used[ROLE_OUT] * sizeof(double));
		close_call(&c);
	}
	oj_interpreter_free(interpreter);
}

ojit_status support_jit_translate(struct support_program *p, const struct target *target,
                                  struct object *object)
{
	oj_error_clear(&p->error);
	return p->backend->translate(&p->program, target, object, NULL, NULL, &p->error);
}

static const char *describe(const char *name, const struct target *t)
{
	static char text[160];
	snprintf(text, sizeof text, "%s, %d lanes %s, level %d, %s, shared %x, modules of %zu", name, t->lanes,
	         t->axis == LANES_MAP ? "along a map" : "of an ensemble", t->level, t->cpu ? t->cpu : "this cpu",
	         t->uniform, t->module);
	return text;
}

static void run_and_compare(struct support_program *p, const char *name, const struct target *t,
                            void (*entry)(const struct kernel_args *), enum inputs inputs,
                            const double *expected, bool at_end)
{
	int lanes = t->axis == LANES_ENSEMBLE ? t->lanes : 1;
	int64_t count = p->used[ROLE_OUT], wrong = 0;
	struct call c;
	open_call(&c, p, lanes, t->uniform, 0, p->program.scratch, inputs, at_end);
	entry(&c.args);
	for (int64_t k = 0; k < count && !wrong; k++)
		for (int l = 0; l < lanes && !wrong; l++) {
			double got = c.role[ROLE_OUT].at[k * lanes + l], want = expected[l * count + k];
			wrong += !same_bits(got, want);
			cr_expect(!wrong, "%s: element %d of lane %d is %a, interpreted %a", describe(name, t), (int)k,
			          l, got, want);
		}
	close_call(&c);
}

static void check_target(struct support_program *p, const char *name, const struct target *t,
                         enum inputs inputs, const double *expected)
{
	struct object object;
	struct code *code;
	void (*entry)(const struct kernel_args *);
	cr_assert_eq(support_jit_translate(p, t, &object), OJIT_OK, "%s: %s", describe(name, t),
	             oj_text_get(&p->error.message));
	cr_assert_eq(p->backend->load(p->context, &object, &code, &entry, &p->error), OJIT_OK, "%s: %s",
	             describe(name, t), oj_text_get(&p->error.message));
	run_and_compare(p, name, t, entry, inputs, expected, true);
	run_and_compare(p, name, t, entry, inputs, expected, false);
	p->backend->unload(p->context, code);
	oj_memory_put(p->context, object.bytes, object.size);
}

/* On processors without FMA only what does not need it. */
static bool needs_fma(const struct support_program *p)
{
	for (ojit_expr e = 1; e < p->g->nodes.count; e++)
		if (oj_is(p->g, e, OP_FMA))
			return true;
	return false;
}

static void check_processors(struct support_program *p, const char *name, enum inputs inputs,
                             const double *expected)
{
	static const char *const cpus[] = {"x86-64", "x86-64-v2", "x86-64-v3"};
	for (int i = needs_fma(p) ? 2 : 0; i < 3; i++) {
		if (i == 2 && !__builtin_cpu_supports("avx2"))
			return;
		struct target t = {.lanes = 2 << i, .level = 2, .cpu = cpus[i]};
		check_target(p, name, &t, inputs, expected);
	}
}

void support_jit_agree(struct support_program *p, const char *name, enum inputs inputs)
{
	cr_assert_not(p->g->failed);
	cr_assert_eq(oj_program_layout(&p->program), OJIT_OK);
	size_t size = sizeof(double) * (size_t)(SETS * p->used[ROLE_OUT]);
	double *expected = malloc(size);
	interpret(p, 0, inputs, expected);
	for (int lanes = 1; lanes <= 8; lanes *= 2)
		for (int level = 0; level <= 2; level += 2) {
			check_target(p, name, &(struct target){.lanes = lanes, .level = level}, inputs, expected);
			check_target(p, name, &(struct target){.lanes = lanes, .level = level, .axis = LANES_ENSEMBLE},
			             inputs, expected);
		}
	check_target(p, name, &(struct target){.lanes = 4, .level = LEVEL_AUTOMATIC, .module = 1, .threads = 2}, inputs,
	             expected);
	check_processors(p, name, inputs, expected);
	const unsigned shared = 1u << ROLE_PARAMETER | 1u << ROLE_DERIVED | 1u << ROLE_COUNT;
	interpret(p, shared, inputs, expected);
	for (int lanes = 2; lanes <= 8; lanes *= 2)
		check_target(p, name, &(struct target){.lanes = lanes, .level = 2, .axis = LANES_ENSEMBLE,
		                                       .uniform = shared}, inputs, expected);
	free(expected);
}
