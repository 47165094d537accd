/* Pass separate: sums over all pairs that are sums over one index.
 *
 * A sum over j for every row i whose body is made of sines, cosines, exponentials and
 * powers of sums f(i) + g(j) is, by addition theorems and multiplying out
 * (separate_terms.c), sum of A_r(i) B_r(j), and so sum_r A_r(i) (sum_j B_r(j)): the
 * inner sums are the same for all rows.  All pairs of Kuramoto's oscillators take as
 * many operations as there are oscillators.
 *
 * That holds for real numbers only, so nothing is done under another law; the
 * explanation then says where it would pay.
 *
 * Where split (or roll) has left the row's own term out, the sum is a chain over ranges
 * that end and begin at i.  It is the sum over all less what is left out.  What is left
 * out may be larger than the sum by any factor where it is an exponential, so then it
 * has to be known to be 0, as in sinh(x[j] - x[i]).
 *
 * The error: let M be the sum over j (those left out too) of what becomes of |body|
 * when every sum f + g is replaced by |f + c| + |g - c|, c its centre, every sine
 * and cosine by what its theorem adds up, and terms by their absolute values.  The
 * result is within a small multiple (growing with the degree) of M times the rounding
 * unit.  M is at most a constant times the sum of |terms| for powers of one difference
 * and, where differences stay below a quarter turn, for sines.  Oscillators that have
 * nearly locked therefore keep their relative accuracy.
 *
 * Nests of sums are taken whole: sums inside are separated first, whether that pays or
 * not, and the nest is kept as it was unless all together pays. */
#include "lib/graph/separate.h"

#include "lib/graph/cost.h"

enum { LINKS = 8, LEFT_OUT = 4, PAYS = 2 };

struct separator {
	struct keeping keeping;
	struct space *space;
	struct surroundings around;
	const struct block *block;
	const char *array; /* that is stored */
	struct text *told; /* NULL: nobody asks */
	bool real, failed; /* failed: out of memory */
	int depth;
	size_t found; /* sums that became separate in this block */
	unsigned sums; /* that the one looked at last became */
	const char *reason;
};

/* ---------------------------------------------------------------- chains */

/* A sum over lo .. end - 1 without the terms in gaps. */
struct chain {
	struct reduction reduction;
	ojit_expr start, lo, end, body;
	ojit_expr gaps[LEFT_OUT];
	uint32_t gap_count;
};

/* Is end - lo known to be at least 0 whatever the indices? */
static bool is_forward(struct separator *s, ojit_expr lo, ojit_expr end)
{
	int64_t least, greatest;
	ojit_expr length = oj_integer_add(&s->space->graph, end, oj_integer_scale(&s->space->graph, lo, -1));
	return oj_bounds(&s->around, length, &least, &greatest) && least >= 0;
}

/* Is `body` what the chain's is, over an index variable `from` that is `offset` less? */
static bool is_alike(struct separator *s, const struct chain *chain, ojit_expr body, unsigned from, int64_t offset)
{
	struct graph *g = &s->space->graph;
	ojit_expr index[LEVELS] = {0};
	index[from] = oj_integer_offset(g, oj_index(g, chain->reduction.level), -offset);
	body = oj_substitute(s->space, body, index, LEVELS);
	s->failed = s->failed || !body;
	return body == chain->body;
}

static bool begin_chain(struct separator *s, const struct node *n, const ojit_expr *o, struct chain *chain)
{
	*chain = (struct chain){n->reduction, o[REDUCE_START], o[REDUCE_LO], o[REDUCE_END], o[REDUCE_BODY], {0}, 0};
	return is_forward(s, chain->lo, chain->end);
}

/* Put the range before the first of the chain in front of it, if that has the same body
 * but for a shift of its index. */
static bool prepend(struct separator *s, struct chain *chain, ojit_expr before)
{
	struct graph *g = &s->space->graph;
	struct node n = *oj_node(g, before);
	const ojit_expr *o = oj_operands(g, before);
	ojit_expr start = o[REDUCE_START], lo = o[REDUCE_LO], end = o[REDUCE_END], body = o[REDUCE_BODY];
	ojit_expr distance = oj_integer_add(g, chain->lo, oj_integer_scale(g, end, -1));
	int64_t apart = 0;
	if (n.reduction.kind != REDUCE_SUM || !is_forward(s, lo, end) || !oj_integer_value(g, distance, &apart))
		return false;
	int64_t shift = 0; /* of the earlier range, in the numbers of the later one */
	if (!is_alike(s, chain, body, n.reduction.level, 0)) {
		shift = apart - 1; /* one is left out */
		if (!is_alike(s, chain, body, n.reduction.level, shift))
			return false;
	}
	apart -= shift;
	if (apart < 0 || chain->gap_count + apart > LEFT_OUT)
		return false;
	for (int64_t k = 0; k < apart; k++)
		chain->gaps[chain->gap_count++] = oj_integer_offset(g, end, shift + k);
	chain->lo = oj_integer_offset(g, lo, shift);
	chain->start = start;
	return true;
}

