/* See enclose.h.  A value has its ends in two slots of the same number; integers, which no time changes,
 * have the same in both.  Scratch holds ends of TEMP arrays, of slots, and of what is stored: first all
 * lower ones, then all upper ones; then what was stored at the one of two times; then of each block the turns of
 * its outermost loop in which something was open in the last span that was looked at afresh.  In spans within that one
 * nothing else can jump, so the other turns need not be walked: what they stored stays, and of sums it is left out. */
#include "lib/graph/enclose.h"

#include "lib/graph/interpret_parts.h"
#include "lib/graph/interval.h"

#include <math.h>

enum { OPEN_TURNS = 256, TOO_MANY = -1 };

struct enclosure {
	const struct interpreter *interpreter;
	const struct block_plan *block;
	const struct plan *plan;
	const struct space *space;
	const struct kernel_args *args;
	struct interval time;
	const double *lower[ROLE_COUNT], *upper[ROLE_COUNT];
	union value *lo, *hi; /* [slots] */
	int64_t *turns;       /* [blocks][1 + OPEN_TURNS]: how many, or TOO_MANY, and which */
	bool within;          /* the span is within the one before */
	bool open;            /* something is that was stored in this turn */
	bool many;            /* some list has no room for all open turns */
	int64_t index[LEVELS];
};

static struct interval get(const struct enclosure *w, uint32_t slot)
{
	return (struct interval){w->lo[slot].real, w->hi[slot].real};
}

static void put(struct enclosure *w, uint32_t slot, struct interval value)
{
	w->lo[slot].real = value.lo;
	w->hi[slot].real = value.hi;
}

/* States nobody knows. */
static struct interval load(const struct enclosure *w, const struct node *n, const uint32_t *o)
{
	const struct array *a = &w->space->arrays.at[n->ref.id];
	if (!w->lower[a->role])
		return oj_interval_all;
	int64_t at = oj_interpreted_element(a->base, a->extent, a->rank, a->offset, w->lo, o);
	return (struct interval){w->lower[a->role][at], w->upper[a->role][at]};
}

/* Sums and products may have any number of operands, and are taken from the left. */
static struct interval number(const struct enclosure *w, const struct node *n, const uint32_t *o)
{
	struct interval few[4];
	bool many = n->op == OP_ADD || n->op == OP_MUL;
	if (!many || n->arity == 1) {
		for (uint32_t i = 0; i < n->arity; i++)
			few[i] = get(w, o[i]);
		return many ? few[0] : oj_interval_evaluate(n->op, few, n->arity);
	}
	few[0] = get(w, o[0]);
	for (uint32_t i = 1; i < n->arity; i++) {
		few[1] = get(w, o[i]);
		few[0] = oj_interval_evaluate(n->op, few, 2);
	}
	return few[0];
}

/* lo and hi: whether it holds for sure, and whether it may. */
static bool find_truth(struct enclosure *w, const struct node *n, const uint32_t *o, uint32_t slot)
{
	int64_t sure, may;
	switch ((enum op)n->op) {
	case OP_LT: case OP_LE: case OP_EQ: case OP_NE: {
		int holds = oj_interval_compare(n->op, get(w, o[0]), get(w, o[1]));
		sure = holds == 1;
		may = holds != 0;
		break;
	}
	case OP_AND:
		sure = w->lo[o[0]].integer & w->lo[o[1]].integer;
		may = w->hi[o[0]].integer & w->hi[o[1]].integer;
		break;
	case OP_OR:
		sure = w->lo[o[0]].integer | w->lo[o[1]].integer;
		may = w->hi[o[0]].integer | w->hi[o[1]].integer;
		break;
	case OP_NOT:
		sure = !w->hi[o[0]].integer;
		may = !w->lo[o[0]].integer;
		break;
	default:
		return false;
	}
	w->lo[slot].integer = sure;
	w->hi[slot].integer = may;
	return true;
}

