/* See effort.h.
 *
 * Loops and what is computed in each are read off the plan (plan.h), which executors
 * follow.  Ranges that depend on outer indices are summed up over all of these. */
#include "lib/graph/effort.h"

#include "lib/graph/cost.h"
#include "lib/graph/domain.h"
#include "lib/graph/plan.h"

/* The loops around region r, its own the last; false: they are too many. */
static bool surround(const struct plan *plan, uint32_t r, const struct loop *loops, struct domain *domain)
{
	uint32_t chain[LEVELS], count = 0;
	for (; r; r = plan->regions.at[r].parent) {
		if (count == LEVELS)
			return false;
		chain[count++] = r;
	}
	domain->count = count;
	for (uint32_t k = 0; k < count; k++)
		domain->at[k] = loops[chain[count - 1 - k]];
	return true;
}

/* How often the region's steps run; points: how often those around it do. */
static double turns(const struct space *space, const struct plan *plan, uint32_t r, const struct loop *loops,
                    double points)
{
	const struct loop *loop = &loops[r];
	struct domain around;
	struct walk walk;
	int64_t lo, end;
	double sum = 0;
	if (oj_integer_value(&space->graph, loop->lo, &lo) && oj_integer_value(&space->graph, loop->end, &end))
		return end > lo ? points * (double)(end - lo) : 0;
	if (space->graph.failed || !surround(plan, plan->regions.at[r].parent, loops, &around))
		return points; /* without memory for an index, nothing is counted in the end */
	for (oj_walk_begin(&walk, space, &around); oj_walk_next(&walk);) {
		lo = oj_integer_at(space, loop->lo, walk.index);
		end = oj_integer_at(space, loop->end, walk.index);
		sum += end > lo ? (double)(end - lo) : 0;
	}
	return sum;
}

/* What is counted of a region's steps, each time that they run. */
typedef double counter(const struct space *space, const struct region *region, const void *what);

static double operations(const struct space *space, const struct region *region, const void *what)
{
	const struct graph *g = &space->graph;
	double sum = (double)region->members.count;
	(void)what;
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE)
			sum += oj_is(g, step->node, OP_REDUCE) ? 0 : oj_node_cost(g, step->node);
		sum += step->kind == STEP_STORE;
	}
	return sum;
}

/* what: the role of the array. */
static double loads(const struct space *space, const struct region *region, const void *what)
{
	const enum array_role *role = what;
	double sum = 0;
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE && oj_is(&space->graph, step->node, OP_LOAD))
			sum += space->arrays.at[oj_node(&space->graph, step->node)->ref.id].role == *role;
	}
	return sum;
}

struct counting {
	struct space *space;
	counter *counter;
	const void *what;
};

/* Parents come before their regions.  loops, points: [regions] */
static double count(const struct counting *c, const struct block *block, const struct plan *plan, struct loop *loops,
                    double *points)
{
	struct space *space = c->space;
	double sum = 0;
	for (uint32_t r = 0; r < plan->regions.count; r++) {
		const struct region *region = &plan->regions.at[r];
		struct loop *loop = &loops[r];
		loop->level = region->level < 0 ? 0 : (unsigned)region->level;
		if (r && !region->reduction) {
			loop->lo = oj_integer(&space->graph, block->lo[region->level]);
			loop->end = oj_integer(&space->graph, block->end[region->level]);
		} else if (r) {
			const ojit_expr *operands = oj_operands(&space->graph, region->members.at[0].node);
			loop->lo = operands[REDUCE_LO];
			loop->end = operands[REDUCE_END];
		}
		points[r] = r ? turns(space, plan, r, loops, points[region->parent]) : 1;
		sum += points[r] * c->counter(space, region, c->what);
	}
	return sum;
}

static double of_block(const struct counting *c, const struct block *block)
{
	struct space *space = c->space;
	struct plan plan;
	double sum = -1;
	if (oj_plan_init(&plan, space, block) != OJIT_OK)
		return -1;
	size_t room = plan.regions.count;
	struct loop *loops = oj_memory_get(space->context, room * sizeof *loops);
	double *points = oj_memory_get(space->context, room * sizeof *points);
	if (loops && points)
		sum = count(c, block, &plan, loops, points);
	oj_memory_put(space->context, loops, room * sizeof *loops);
	oj_memory_put(space->context, points, room * sizeof *points);
	oj_plan_drop(&plan);
	return sum;
}

static double of_program(const struct program *program, counter *counter, const void *what)
{
	struct counting counting = {program->space, counter, what};
	double sum = 0;
	for (size_t b = 0; b < program->blocks.count; b++) {
		double part = of_block(&counting, &program->blocks.at[b]);
		if (part < 0)
			return -1;
		sum += part;
	}
	return program->space->graph.failed ? -1 : sum;
}

double oj_program_effort(const struct program *program)
{
	return of_program(program, operations, NULL);
}

double oj_program_loads(const struct program *program, enum array_role role)
{
	return of_program(program, loads, &role);
}
