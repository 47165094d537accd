/* See domain.h. */
#include "lib/graph/domain.h"

#include "lib/graph/interpret.h"

#include <math.h>

bool oj_domain_of_box(struct space *space, const struct block *block, struct domain *domain)
{
	domain->count = block->rank;
	for (uint32_t k = 0; k < block->rank; k++) {
		domain->at[k].level = k;
		domain->at[k].lo = oj_integer(&space->graph, block->lo[k]);
		domain->at[k].end = oj_integer(&space->graph, block->end[k]);
	}
	return !space->graph.failed;
}

uint32_t oj_domain_levels(const struct domain *domain)
{
	uint32_t levels = 0;
	for (uint32_t k = 0; k < domain->count; k++)
		levels |= 1u << domain->at[k].level;
	return levels;
}

static int64_t in_table(const struct space *space, ojit_expr e, const int64_t *index)
{
	const struct node *n = oj_node(&space->graph, e);
	const struct table *table = &space->tables.at[n->ref.id];
	int64_t at = 0;
	for (uint32_t k = 0; k < table->rank; k++)
		at = at * table->extent[k] + oj_integer_at(space, oj_operands(&space->graph, e)[k], index) -
		     table->base[k];
	return space->table_data.at[table->offset + at];
}

static int64_t wrapped(const struct space *space, ojit_expr e, const int64_t *index)
{
	const int64_t *record = space->graph.coefficients.at + oj_node(&space->graph, e)->ref.id;
	int64_t a = oj_integer_at(space, oj_operands(&space->graph, e)[0], index);
	int64_t rest = (a - record[0]) % record[1];
	return record[0] + (rest < 0 ? rest + record[1] : rest);
}

static int64_t of_affine(const struct space *space, ojit_expr e, const int64_t *index)
{
	struct affine a;
	oj_affine(&space->graph, e, &a);
	int64_t value = a.constant;
	for (uint32_t k = 0; k < a.count; k++)
		value += a.coefficients[k] * oj_integer_at(space, a.atoms[k], index);
	return value;
}

int64_t oj_integer_at(const struct space *space, ojit_expr e, const int64_t *index)
{
	const struct node *n = oj_node(&space->graph, e);
	const ojit_expr *o = oj_operands(&space->graph, e);
	switch ((enum op)n->op) {
	case OP_INTEGER:
		return n->integer;
	case OP_INDEX:
		return index[n->integer];
	case OP_AFFINE:
		return of_affine(space, e, index);
	case OP_TABLE:
		return in_table(space, e, index);
	case OP_WRAP:
		return wrapped(space, e, index);
	default:
		break;
	}
	int64_t a = oj_integer_at(space, o[0], index), b = oj_integer_at(space, o[1], index);
	return (n->op == OP_IMIN) == (a < b) ? a : b;
}

enum { DEEPEST = 6, OPERANDS = 8 };

static bool is_of_indices(const struct graph *g, ojit_expr e, int depth)
{
	const struct node *n = oj_node(g, e);
	bool is = true;
	if (n->op == OP_LITERAL || n->op == OP_ITOF)
		return true;
	enum way way = oj_op_info[n->op].way;
	bool computed = n->op == OP_ADD || n->op == OP_MUL || n->op == OP_POWI || way == WAY_INSTR || way == WAY_MATH;
	if (depth == 0 || !computed || n->arity == 0 || n->arity > OPERANDS)
		return false;
	for (uint32_t k = 0; is && k < n->arity; k++)
		is = is_of_indices(g, oj_operands(g, e)[k], depth - 1);
	return is;
}

bool oj_is_of_indices(const struct graph *g, ojit_expr e)
{
	return is_of_indices(g, e, DEEPEST);
}

double oj_number_at(const struct space *space, ojit_expr e, const int64_t *index)
{
	const struct node *n = oj_node(&space->graph, e);
	double operands[OPERANDS] = {0};
	if (n->op == OP_LITERAL)
		return n->real;
	if (n->op == OP_ITOF)
		return (double)oj_integer_at(space, oj_operands(&space->graph, e)[0], index);
	for (uint32_t k = 0; k < n->arity; k++)
		operands[k] = oj_number_at(space, oj_operands(&space->graph, e)[k], index);
	return n->op == OP_POWI ? pow(operands[0], (double)n->integer) : oj_evaluate_many(n->op, operands, n->arity);
}