static struct interval choice(const struct enclosure *w, const uint32_t *o)
{
	if (w->lo[o[0]].integer == w->hi[o[0]].integer)
		return get(w, o[w->lo[o[0]].integer ? 1 : 2]);
	return oj_interval_hull(get(w, o[1]), get(w, o[2]));
}

static void evaluate(struct enclosure *w, const struct step *step)
{
	const struct node *n = oj_node(&w->space->graph, step->node);
	const uint32_t *o = w->plan->operands.at + step->operands;
	switch ((enum op)n->op) {
	case OP_LITERAL:
		put(w, step->slot, (struct interval){n->real, n->real});
		return;
	case OP_TIME:
		put(w, step->slot, w->time);
		return;
	case OP_LOAD:
		put(w, step->slot, load(w, n, o));
		return;
	case OP_ITOF:
		put(w, step->slot, (struct interval){(double)w->lo[o[0]].integer, (double)w->lo[o[0]].integer});
		return;
	case OP_IF:
		put(w, step->slot, choice(w, o));
		return;
	case OP_INTEGER: case OP_INDEX: case OP_AFFINE: case OP_WRAP: case OP_TABLE: case OP_IMIN: case OP_IMAX:
	case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE: case OP_TRUE: case OP_FALSE:
		w->lo[step->slot].integer = oj_interpreted_integer(w->space, n, w->args->tables, w->index, w->lo, o);
		w->hi[step->slot] = w->lo[step->slot];
		return;
	default:
		if (!find_truth(w, n, o, step->slot))
			put(w, step->slot, number(w, n, o));
	}
}

static void walk_steps(struct enclosure *w, uint32_t r);

/* ---- turns ---- */

/* Only what is put out is compared, and may keep what it was. */
static bool puts_out_all(const struct enclosure *w)
{
	const struct block *block = w->plan->block;
	size_t s = 0;
	while (s < block->stores.count && w->space->arrays.at[block->stores.at[s].array].role == ROLE_OUT)
		s++;
	return s == block->stores.count;
}

static bool is_stored(const struct block *block, ojit_expr e)
{
	size_t s = 0;
	while (s < block->stores.count && block->stores.at[s].value != e)
		s++;
	return s < block->stores.count;
}

/* The list of turns for a loop, if it is the block's outermost and all that comes of it is put out; else NULL. */
static int64_t *turns_of(struct enclosure *w, uint32_t r)
{
	const struct region *region = &w->plan->regions.at[r];
	const struct block *block = w->plan->block;
	bool outermost = region->parent == 0 && puts_out_all(w) && (block->rank > 0) == !region->reduction;
	for (size_t m = 0; outermost && m < region->members.count; m++)
		outermost = block->stores.count == 1 && is_stored(block, region->members.at[m].node);
	return outermost ? w->turns + (w->block - w->interpreter->blocks) * (1 + OPEN_TURNS) : NULL;
}

/* Before the loop is walked. */
static int64_t *begin_turns(struct enclosure *w, uint32_t r)
{
	int64_t *turns = turns_of(w, r);
	if (turns && !w->within)
		turns[0] = 0;
	return turns;
}

/* The k-th turn to be walked of lo .. end - 1; false: there is none. */
static bool take_turn(const struct enclosure *w, const int64_t *turns, int64_t lo, int64_t end, int64_t k, int64_t *turn)
{
	bool listed = turns && w->within && turns[0] != TOO_MANY;
	*turn = listed && k < turns[0] ? turns[1 + k] : lo + k;
	return listed ? k < turns[0] : *turn < end;
}

static void note_turn(struct enclosure *w, int64_t *turns, int64_t turn, bool open)
{
	if (!turns || w->within)
		return;
	if (open && turns[0] == OPEN_TURNS) {
		turns[0] = TOO_MANY;
		w->many = true;
	}
	if (open && turns[0] != TOO_MANY)
		turns[++turns[0]] = turn;
}

static bool is_open(struct interval value)
{
	return !oj_interval_is_point(value);
}