static bool find_chain(struct separator *s, ojit_expr e, struct chain *chain)
{
	const struct graph *g = &s->space->graph;
	if (oj_node(g, e)->reduction.kind != REDUCE_SUM)
		return false;
	struct node n = *oj_node(g, e);
	if (!begin_chain(s, &n, oj_operands(g, e), chain))
		return false;
	for (int links = 1; oj_is(g, chain->start, OP_REDUCE); links++)
		if (links == LINKS || !prepend(s, chain, chain->start))
			return false;
	return oj_is(g, chain->start, OP_LITERAL);
}

/* ---------------------------------------------------------------- one sum */

/* Levels that the parts of a body need besides its own index, whoever is its row. */
static bool find_shared(const struct graph *g, struct separation *s, ojit_expr body)
{
	struct expr_list list = {0};
	bool ok = oj_reach_open(g, &body, 1, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(g, list.list.at[i]);
		bool leaf = n->op == OP_LOAD || n->op == OP_REDUCE;
		if (leaf && n->levels >> s->level & 1)
			s->shared |= n->levels & ~(1u << s->level);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}

/* An n-ary sum loses what cancels: x + phase - x. */
static ojit_expr cancelled(struct graph *g, ojit_expr e, const ojit_expr *o)
{
	enum { MOST = 16 };
	ojit_expr kept[MOST];
	uint32_t count = 0, arity = oj_node(g, e)->arity;
	for (uint32_t i = 0; i < arity && arity <= MOST; i++) {
		uint32_t k = 0;
		while (k < count && !(oj_is(g, o[i], OP_NEG) && oj_operands(g, o[i])[0] == kept[k]) &&
		       !(oj_is(g, kept[k], OP_NEG) && oj_operands(g, kept[k])[0] == o[i]))
			k++;
		if (k == count)
			kept[count++] = o[i];
		else
			kept[k] = kept[--count];
	}
	if (count == arity || arity > MOST)
		return oj_simplified_by(g, e, o, LAW_REAL);
	if (count < 2)
		return count ? kept[0] : oj_literal(g, 0);
	ojit_expr like = oj_make(g, OP_ADD, count, kept);
	return like ? oj_simplified_by(g, like, kept, LAW_REAL) : 0;
}

static ojit_expr simplify_really(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	if (oj_is(g, e, OP_REDUCE))
		return oj_simplified_reduction(rewrite->space, e, operands);
	return oj_is(g, e, OP_ADD) ? cancelled(g, e, operands) : oj_simplified_by(g, e, operands, LAW_REAL);
}

/* sum less the terms of the chain's gaps; 0: out of memory, unless s->reason. */
static ojit_expr less_gaps(struct separator *s, const struct chain *chain, bool unbounded, ojit_expr sum)
{
	struct graph *g = &s->space->graph;
	struct rewrite rewrite = {.space = s->space, .node = simplify_really};
	for (uint32_t k = 0; k < chain->gap_count; k++) {
		ojit_expr index[LEVELS] = {0};
		index[chain->reduction.level] = chain->gaps[k];
		ojit_expr term = oj_substitute(s->space, chain->body, index, LEVELS);
		if (!term || oj_rewrite(&rewrite, &term, 1) != OJIT_OK)
			return 0;
		if (oj_is(g, term, OP_LITERAL) && oj_node(g, term)->real == 0)
			continue;
		if (unbounded) {
			s->reason = "it leaves out a term that may be larger than all others";
			return 0;
		}
		ojit_expr minus = oj_make1(g, OP_NEG, term);
		sum = oj_make2(g, OP_ADD, sum, minus);
	}
	return sum;
}

/* The sum in other words; 0 with s->reason: it has none.  False: out of memory. */
static bool separated(struct separator *s, const struct chain *chain, ojit_expr *value)
{
	struct graph *g = &s->space->graph;
	int64_t lo, end;
	struct terms terms = {0};
	struct separation separation = {.space = s->space, .level = chain->reduction.level,
	                                .lo = chain->lo, .end = chain->end};
	*value = 0;
	s->reason = "its range differs from row to row";
	if (!oj_integer_value(g, chain->lo, &lo) || !oj_integer_value(g, chain->end, &end) || end <= lo)
		return true;
	separation.length = end - lo;
	bool ok = find_shared(g, &separation, chain->body);
	uint32_t own = 1u << separation.level;
	if (!(oj_node(g, chain->body)->levels & ~(separation.shared | own)))
		separation.reason = "all of it reads arrays, or sums, by row and term at once";
	ok = ok && (separation.reason || oj_separate_terms(&separation, chain->body, &terms));
	s->reason = separation.reason;
	if (ok && !s->reason) {
		bool inside = true;
		*value = oj_separate_sum(&separation, &terms);
		*value = *value ? less_gaps(s, chain, separation.unbounded, *value) : 0;
		if (*value && !oj_is_literal(g, chain->start, 0) && !oj_is_literal(g, chain->start, -0.0))
			*value = oj_make2(g, OP_ADD, chain->start, *value);
		ok = (*value || s->reason) && (!*value || oj_accesses_inside(&s->around, *value, &inside));
		if (ok && !inside) {
			*value = 0;
			s->reason = "it would read outside of an array";
		}
		s->sums = (unsigned)terms.at.count;
	}
	VECTOR_DROP(g->context, &terms.at);
	return ok;
}

/* ---------------------------------------------------------------- cost */

struct trips { double at[LEVELS]; }; /* how often what depends on a level is computed */

/* Sums over some axes of the box get a block of their own. */
static double trips_of(const struct separator *s, const struct trips *trips, ojit_expr e)
{
	uint32_t levels = oj_node(&s->space->graph, e)->levels;
	double points = 1;
	if (!oj_is_stray(&s->space->graph, s->block, e))
		return levels ? trips->at[31 - __builtin_clz(levels)] : 1;
	for (uint32_t k = 0; k < s->block->rank; k++)
		if (levels >> k & 1)
			points *= (double)(s->block->end[k] - s->block->lo[k]);
	return points;
}

static bool weigh(struct separator *s, ojit_expr e, struct trips trips, double *cost);

static bool weigh_reduction(struct separator *s, ojit_expr e, struct trips trips, double *cost)
{
	struct graph *g = &s->space->graph;
	struct reduction reduction = oj_node(g, e)->reduction;
	const ojit_expr *o = oj_operands(g, e);
	ojit_expr lo = o[REDUCE_LO], end = o[REDUCE_END], body = o[REDUCE_BODY];
	ojit_expr length = oj_integer_add(g, end, oj_integer_scale(g, lo, -1));
	int64_t least, greatest;
	if (!oj_bounds(&s->around, length, &least, &greatest))
		least = greatest = 1;
	double turns = greatest > 0 ? ((double)greatest + (double)(least > 0 ? least : 0)) / 2 : 0;
	trips.at[reduction.level] = trips_of(s, &trips, e) * turns;
	struct entered before = oj_enter(&s->around, reduction.level, lo, end);
	bool ok = length && weigh(s, body, trips, cost);
	oj_leave(&s->around, before);
	return ok;
}

/* Operations in all, for what stands below `e`. */
static bool weigh(struct separator *s, ojit_expr e, struct trips trips, double *cost)
{
	struct graph *g = &s->space->graph;
	struct expr_list list = {0};
	bool ok = oj_reach(g, &e, 1, false, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr node = list.list.at[i];
		*cost += oj_node_cost(g, node) * trips_of(s, &trips, node);
		if (oj_is(g, node, OP_REDUCE))
			ok = weigh_reduction(s, node, trips, cost);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}

static struct trips box_trips(const struct block *block)
{
	struct trips trips = {{0}};
	double points = 1;
	for (uint32_t k = 0; k < block->rank; k++)
		trips.at[k] = points *= (double)(block->end[k] - block->lo[k]);
	return trips;
}

/* ---------------------------------------------------------------- what is told */

static void print_amount(struct text *text, const char *before, double value)
{
	char digits[32];
	oj_number_print(digits, value, 3);
	oj_text_format(text, "%s%s", before, digits);
}

static void tell(struct separator *s, bool separable, bool pays, double before, double after)
{
	if (!s->told)
		return;
	oj_text_format(s->told, "# %s: a sum over pairs of ", s->array);
	print_amount(s->told, "", before);
	oj_text_string(s->told, " operations ");
	if (!separable) {
		oj_text_format(s->told, "stays: %s\n", s->reason);
		return;
	}
	oj_text_string(s->told, pays ? s->real ? "becomes" : "could become" : "stays, for it would be");
	oj_text_format(s->told, " %u sum%s over one index, of ", s->sums, s->sums == 1 ? "" : "s");
	print_amount(s->told, "", after);
	oj_text_string(s->told, !pays ? "\n" : s->real ? " in all\n" : " in all, with --fp real\n");
}

/* ---------------------------------------------------------------- the walk */

static ojit_expr separate_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer);

/* The sums inside of the chain's body first. */
static bool separate_inside(struct rewrite *rewrite, struct chain *chain)
{
	struct separator *s = rewrite->data;
	struct entered before = oj_enter(&s->around, chain->reduction.level, chain->lo, chain->end);
	s->depth++;
	bool ok = oj_rewrite(rewrite, &chain->body, 1) == OJIT_OK;
	s->depth--;
	oj_leave(&s->around, before);
	return ok;
}

/* Does a sum for every row do work that depends on the row? */
static bool is_over_pairs(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	return n->levels != 0 && oj_node(g, oj_operands(g, e)[REDUCE_BODY])->levels & n->levels;
}

/* Keep the nest as it was unless it pays. */
static ojit_expr decided(struct separator *s, ojit_expr old, ojit_expr new)
{
	double before = 0, after = 0;
	struct trips trips = box_trips(s->block);
	if (!weigh(s, old, trips, &before) || (new && !weigh(s, new, trips, &after)))
		return 0;
	bool pays = new && PAYS * after < before;
	tell(s, new != 0, pays, before, after);
	if (!pays || !s->real)
		return old;
	s->found++;
	return new;
}

static ojit_expr separate_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct separator *s = rewrite->data;
	struct graph *g = &s->space->graph;
	struct node n = *oj_node(g, e);
	const ojit_expr *o = oj_operands(g, e);
	ojit_expr body = o[REDUCE_BODY], new = 0;
	ojit_expr as_is = oj_reduce(g, n.reduction, outer[REDUCE_START], outer[REDUCE_LO], outer[REDUCE_END], body);
	struct chain chain;
	if (!as_is || !is_over_pairs(g, e) || !find_chain(s, e, &chain))
		return as_is;
	if (!separate_inside(rewrite, &chain) || !separated(s, &chain, &new))
		return 0;
	if (s->depth > 0)
		return new ? new : as_is;
	int64_t ignored;
	if (!new && !(oj_integer_value(g, chain.lo, &ignored) && oj_integer_value(g, chain.end, &ignored)))
		return as_is; /* the beginning of a chain, or a triangle */
	return decided(s, as_is, new);
}

