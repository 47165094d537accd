/* Forgetting nodes between passes changes nothing but their numbers. */
#include "lib/graph/compact.h"
#include "lib/graph/passes.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 60 };

struct made {
	ojit_context *context;
	struct space space;
	struct program program, prepare;
	struct oj_error error;
};

static void make(struct made *m, uint64_t seed)
{
	*m = (struct made){.context = ojit_context_new(NULL)};
	oj_error_init(&m->error, m->context);
	cr_assert(eq(int, oj_space_init(&m->space, m->context), OJIT_OK));
	random_program(&m->space, &m->program, seed);
	oj_program_init(&m->prepare, &m->space, KERNEL_PREPARE);
}

static void drop(struct made *m)
{
	oj_program_drop(&m->program);
	oj_program_drop(&m->prepare);
	oj_space_drop(&m->space);
	oj_error_drop(&m->error);
	ojit_context_free(m->context);
}

static void compact(struct made *m)
{
	struct program nothing = {0}, *programs[] = {&m->program, &nothing, &m->prepare};
	cr_assert(eq(int, oj_space_compact(&m->space, programs, 3), OJIT_OK));
}

static char *print(const struct program *program)
{
	struct text text;
	oj_text_init(&text, program->space->context);
	oj_program_print(program, &text);
	char *copy = strdup(oj_text_get(&text));
	oj_text_drop(&text);
	return copy;
}

Test(passes_compact, what_is_left_prints_the_same_and_has_no_node_too_many)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct made m;
		struct pass_options options = {0};
		make(&m, seed);
		oj_pass_simplify(&m.program, &options, &m.error);
		char *before = print(&m.program);
		compact(&m);
		char *after = print(&m.program);
		cr_expect(eq(str, before, after), "seed %d", (int)seed);
		size_t nodes = m.space.graph.nodes.count;
		compact(&m);
		cr_expect(eq(sz, m.space.graph.nodes.count, nodes));
		cr_expect(m.space.graph.nodes.chunks.count <= nodes / NODE_CHUNK + 1);
		free(before);
		free(after);
		drop(&m);
	}
}

Test(passes_compact, nodes_that_are_made_again_are_found)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct made m;
		make(&m, seed);
		compact(&m);
		struct graph *g = &m.space.graph;
		for (ojit_expr e = 1, count = (ojit_expr)g->nodes.count; e < count; e++) {
			ojit_expr operands[64];
			uint32_t arity = oj_node(g, e)->arity;
			if (arity == 0 || arity > 64)
				continue;
			memcpy(operands, oj_operands(g, e), arity * sizeof *operands);
			cr_assert(eq(u32, oj_remake(g, e, operands), e), "seed %d, node %u", (int)seed, e);
			cr_assert(eq(sz, g->nodes.count, count));
		}
		drop(&m);
	}
}

/* All passes, with or without forgetting after each. */
static ojit_status bring(struct made *m, bool forget)
{
	struct pass_options options = {.prepare = &m->prepare, .partition = 5};
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		TRY(pass->run(&m->program, &options, &m->error));
		if (forget)
			compact(m);
	}
	TRY(oj_pass_expand(&m->prepare, &options, &m->error));
	return oj_program_layout(&m->prepare);
}

Test(passes_compact, passes_come_to_the_same_numbers_with_forgetting_in_between)
{
	static struct vectors plain, tidied;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct made a, b;
		make(&a, seed);
		make(&b, seed);
		ojit_status status = bring(&a, false);
		cr_assert(eq(int, bring(&b, true), status));
		random_vectors(&plain, seed);
		tidied = plain;
		if (status == OJIT_OK) {
			interpreter_run(&a.prepare, &plain);
			interpreter_run(&a.program, &plain);
			interpreter_run(&b.prepare, &tidied);
			interpreter_run(&b.program, &tidied);
			cr_expect(eq(int, first_difference(plain.out, tidied.out, VECTOR_LENGTH), -1), "seed %d", (int)seed);
		}
		drop(&a);
		drop(&b);
	}
}

Test(passes_compact, a_graph_with_little_to_gain_is_left_alone)
{
	struct made m;
	make(&m, 1);
	struct program *programs[] = {&m.program, &m.prepare};
	oj_literal(&m.space.graph, 0.123456789);
	size_t nodes = m.space.graph.nodes.count;
	cr_expect(eq(int, oj_space_tidy(&m.space, programs, 2), OJIT_OK));
	cr_expect(eq(sz, m.space.graph.nodes.count, nodes));
	drop(&m);
}