/* slot = slot combined with value, as the reduction does */
static void combine(struct enclosure *w, ojit_expr reduction, uint32_t slot, struct interval value)
{
	static const enum op ops[] = {
		[REDUCE_SUM] = OP_ADD, [REDUCE_PROD] = OP_MUL, [REDUCE_MIN] = OP_MIN, [REDUCE_MAX] = OP_MAX,
	};
	const struct interval both[] = {get(w, slot), value};
	put(w, slot, oj_interval_evaluate(ops[oj_node(&w->space->graph, reduction)->reduction.kind], both, 2));
}

static void walk_terms(struct enclosure *w, uint32_t r, int64_t lo, int64_t end, bool tree)
{
	const struct region *region = &w->plan->regions.at[r];
	const struct member *members = region->members.at;
	uint32_t partials = w->block->partials[r];
	int64_t *turns = begin_turns(w, r), i;
	for (int64_t k = 0; take_turn(w, turns, lo, end, k, &i); k++) {
		bool open = false;
		w->index[region->level] = i;
		walk_steps(w, r);
		for (uint32_t m = 0; m < region->members.count; m++) {
			combine(w, members[m].node, tree ? partials + 8 * m + (uint32_t)((i - lo) % 8) : members[m].slot,
			        get(w, members[m].body));
			open = open || is_open(get(w, members[m].body));
		}
		note_turn(w, turns, i, open);
	}
}

/* The eight partial sums of a member, and the start, in their order. */
static void join_partials(struct enclosure *w, const struct member *member, uint32_t first)
{
	for (uint32_t width = 4; width >= 1; width /= 2)
		for (uint32_t k = 0; k < width; k++)
			combine(w, member->node, first + k, get(w, first + k + width));
	put(w, member->slot, get(w, member->start));
	combine(w, member->node, member->slot, get(w, first));
}

static void walk_reduction(struct enclosure *w, uint32_t r)
{
	const struct region *region = &w->plan->regions.at[r];
	const struct member *members = region->members.at;
	bool tree = region->order == TREE8;
	for (uint32_t m = 0; m < region->members.count; m++) {
		double none = oj_reduction_identity(oj_node(&w->space->graph, members[m].node)->reduction.kind, true);
		for (uint32_t k = 0; tree && k < 8; k++)
			put(w, w->block->partials[r] + 8 * m + k, (struct interval){none, none});
		if (!tree)
			put(w, members[m].slot, get(w, members[m].start));
	}
	walk_terms(w, r, w->lo[region->lo].integer, w->lo[region->end].integer, tree);
	for (uint32_t m = 0; tree && m < region->members.count; m++)
		join_partials(w, &members[m], w->block->partials[r] + 8 * m);
}

static void walk_region(struct enclosure *w, uint32_t r)
{
	const struct region *region = &w->plan->regions.at[r];
	const struct block *block = w->plan->block;
	if (region->reduction) {
		walk_reduction(w, r);
		return;
	}
	int64_t *turns = begin_turns(w, r), i;
	for (int64_t k = 0; take_turn(w, turns, block->lo[region->level], block->end[region->level], k, &i); k++) {
		w->open = turns ? false : w->open;
		w->index[region->level] = i;
		walk_steps(w, r);
		note_turn(w, turns, i, w->open);
	}
}

static void store(struct enclosure *w, const struct step *step)
{
	const struct array *a = &w->space->arrays.at[w->plan->block->stores.at[step->store].array];
	const uint32_t *slot = w->plan->operands.at + step->operands;
	int64_t at = oj_interpreted_element(a->base, a->extent, a->rank, a->offset, w->lo, slot + 1);
	struct interval value = get(w, slot[0]);
	w->open = w->open || is_open(value);
	((double *)w->lower[a->role])[at] = value.lo;
	((double *)w->upper[a->role])[at] = value.hi;
}