static bool separate_block(struct separator *s, struct block *block)
{
	struct rewrite rewrite = {.space = s->space, .reduction = separate_reduction, .data = s};
	bool ok = true;
	s->block = block;
	s->found = 0;
	oj_surroundings_init(&s->around, s->space, block);
	for (size_t i = 0; ok && block->rank > 0 && i < block->stores.count; i++) {
		ojit_expr value = block->stores.at[i].value;
		s->array = s->space->arrays.at[block->stores.at[i].array].name;
		ok = oj_rewrite(&rewrite, &value, 1) == OJIT_OK && !s->failed;
		if (ok && s->found)
			block->stores.at[i].value = value;
	}
	return ok && (s->found == 0 || oj_separate_keep(&s->keeping, block));
}

static bool separate_blocks(struct separator *s, struct program *program)
{
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		struct block *block = &program->blocks.at[b];
		ok = separate_block(s, block) && VECTOR_PUSH(s->space->context, &s->keeping.done->blocks, *block);
		if (ok)
			block->stores.at = NULL, block->stores.count = block->stores.room = 0;
	}
	return ok;
}

ojit_status oj_pass_separate(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct program done;
	struct separator s = {.space = program->space, .told = options->explanation, .real = options->law == LAW_REAL,
	                      .keeping = {.space = program->space, .done = &done}};
	if (!s.real && !s.told)
		return OJIT_OK;
	oj_program_init(&done, program->space, program->kind);
	bool ok = separate_blocks(&s, program);
	VECTOR_DROP(program->space->context, &s.keeping.all);
	if (ok) {
		struct program old = *program;
		*program = done;
		done = old;
	}
	oj_program_drop(&done);
	return ok && !s.failed && !program->space->graph.failed ? OJIT_OK : oj_fail_memory(error);
}