static ojit_expr box_table(struct space *space, const char *name, uint32_t rank, const int64_t *lo,
                           const int64_t *extent, const ojit_expr *index, const int64_t *value, size_t count)
{
	int32_t *narrow = oj_memory_get(space->context, count * sizeof *narrow);
	for (size_t p = 0; narrow && p < count; p++)
		narrow[p] = (int32_t)value[p];
	uint32_t table = narrow ? oj_space_table(space, name, rank, lo, extent, narrow) : UINT32_MAX;
	oj_memory_put(space->context, narrow, count * sizeof *narrow);
	return table == UINT32_MAX ? 0 : oj_table(&space->graph, table, rank, index);
}

/* What it is if it is affine, as constant + the sum of slope[k] times axis k; true: it is. */
static bool fit_box(uint32_t rank, const int64_t *lo, const int64_t *end, const int64_t *value, int64_t *slope,
                    int64_t *constant)
{
	int64_t stride = 1;
	bool affine = true;
	*constant = value[0];
	for (uint32_t k = rank; k-- > 0; stride *= end[k] - lo[k]) {
		slope[k] = end[k] - lo[k] > 1 ? value[stride] - value[0] : 0;
		*constant -= slope[k] * lo[k];
	}
	for (int64_t p = 0; affine && p < stride; p++) {
		int64_t sum = *constant, rest = p;
		for (uint32_t k = rank; k-- > 0; rest /= end[k] - lo[k])
			sum += slope[k] * (lo[k] + rest % (end[k] - lo[k]));
		affine = sum == value[p];
	}
	return affine;
}

bool oj_box_is_affine(uint32_t rank, const int64_t *lo, const int64_t *end, const int64_t *value)
{
	int64_t slope[RANK], constant;
	return fit_box(rank, lo, end, value, slope, &constant);
}

ojit_expr oj_box_integer(struct space *space, const char *name, uint32_t rank, const int64_t *lo, const int64_t *end,
                         const int64_t *value)
{
	int64_t slope[RANK] = {0}, extent[RANK], count = 1, constant;
	ojit_expr index[RANK];
	for (uint32_t k = 0; k < rank; k++) {
		extent[k] = end[k] - lo[k];
		count *= extent[k];
		index[k] = oj_index(&space->graph, k);
	}
	return fit_box(rank, lo, end, value, slope, &constant)
		? oj_integer_sum(&space->graph, constant, rank, index, slope)
		: box_table(space, name, rank, lo, extent, index, value, (size_t)count);
}

void oj_walk_begin(struct walk *walk, const struct space *space, const struct domain *domain)
{
	*walk = (struct walk){.space = space, .domain = domain};
}

static void enter(struct walk *walk, uint32_t k)
{
	const struct loop *loop = &walk->domain->at[k];
	walk->index[loop->level] = oj_integer_at(walk->space, loop->lo, walk->index);
	walk->end[loop->level] = oj_integer_at(walk->space, loop->end, walk->index);
}

/* From loop k on (all outside of it stand), the first point there is; moves outer
 * loops on where inner ones are empty. */
bool oj_walk_next(struct walk *walk)
{
	uint32_t k = walk->domain->count, count = k;
	if (!walk->begun) {
		walk->begun = true;
		if (count == 0)
			return true;
		k = 0;
		enter(walk, 0);
	} else if (count == 0) {
		return false;
	} else {
		k--;
		walk->index[walk->domain->at[k].level]++;
	}
	for (;;) {
		unsigned level = walk->domain->at[k].level;
		if (walk->index[level] < walk->end[level]) {
			if (++k == count)
				return true;
			enter(walk, k);
		} else if (k == 0) {
			return false;
		} else {
			walk->index[walk->domain->at[--k].level]++;
		}
	}
}