static void walk_steps(struct enclosure *w, uint32_t r)
{
	const struct region *region = &w->plan->regions.at[r];
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE)
			evaluate(w, step);
		else if (step->kind == STEP_STORE)
			store(w, step);
		else
			walk_region(w, step->region);
	}
}

static void walk_all(struct enclosure *w, double from, double to)
{
	w->time = (struct interval){from, to};
	for (size_t b = 0; b < w->interpreter->count; b++) {
		w->block = &w->interpreter->blocks[b];
		w->plan = &w->block->plan;
		walk_steps(w, 0);
	}
}

/* Doubles that the program puts out. */
static int64_t count_stored(const struct program *program)
{
	int64_t stored = 0;
	for (size_t b = 0; b < program->blocks.count; b++)
		for (size_t s = 0; s < program->blocks.at[b].stores.count; s++) {
			const struct array *a = &program->space->arrays.at[program->blocks.at[b].stores.at[s].array];
			int64_t end = a->offset + oj_array_length(a);
			stored = a->role == ROLE_OUT && end > stored ? end : stored;
		}
	return stored;
}

/* The first of the numbers that is another; -1: none is, but for those that are left out. */
static int64_t find_other(const double *a, const double *b, const double *left_out, int64_t count)
{
	int64_t k = 0;
	while (k < count && (a[k] == b[k] || (isnan(a[k]) && isnan(b[k])) || left_out[k] != 0))
		k++;
	return k < count ? k : -1;
}

static void leave_out(double *left_out, int64_t count, uint64_t mode)
{
	for (int64_t k = 0; mode == SWITCHES_ALL && k < count; k++)
		left_out[k] = 0;
	if (mode != SWITCHES_SAME && mode != SWITCHES_ALL)
		left_out[mode - SWITCHES_WITHOUT] = 1;
}

static void run_enclosure(const struct kernel_args *args)
{
	const struct interpreter *i = args->env;
	int64_t stored = count_stored(i->program), temporary = i->program->scratch;
	double *lower = args->scratch, *upper = lower + temporary + i->slots + stored;
	double *lo = lower + temporary + i->slots, *hi = upper + temporary + i->slots, *before = hi + stored,
	       *left_out = before + stored;
	struct enclosure w = {
		.interpreter = i, .space = i->program->space, .args = args,
		.lower = {[ROLE_PARAMETER] = args->p, [ROLE_DERIVED] = args->d, [ROLE_DISCRETE] = args->z, [ROLE_DATA] = args->data,
		          [ROLE_OUT] = lo, [ROLE_TEMP] = lower},
		.upper = {[ROLE_PARAMETER] = args->p, [ROLE_DERIVED] = args->d, [ROLE_DISCRETE] = args->z, [ROLE_DATA] = args->data,
		          [ROLE_OUT] = hi, [ROLE_TEMP] = upper},
		.lo = (union value *)(lower + temporary), .hi = (union value *)(upper + temporary),
		.turns = (int64_t *)(left_out + stored), .within = args->index != 0,
	};
	leave_out(left_out, stored, args->mode);
	walk_all(&w, args->t[0], args->t[1]);
	args->out[0] = find_other(lo, hi, left_out, stored) < 0 ? SWITCHING_NONE : SWITCHING_MAY;
	args->out[1] = w.many;
	if (args->out[0] == SWITCHING_NONE)
		return;
	w.within = true;
	walk_all(&w, args->t[0], args->t[0]);
	for (int64_t k = 0; k < stored; k++)
		before[k] = lo[k];
	walk_all(&w, args->t[1], args->t[1]);
	int64_t other = find_other(before, lo, left_out, stored);
	args->out[0] = other < 0 ? SWITCHING_MAY : SWITCHING_DOES;
	args->out[2] = (double)other;
}

struct kernel oj_enclosing_kernel(const struct interpreter *interpreter)
{
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	kernel.run = run_enclosure;
	kernel.scratch = 2 * kernel.scratch + 4 * count_stored(interpreter->program)
		+ (int64_t)interpreter->count * (1 + OPEN_TURNS);
	return kernel;
}
