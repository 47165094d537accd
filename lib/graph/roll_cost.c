/* See roll_cost.h.
 *
 * The table was measured on a Sapphire Rapids processor with AVX-512 and LLVM 19, by
 * models of 1 to 16 blocks of 40 to 160 rows, of 4 to 32 operations on elements that
 * were neighbours or scattered, by reaction networks of 1,100 and 4,000 species, and by
 * the same equations left as they were: user time of translation, and the least time of
 * an evaluation with all data in the caches.  Costs of a loop are those of one turn of
 * its lanes, eight rows at a time.  Straight code is translated in one of two ways (see
 * jit/llvm/cut.c), 4 to 20 us and 0.3 to 0.15 ns an operation; what stands here is
 * between.  Above a megabyte of it an operation takes 1 ns and more, for it has to be
 * fetched; groups so large are rolled anyway. */
#include "lib/graph/roll_cost.h"

#include "lib/graph/cost.h"
#include "lib/graph/passes.h"

enum { LANES = 8, NEAR = 4 }; /* lanes at most so far apart are loaded by shuffles */
enum { SHORT = 64 };          /* rows of a loop that is written out: jit/llvm/region.c */

enum part {
	LINE_OPERATION, LINE_VALUE, LINE_TERM, LOOP, OPERATION, CALL, UNIFORM, CONTIGUOUS, STRIDED, SHUFFLE, GATHER, SCATTER,
	TURN, SUM,
};
static const struct cost costs[] = {
	/*                    ns    us */
	[LINE_OPERATION] = {0.25,  15}, /* straight code: an operation with its loads */
	[LINE_VALUE]     = {0.25,  15}, /* straight code: a value stored */
	[LINE_TERM]      = {0.10,   0}, /* what a term waits for the one before, in the mean */
	[LOOP]           = {3.00,  50}, /* a block, however little is in it */
	[OPERATION]      = {0.15,  15},
	[CALL]           = {8.00,  15}, /* a function of lib/math, 0.8 to 1.3 ns a lane */
	[UNIFORM]        = {0.10,  15}, /* a load for all lanes */
	[CONTIGUOUS]     = {0.15,  18}, /* a load or store of neighbours, an entry of a table */
	[STRIDED]        = {0.60,  50}, /* elements two to four apart */
	[SHUFFLE]        = {0.30,  20}, /* elements of a short array, by tables known when compiling */
	[GATHER]         = {1.40,  35},
	[SCATTER]        = {4.00, 150},
	[TURN]           = {0.30,  30}, /* a term's part of a reduction: adding it, counting on */
	[SUM]            = {6.00, 120}, /* a reduction's own part: the end of a loop is mispredicted */
};

enum { EVALUATIONS = 100000 };

double oj_cost_total(struct cost cost)
{
	return cost.make + cost.run * 1e-3 * EVALUATIONS;
}

static void add(struct cost *cost, enum part part, double times, double weight)
{
	cost->run += costs[part].run * times * weight;
	cost->make += costs[part].make;
}

struct cost oj_cost_straight(double values, double operations, double work, double waits)
{
	return (struct cost){costs[LINE_OPERATION].run * work + costs[LINE_VALUE].run * values + costs[LINE_TERM].run * waits,
	                     costs[LINE_OPERATION].make * operations + costs[LINE_VALUE].make * values};
}

/* Vectors of the widest lanes that fit; the last overlaps the one before. */
static double vectors(int64_t rows)
{
	int64_t width = LANES;
	while (width > rows && width > 1)
		width /= 2;
	return (double)((rows + width - 1) / width);
}

struct cost oj_cost_least(double rows, double operations, double work)
{
	struct cost cost = costs[LOOP];
	double times = vectors((int64_t)rows);
	cost.run += times * (costs[OPERATION].run * work + costs[CONTIGUOUS].run);
	cost.make += costs[OPERATION].make * operations + costs[CONTIGUOUS].make;
	return cost;
}

struct cost oj_cost_least_sums(double rows, double terms)
{
	double times = vectors((int64_t)rows), turns = times * terms / rows;
	return (struct cost){costs[LOOP].run + times * costs[SUM].run + turns * costs[TURN].run,
	                     costs[LOOP].make + costs[SUM].make + costs[TURN].make};
}

/* ---------------------------------------------------------------- loops */

struct estimate {
	const struct space *space;
	const struct graph *g;
	const struct block *block;
	unsigned lanes; /* level along which they run */
	struct cost *cost;
	struct loop_content *content;
	struct expr_map seen;
};

static bool varies(const struct estimate *s, ojit_expr e)
{
	return oj_node(s->g, e)->levels >> s->lanes & 1;
}

/* Elements between lanes; false: they are wherever a table says. */
static bool find_step(const struct estimate *s, uint32_t rank, const ojit_expr *index, const int64_t *extent,
                      int64_t *step)
{
	int64_t stride = 1;
	*step = 0;
	for (uint32_t k = rank; k-- > 0; stride *= extent[k]) {
		struct affine a;
		oj_affine(s->g, index[k], &a);
		for (uint32_t i = 0; i < a.count; i++) {
			if (!varies(s, a.atoms[i]))
				continue;
			if (!oj_is(s->g, a.atoms[i], OP_INDEX))
				return false;
			*step += a.coefficients[i] * stride;
		}
	}
	return true;
}

static enum part way_of(const struct estimate *s, uint32_t rank, const ojit_expr *index, const int64_t *extent)
{
	int64_t step, elements = 1, rows = s->block->end[s->lanes] - s->block->lo[s->lanes];
	for (uint32_t k = 0; k < rank; k++)
		elements *= extent[k];
	if (!find_step(s, rank, index, extent, &step))
		return rows <= SHORT && elements <= 2 * LANES ? SHUFFLE : GATHER;
	int64_t apart = step < 0 ? -step : step;
	return apart == 0 ? UNIFORM : apart == 1 ? CONTIGUOUS : apart <= NEAR ? STRIDED : GATHER;
}

