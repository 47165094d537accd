/* See cut.h.
 *
 * Functions.  Every function costs LLVM about 0.8 ms in passes that find nothing to
 * do, so consecutive blocks share one, up to a size beyond which passes that are not
 * linear show.  Measured: a stencil of nine blocks takes 12 ms in nine functions, 7 ms
 * in one.  Pass `partition` cuts blocks that are larger by themselves.
 *
 * Levels.  Loops are always worth optimising.  Straight code gains little from it and
 * waits long for it, at any size alike.  An operation takes 4 us to translate without,
 * 35 us with it.  A call takes, without and with it: random operations (bench/straight.c),
 * 10,000 of them, 4.4 and 4.2 us; the species of egfr, not rolled, 3.8 and 3.6 us; POLLU
 * 13 and 10.5 ns; sums of minima, choices and roots 0.46 and 0.40 us.  So level 2 pays
 * after 100,000 to 1,000,000 calls, few solves make as many, and the choice is by what
 * the wait is: unnoticed up to LONG nodes (20 to 40 ms), which are optimised; beyond, it
 * is not.  Neither is what is straight beside loops that take longer, as the corners of a
 * box are, or of a few turns, as its edges are, where these are many (the adjoint of the
 * Brusselator in a square is ready in 19 instead of 26 ms and takes 0.65 instead of 0.63 us), nor
 * loops of a few turns that are very long together, as straight code in three directions is, nor a program so short that LLVM's own start is most of its wait (Lorenz is
 * ready in 0.7 instead of 1.5 ms).  Taylor coefficients are wanted soon
 * and nothing of them is optimised at first: straight chains of fused multiply-adds gain 10 %
 * and wait six times as long, loops gain up to 70 % (all pairs of 100 oscillators; the outer
 * planets 30 %) and wait twice as long.
 *
 * Modules.  Blocks of one level are translated together until there are MODULE nodes,
 * which take LLVM 20 ms or more: then its start does not show, and several threads
 * have something to share. */
#include "jit/llvm/cut.h"

#include "lib/graph/cost.h"

enum {
	FUNCTION = 512, /* nodes */
	MODULE = 5000,  /* nodes */
	LONG = 1000,    /* nodes of straight code */
	VERY_LONG = 4 * LONG, /* nodes of loops of a few turns */
	SHORT = 64,     /* additions, of a whole program */
	VECTOR_LANES = 8, /* rows that are computed at once, at the most */
	BRIEF = 4,      /* turns of as many rows */
};

struct weight {
	size_t nodes;  /* stores counted as well */
	unsigned cost; /* in additions, at most SHORT + 1 */
	bool straight;
	bool brief;    /* a few turns of lanes, without loops inside: straight code is, too */
};

struct cutter {
	struct cut *cut;
	const struct program *program;
	const struct target *target;
	struct expr_list list;
	VECTOR(struct weight) weights; /* of each block */
	struct weight all;             /* nodes: of straight blocks only */
	double loops;                  /* nodes of the others, as often as they are run */
	double brief;                  /* those of brief ones among these */
	size_t brief_nodes;            /* and how many nodes brief ones have */
	uint32_t module[2];            /* being filled: without optimisation, with */
	size_t module_nodes[2], part_nodes;
};

static bool weigh(struct cutter *c, const struct block *block)
{
	const struct graph *g = &c->program->space->graph;
	struct weight w = {.nodes = block->stores.count, .straight = oj_block_points(block) == 1};
	bool inner_loops = false;
	c->list.list.count = 0;
	if (!oj_block_reach(c->program->space, block, true, &c->list))
		return false;
	w.nodes += c->list.list.count;
	for (size_t i = 0; i < c->list.list.count; i++) {
		ojit_expr e = c->list.list.at[i];
		inner_loops |= oj_is(g, e, OP_REDUCE);
		w.cost += w.cost <= SHORT ? oj_node_cost(g, e) : 0;
	}
	w.straight &= !inner_loops;
	int64_t turns = (oj_block_points(block) + VECTOR_LANES - 1) / VECTOR_LANES;
	w.brief = !inner_loops && turns <= BRIEF;
	c->loops += w.straight ? 0 : (double)w.nodes * (double)turns;
	c->brief += w.brief ? (double)w.nodes * (double)turns : 0;
	c->brief_nodes += w.brief ? w.nodes : 0;
	c->all.straight &= w.straight;
	c->all.nodes += w.straight ? w.nodes : 0;
	c->all.cost += c->all.cost <= SHORT ? w.cost : 0;
	return VECTOR_PUSH(c->cut->context, &c->weights, w);
}

static int level_of(const struct cutter *c, const struct weight *w)
{
	if (c->target->level != LEVEL_AUTOMATIC)
		return c->target->level;
	bool whole_is_short = c->all.straight && c->all.cost <= SHORT;
	bool loops_take_longer = c->loops > 2 * (double)c->all.nodes;
	bool long_edges = w->brief && c->brief_nodes > LONG &&
	                  (2 * (c->loops - c->brief) > c->brief || c->brief_nodes > VERY_LONG);
	return c->target->soon || long_edges || (w->straight && (whole_is_short || loops_take_longer || c->all.nodes > LONG)) ? 0 : 2;
}

/* The module to put so many nodes of a level into. */
static bool choose_module(struct cutter *c, int level, size_t nodes, uint32_t *module)
{
	size_t limit = c->target->module ? c->target->module : MODULE, *filled = &c->module_nodes[level > 0];
	if (c->module[level > 0] == UINT32_MAX || (*filled && *filled + nodes > limit)) {
		c->module[level > 0] = (uint32_t)c->cut->levels.count;
		*filled = 0;
		if (!VECTOR_PUSH(c->cut->context, &c->cut->levels, level))
			return false;
	}
	*filled += nodes;
	*module = c->module[level > 0];
	return true;
}

static bool place_block(struct cutter *c, size_t b)
{
	const struct weight *w = &c->weights.at[b];
	struct cut *cut = c->cut;
	uint32_t module;
	if (!choose_module(c, level_of(c, w), w->nodes, &module))
		return false;
	struct part *last = cut->parts.count ? &cut->parts.at[cut->parts.count - 1] : NULL;
	if (last && last->module == module && c->part_nodes + w->nodes <= FUNCTION) {
		last->end = b + 1;
		c->part_nodes += w->nodes;
		return true;
	}
	c->part_nodes = w->nodes;
	return VECTOR_PUSH(cut->context, &cut->parts, (struct part){b, b + 1, module});
}

ojit_status oj_cut_init(struct cut *cut, const struct program *program, const struct target *target)
{
	ojit_context *context = program->space->context;
	struct cutter c = {.cut = cut, .program = program, .target = target, .all = {.straight = true},
	                   .module = {UINT32_MAX, UINT32_MAX}};
	bool ok = true;
	uint32_t ignored;
	*cut = (struct cut){.context = context};
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = weigh(&c, &program->blocks.at[b]);
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = place_block(&c, b);
	if (ok && !cut->levels.count)
		ok = choose_module(&c, level_of(&c, &c.all), 0, &ignored);
	VECTOR_DROP(context, &c.weights);
	VECTOR_DROP(context, &c.list.list);
	if (!ok)
		oj_cut_drop(cut);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

void oj_cut_drop(struct cut *cut)
{
	VECTOR_DROP(cut->context, &cut->parts);
	VECTOR_DROP(cut->context, &cut->levels);
}
