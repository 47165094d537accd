/* See support_counts.h. */
#include "tests/support_counts.h"

#include "lib/graph/cost.h"
#include "lib/graph/domain.h"

#include <criterion/criterion.h>
#include <string.h>

struct counter {
	const struct plan *plan;
	const struct space *space;
	int64_t index[LEVELS];
};

static double operations_of(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	if (oj_op_info[n->op].type == INTEGER || oj_op_info[n->op].way == WAY_LEAF || n->op == OP_NEG || n->op == OP_ITOF)
		return 0;
	return oj_node_cost(g, e);
}

/* Does what is done in the loop depend on where it is?  Only ranges of sums can. */
static bool is_even(const struct counter *c, uint32_t r)
{
	for (uint32_t inner = r + 1; inner < c->plan->regions.count; inner++) {
		const struct region *region = &c->plan->regions.at[inner];
		if (!region->reduction)
			continue;
		const ojit_expr *o = oj_operands(&c->space->graph, region->members.at[0].node);
		uint32_t levels = oj_node(&c->space->graph, o[REDUCE_LO])->levels | oj_node(&c->space->graph, o[REDUCE_END])->levels;
		if (levels >> c->plan->regions.at[r].level & 1)
			return false;
	}
	return true;
}

static double count_steps(struct counter *c, uint32_t r);

static double count_loop(struct counter *c, uint32_t r)
{
	const struct region *region = &c->plan->regions.at[r];
	int64_t lo, end;
	double sum = 0;
	if (region->reduction) {
		const ojit_expr *o = oj_operands(&c->space->graph, region->members.at[0].node);
		lo = oj_integer_at(c->space, o[REDUCE_LO], c->index);
		end = oj_integer_at(c->space, o[REDUCE_END], c->index);
	} else {
		lo = c->plan->block->lo[region->level];
		end = c->plan->block->end[region->level];
	}
	if (end <= lo)
		return 0;
	int64_t *at = &c->index[region->level], outside = *at;
	bool even = is_even(c, r);
	for (*at = lo; *at < (even ? lo + 1 : end); ++*at)
		sum += count_steps(c, r) + (double)region->members.count;
	*at = outside;
	return even ? sum * (double)(end - lo) : sum;
}

static double count_steps(struct counter *c, uint32_t r)
{
	const struct region *region = &c->plan->regions.at[r];
	double sum = 0;
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE)
			sum += operations_of(&c->space->graph, step->node);
		else if (step->kind == STEP_REGION)
			sum += count_loop(c, step->region);
	}
	return sum;
}

double support_count(const struct program *program)
{
	double sum = 0;
	for (size_t b = 0; b < program->blocks.count; b++) {
		struct plan plan;
		struct counter counter = {.plan = &plan, .space = program->space};
		cr_assert_eq(oj_plan_init(&plan, program->space, &program->blocks.at[b]), OJIT_OK);
		sum += count_steps(&counter, 0);
		oj_plan_drop(&plan);
	}
	return sum;
}

void support_counted_open(struct support_counted *c, ojit_model *model)
{
	memset(c, 0, sizeof *c);
	c->model = model;
	oj_error_init(&c->error, model->context);
	ojit_compile_options options = ojit_compile_options_default();
	cr_assert_eq(oj_settings(&options, &c->settings, &c->error), OJIT_OK);
	cr_assert_eq(oj_compile(model, &c->settings, 0, NULL, &c->lowered, &c->error), OJIT_OK, "%s",
	             oj_error_public(&c->error).text);
}

double support_counted_rhs(struct support_counted *c)
{
	return support_count(&c->lowered.programs[KERNEL_RHS]);
}

double support_counted_variant(struct support_counted *c, const struct variant *variant)
{
	struct program made;
	struct pattern pattern = {0};
	struct space space;
	cr_assert_eq(oj_space_copy(&space, &c->lowered.space), OJIT_OK);
	oj_program_init(&made, &space, KERNEL_RHS);
	cr_assert_eq(oj_derive(&made, &c->lowered, &c->settings, variant, &pattern, &c->error), OJIT_OK, "%s",
	             oj_error_public(&c->error).text);
	cr_assert_eq(oj_finish_variant(&made, variant->kind, &c->settings, &c->error), OJIT_OK);
	double count = support_count(&made);
	oj_program_drop(&made);
	oj_space_drop(&space);
	oj_pattern_drop(&pattern, c->model->context);
	return count;
}

void support_counted_close(struct support_counted *c)
{
	ojit_context *context = c->model->context;
	oj_lowered_drop(&c->lowered);
	oj_error_drop(&c->error);
	ojit_model_free(c->model);
	ojit_context_free(context);
}