static void count_load(struct estimate *s, const struct array *array, const ojit_expr *index)
{
	int64_t step;
	bool even = find_step(s, array->rank, index, array->extent, &step);
	if (array->role == ROLE_DATA)
		s->content->numbers++;
	else if (!even)
		s->content->table++;
	else if (step)
		s->content->affine++;
	else
		s->content->shared++;
}

/* x^1.5, say: no call, pass expand writes it out. */
static bool is_root(const struct estimate *s, ojit_expr e)
{
	return oj_is(s->g, e, OP_POW) && oj_is_root_exponent(s->g, oj_operands(s->g, e)[1]);
}

static void add_node(struct estimate *s, ojit_expr e, double times)
{
	const struct node *n = oj_node(s->g, e);
	const ojit_expr *o = oj_operands(s->g, e);
	if (n->op == OP_LOAD) {
		const struct array *array = &s->space->arrays.at[n->ref.id];
		count_load(s, array, o);
		add(s->cost, way_of(s, array->rank, o, array->extent), n->levels ? times : 0, 1);
	} else if (n->op == OP_TABLE) {
		const struct table *table = &s->space->tables.at[n->ref.id];
		add(s->cost, way_of(s, table->rank, o, table->extent), times, 1);
	} else if (oj_op_info[n->op].type != INTEGER && oj_op_info[n->op].way != WAY_LEAF) {
		s->content->operations++;
		bool call = oj_op_info[n->op].way == WAY_MATH && !is_root(s, e);
		add(s->cost, call ? CALL : OPERATION, n->levels ? times : 0, call ? 1 : oj_node_cost(s->g, e));
	}
}

static double mean_entry(const struct space *space, const struct table *table)
{
	const int32_t *entries = space->table_data.at + table->offset;
	int64_t count = 1, sum = 0;
	for (uint32_t k = 0; k < table->rank; k++)
		count *= table->extent[k];
	for (int64_t k = 0; k < count; k++)
		sum += entries[k];
	return count ? (double)sum / (double)count : 0;
}

/* The value of an integer in the middle of the box; indices of reductions are 0. */
static double mean_value(const struct estimate *s, ojit_expr e)
{
	struct affine a;
	oj_affine(s->g, e, &a);
	double mean = (double)a.constant;
	for (uint32_t i = 0; i < a.count; i++) {
		const struct node *n = oj_node(s->g, a.atoms[i]);
		double atom = 0;
		if (n->op == OP_TABLE)
			atom = mean_entry(s->space, &s->space->tables.at[n->ref.id]);
		else if (n->op == OP_INDEX && n->integer <= s->lanes)
			atom = 0.5 * (double)(s->block->lo[n->integer] + s->block->end[n->integer] - 1);
		mean += (double)a.coefficients[i] * atom;
	}
	return mean;
}

static double mean_turns(const struct estimate *s, ojit_expr reduction)
{
	const ojit_expr *o = oj_operands(s->g, reduction);
	double turns = mean_value(s, o[REDUCE_END]) - mean_value(s, o[REDUCE_LO]);
	return turns > 0 ? turns : 0;
}

/* Nodes below `root`, each once: those of `level` (a reduction's, or -1) as often as
 * `times`, others, which are outside of it, as often as `outside`.  Nesting recurses. */
static bool add_below(struct estimate *s, ojit_expr root, int level, double times, double outside)
{
	struct expr_list list = {0};
	uint32_t known;
	bool ok = oj_reach(s->g, &root, 1, false, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		const struct node *n = oj_node(s->g, e);
		double often = level < 0 || n->levels >> level & 1 ? times : outside;
		if (oj_expr_map_get(&s->seen, e, &known))
			continue;
		ok = oj_expr_map_put(&s->seen, e, 1);
		if (n->op != OP_REDUCE) {
			add_node(s, e, often);
			continue;
		}
		double turns = often * mean_turns(s, e);
		add(s->cost, SUM, often, 1);
		add(s->cost, TURN, turns, 1);
		ok = ok && add_below(s, oj_operands(s->g, e)[REDUCE_BODY], n->reduction.level, turns, often);
	}
	VECTOR_DROP(s->g->context, &list.list);
	return ok;
}

static bool add_store(struct estimate *s, const struct store *store, double times)
{
	const struct array *array = &s->space->arrays.at[store->array];
	enum part way = way_of(s, array->rank, store->index, array->extent);
	add(s->cost, way == GATHER ? SCATTER : way, times, 1);
	bool ok = add_below(s, store->value, -1, times, times);
	for (uint32_t k = 0; ok && k < array->rank; k++)
		ok = add_below(s, store->index[k], -1, times, times);
	return ok;
}

bool oj_cost_loop(const struct space *space, const struct block *block, struct cost *cost,
                  struct loop_content *content)
{
	struct estimate s = {.space = space, .g = &space->graph, .block = block, .lanes = block->rank - 1, .cost = cost,
	                     .content = content};
	double times = vectors(block->end[s.lanes] - block->lo[s.lanes]);
	bool ok = true;
	for (uint32_t k = 0; k + 1 < block->rank; k++)
		times *= (double)(block->end[k] - block->lo[k]);
	cost->run += costs[LOOP].run;
	cost->make += costs[LOOP].make;
	oj_expr_map_init(&s.seen, space->context);
	for (size_t i = 0; ok && i < block->stores.count; i++)
		ok = add_store(&s, &block->stores.at[i], times);
	oj_expr_map_drop(&s.seen);
	return ok;
}
