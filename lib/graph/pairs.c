/* Pass pairs: sums over the pairs of a few elements.
 *
 * A sum over j for every row i of a few (seven stars, ten oscillators) makes poor loops:
 * lanes are half empty, `j != i` cuts every sum in two, and what i and j give each other
 * is computed twice.  Here the terms of all sums are computed first, in one block over
 * pairs i < j whose lanes are full: row p of it has the numbers of its two elements from
 * two tables and gives the term of i and j and that of j and i, which share whatever does
 * not see the sign of a difference (parity.h).  Then come the sums, as straight code.
 * Pairs of an element and itself, if they are wanted, are rows too; where some i needs a j
 * that does not need it, rows are the ordered pairs that are needed.
 *
 * A second axis of few places (the directions of space) is written out first, and so are
 * sums over them inside of terms.
 *
 * Intermediate arrays over two indices are computed again from their formulas: once a
 * pair is once.  Every sum adds what it added before in the same order (TREE8 is written
 * out as the tree it is), so no bit changes.
 *
 * Whether it pays is decided by roll_cost.h, which reads no clock: the loops that there
 * were, and those that only fed them, against the block over pairs and the sums.
 *
 * The pass comes after hoist, so that derivatives and series see the loops; it is run over
 * derivatives once more. */
#include "lib/graph/cost.h"
#include "lib/graph/parity.h"
#include "lib/graph/passes.h"
#include "lib/graph/roll_cost.h"
#include "lib/graph/written.h"

#include <string.h>

/* Rows of a block, and terms of all its sums.  More rows fill lanes by themselves. */
enum { MOST_ROWS = 16, MOST_TERMS = 1024, COLUMNS = 64 }; /* columns are bits of a word */
enum { SHORT = 4 }; /* terms of sums inside, and places along an axis, that are written out */

enum { FORTH, BACK, WAYS };

struct body { /* of sums, over level 0 for the row and 1 for the term */
	ojit_expr body;
	uint32_t terms[WAYS]; /* the arrays they go to: of i and j, of j and i */
	uint64_t needed[MOST_ROWS]; /* bit c of a row: its sums take column c */
};

struct few {
	struct program *program, done;
	struct space *space;
	struct graph *g;
	struct text *told; /* NULL: nobody asks */
	bool failed;       /* out of memory */
	const struct block *given, *block; /* the block as it is, and with a short axis written out */
	int64_t lo, rows;       /* of the block */
	int64_t first, columns; /* that any sum ranges over */
	VECTOR(struct body) bodies;
	size_t sums, terms;
	bool needed[MOST_ROWS][COLUMNS];
	uint32_t pair_of[MOST_ROWS][COLUMNS]; /* its row in the block over pairs */
	bool mutual;                          /* rows are unordered pairs */
	VECTOR(int32_t) number[WAYS];         /* of the pairs' elements */
	VECTOR(struct store) kept;            /* sums that the loop over rows takes from arrays */
	size_t row;                           /* whose sums are being written out */
};

/* ---------------------------------------------------------------- sums written out */

/* Term j of a sum. */
typedef ojit_expr term_function(struct few *f, const void *data, int64_t j);

static ojit_expr write_sum(struct few *f, struct reduction r, ojit_expr start, int64_t lo, int64_t end,
                           term_function *term, const void *data)
{
	VECTOR(ojit_expr) values = {0};
	bool ok = VECTOR_PUSH(f->space->context, &values, start);
	for (int64_t j = lo; ok && j < end; j++) {
		ojit_expr one = term(f, data, j);
		ok = one && VECTOR_PUSH(f->space->context, &values, one);
	}
	ojit_expr sum = ok ? oj_written_reduction(f->g, r, values.at, values.count - 1) : 0;
	VECTOR_DROP(f->space->context, &values);
	f->failed = f->failed || !sum;
	return sum;
}

/* ---------------------------------------------------------------- what there is */

/* The value of an integer in a row; false: it depends on more. */
static bool value_in_row(struct few *f, ojit_expr e, int64_t row, int64_t *value)
{
	ojit_expr index = oj_integer(f->g, f->lo + row), here = index ? oj_substitute(f->space, e, &index, 1) : 0;
	f->failed = f->failed || !here;
	return here && oj_integer_value(f->g, here, value);
}

static bool is_short(const struct few *f, ojit_expr reduction)
{
	const ojit_expr *o = oj_operands(f->g, reduction);
	int64_t lo, end;
	return oj_integer_value(f->g, o[REDUCE_LO], &lo) && oj_integer_value(f->g, o[REDUCE_END], &end) && end - lo <= SHORT;
}

/* Has it sums inside, other than of a few terms, as over the directions of space? */
static bool has_long_sum(struct few *f, ojit_expr e)
{
	struct expr_list list = {0};
	bool found = false;
	f->failed = f->failed || !oj_reach(f->g, &e, 1, true, &list);
	for (size_t i = 0; i < list.list.count; i++)
		found = found || (oj_is(f->g, list.list.at[i], OP_REDUCE) && !is_short(f, list.list.at[i]));
	VECTOR_DROP(f->space->context, &list.list);
	return found;
}

static bool add_body(struct few *f, ojit_expr body)
{
	for (size_t b = 0; b < f->bodies.count; b++)
		if (f->bodies.at[b].body == body)
			return true;
	struct body fresh = {.body = body, .terms = {UINT32_MAX, UINT32_MAX}};
	bool ok = VECTOR_PUSH(f->space->context, &f->bodies, fresh);
	f->failed = f->failed || !ok;
	return ok;
}

static struct body *body_of(struct few *f, ojit_expr body)
{
	size_t b = 0;
	while (f->bodies.at[b].body != body)
		b++;
	return &f->bodies.at[b];
}

static bool need_the_same(const struct few *f)
{
	for (size_t b = 1; b < f->bodies.count; b++)
		if (memcmp(f->bodies.at[b].needed, f->bodies.at[0].needed, sizeof f->bodies.at[0].needed) != 0)
			return false;
	return true;
}

/* Is everything that a body reads there, whichever elements the two are? */
static bool reads_inside(struct few *f, ojit_expr body)
{
	int64_t lo = f->lo < f->first ? f->lo : f->first, index;
	int64_t end = f->lo + f->rows > f->first + f->columns ? f->lo + f->rows : f->first + f->columns;
	const struct block square = {.rank = 2, .lo = {lo, lo}, .end = {end, end}};
	struct expr_list list = {0};
	struct surroundings around;
	uint32_t axis;
	bool inside = oj_reach(f->g, &body, 1, true, &list);
	f->failed = f->failed || !inside;
	oj_surroundings_init(&around, f->space, &square);
	for (size_t i = 0; inside && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		inside = !oj_is(f->g, e, OP_REDUCE);
		if (oj_is(f->g, e, OP_LOAD) || oj_is(f->g, e, OP_TABLE))
			inside = oj_access_inside(&around, e, &axis, &index);
	}
	VECTOR_DROP(f->space->context, &list.list);
	f->failed = f->failed || f->g->failed;
	return inside;
}

/* Every body is computed for all pairs.  So each has to be needed for all, or can be: elsewhere it
 * may read what is not there. */
static bool can_be_computed(struct few *f)
{
	bool can = true;
	for (size_t b = 0; can && b < f->bodies.count && !need_the_same(f); b++)
		can = reads_inside(f, f->bodies.at[b].body);
	return can;
}

/* Note the pairs that a reduction needs; false: it is none of those treated here. */
static bool note_sum(struct few *f, ojit_expr e)
{
	struct node n = *oj_node(f->g, e);
	const ojit_expr *o = oj_operands(f->g, e);
	ojit_expr lo = o[REDUCE_LO], end = o[REDUCE_END], body = o[REDUCE_BODY];
	if (n.reduction.level != 1 || has_long_sum(f, body) || !add_body(f, body))
		return false;
	struct body *noted = body_of(f, body);
	for (int64_t row = 0; row < f->rows; row++) {
		int64_t from, to;
		if (!value_in_row(f, lo, row, &from) || !value_in_row(f, end, row, &to))
			return false;
		for (int64_t j = from; j < to; j++) {
			if (f->columns == 0 && f->terms == 0)
				f->first = f->lo < from ? f->lo : from;
			if (j < f->first || j - f->first >= COLUMNS || ++f->terms > MOST_TERMS)
				return false;
			f->needed[row][j - f->first] = true;
			noted->needed[row] |= (uint64_t)1 << (j - f->first);
			f->columns = j - f->first >= f->columns ? j - f->first + 1 : f->columns;
		}
	}
	f->sums++;
	return true;
}

static bool is_over_pairs(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_REDUCE) && oj_node(g, e)->levels & 1;
}

/* Are all sums of the block those of few elements? */
static bool note_sums(struct few *f)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(f->space, f->block, false, &list), fit = true, paired = false;
	f->failed = f->failed || !ok;
	for (size_t i = 0; ok && fit && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		if (!is_over_pairs(f->g, e))
			continue;
		paired = paired || oj_node(f->g, oj_operands(f->g, e)[REDUCE_BODY])->levels & 1;
		fit = note_sum(f, e);
	}
	VECTOR_DROP(f->space->context, &list.list);
	return fit && paired && can_be_computed(f) && !f->failed;
}

/* ---------------------------------------------------------------- pairs */

/* Does every j that some i needs need that i? */
static bool is_mutual(const struct few *f)
{
	int64_t shift = f->first - f->lo; /* column c is row c + shift */
	for (int64_t i = 0; i < f->rows; i++)
		for (int64_t c = 0; c < f->columns; c++) {
			int64_t j = c + shift, back = i - shift;
			if (f->needed[i][c] && (j < 0 || j >= f->rows || back < 0 || back >= f->columns || !f->needed[j][back]))
				return false;
		}
	return true;
}

static bool add_pair(struct few *f, int64_t i, int64_t c)
{
	ojit_context *context = f->space->context;
	f->pair_of[i][c] = (uint32_t)f->number[FORTH].count;
	return VECTOR_PUSH(context, &f->number[FORTH], (int32_t)(f->lo + i)) &&
	       VECTOR_PUSH(context, &f->number[BACK], (int32_t)(f->first + c));
}

static bool list_pairs(struct few *f)
{
	bool ok = true;
	f->mutual = is_mutual(f);
	for (int64_t i = 0; i < f->rows; i++)
		for (int64_t c = 0; ok && c < f->columns; c++)
			if (f->needed[i][c] && (!f->mutual || f->first + c >= f->lo + i))
				ok = add_pair(f, i, c);
	return ok;
}

/* The element of a body's terms that the row at hand adds for j. */
static ojit_expr term_of(struct few *f, const void *data, int64_t j)
{
	const struct body *body = data;
	int64_t i = (int64_t)f->row, c = j - f->first;
	bool back = f->mutual && j < f->lo + i;
	uint32_t pair = back ? f->pair_of[j - f->lo][f->lo + i - f->first] : f->pair_of[i][c];
	ojit_expr index = oj_integer(f->g, pair);
	return index ? oj_load(f->g, body->terms[back ? BACK : FORTH], 1, &index) : 0;
}

/* ---------------------------------------------------------------- terms */

/* The formula of an intermediate array over two indices, where it has one for all of
 * its elements that is no sum; 0: none. */
static ojit_expr formula_of(struct few *f, uint32_t array)
{
	const struct array *a = &f->space->arrays.at[array];
	ojit_expr value = 0;
	int found = 0;
	if (a->role != ROLE_TEMP || a->rank != 2)
		return 0;
	for (size_t b = 0; b < f->program->blocks.count; b++) {
		const struct block *block = &f->program->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			if (store->array != array)
				continue;
			bool plain = block->rank == 2 && store->index[0] == oj_index(f->g, 0) && store->index[1] == oj_index(f->g, 1);
			value = plain ? store->value : 0;
			found++;
		}
	}
	return found == 1 && value && !has_long_sum(f, value) ? value : 0;
}

static ojit_expr write_out(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct few *f = rewrite->data;
	ojit_expr formula = oj_is(f->g, e, OP_LOAD) ? formula_of(f, oj_node(f->g, e)->ref.id) : 0;
	if (!formula)
		return oj_simplified(f->g, e, operands);
	ojit_expr index[2] = {operands[0], operands[1]};
	formula = oj_substitute(f->space, formula, index, 2);
	return formula && oj_rewrite(rewrite, &formula, 1) == OJIT_OK ? formula : 0; /* arrays need earlier ones only */
}

struct inner {
	struct rewrite *rewrite;
	unsigned level;
	ojit_expr body;
};

static ojit_expr inner_term(struct few *f, const void *data, int64_t j)
{
	const struct inner *inner = data;
	ojit_expr index[LEVELS] = {0};
	index[inner->level] = oj_integer(f->g, j);
	ojit_expr term = index[inner->level] ? oj_substitute(f->space, inner->body, index, LEVELS) : 0;
	return term && oj_rewrite(inner->rewrite, &term, 1) == OJIT_OK ? term : 0;
}

static ojit_expr write_inner(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct few *f = rewrite->data;
	struct reduction r = oj_node(f->g, e)->reduction;
	struct inner inner = {rewrite, r.level, oj_operands(f->g, e)[REDUCE_BODY]};
	int64_t lo = 0, end = 0;
	oj_integer_value(f->g, outer[REDUCE_LO], &lo);
	oj_integer_value(f->g, outer[REDUCE_END], &end);
	return write_sum(f, r, outer[REDUCE_START], lo, end, inner_term, &inner);
}

/* terms[way] of a body over the two elements of row i0 of the block over pairs. */
static bool make_terms(struct few *f, ojit_expr body, const uint32_t *tables, ojit_expr *terms)
{
	struct rewrite rewrite = {.space = f->space, .node = write_out, .reduction = write_inner, .data = f,
	                          .keep_closed = true};
	ojit_expr i = oj_index(f->g, 0), j = oj_index(f->g, 1), swapped[2] = {j, i}, elements[2];
	terms[FORTH] = body;
	terms[BACK] = 0;
	if (oj_rewrite(&rewrite, terms, 1) != OJIT_OK)
		return false;
	if (f->mutual && !(terms[BACK] = oj_substitute(f->space, terms[FORTH], swapped, 2)))
		return false;
	if (f->mutual && oj_mutual_differences(f->space, terms, WAYS) != OJIT_OK)
		return false;
	for (int way = 0; way < WAYS; way++)
		elements[way] = oj_table(f->g, tables[way], 1, &i);
	for (int way = 0; way < WAYS; way++)
		if (terms[way] && !(terms[way] = oj_substitute(f->space, terms[way], elements, 2)))
			return false;
	return true;
}

static uint32_t add_table(struct few *f, int way)
{
	int64_t base = 0, extent = (int64_t)f->number[way].count;
	return oj_space_table(f->space, "element", 1, &base, &extent, f->number[way].at);
}

static bool store_terms(struct few *f, struct block *pairs, struct body *body, const uint32_t *tables)
{
	int64_t base = 0, extent = (int64_t)f->number[FORTH].count;
	ojit_expr terms[WAYS], index = oj_index(f->g, 0);
	bool ok = make_terms(f, body->body, tables, terms);
	for (int way = 0; ok && way < WAYS; way++) {
		if (way == BACK && (!terms[BACK] || terms[BACK] == terms[FORTH])) {
			body->terms[BACK] = body->terms[FORTH];
			continue;
		}
		body->terms[way] = oj_space_array(f->space, "term", ROLE_TEMP, 1, &base, &extent, -1);
		ok = body->terms[way] != UINT32_MAX && oj_block_store(f->space, pairs, body->terms[way], terms[way], &index);
	}
	return ok;
}

static bool make_pairs(struct few *f, struct block *pairs)
{
	uint32_t tables[WAYS];
	bool ok = true;
	*pairs = (struct block){.rank = 1, .end = {(int64_t)f->number[FORTH].count}, .origin = f->block->origin};
	for (int way = 0; ok && way < WAYS; way++)
		ok = (tables[way] = add_table(f, way)) != UINT32_MAX;
	for (size_t b = 0; ok && b < f->bodies.count; b++)
		ok = store_terms(f, pairs, &f->bodies.at[b], tables);
	return ok;
}

/* ---------------------------------------------------------------- sums */

static const struct body *find_body(const struct few *f, ojit_expr body)
{
	const struct body *found = f->bodies.at;
	while (found->body != body)
		found++;
	return found;
}

static ojit_expr sum_in_row(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct few *f = rewrite->data;
	struct reduction r = oj_node(f->g, e)->reduction;
	const struct body *body = find_body(f, oj_operands(f->g, e)[REDUCE_BODY]);
	ojit_expr from = oj_operands(f->g, e)[REDUCE_LO], to = oj_operands(f->g, e)[REDUCE_END];
	int64_t lo, end;
	if (!value_in_row(f, from, (int64_t)f->row, &lo) || !value_in_row(f, to, (int64_t)f->row, &end))
		return 0;
	return write_sum(f, r, outer[REDUCE_START], lo, end, term_of, body);
}

static ojit_expr node_in_row(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct few *f = rewrite->data;
	const struct node *n = oj_node(f->g, e);
	if (n->op == OP_INDEX && n->integer == 0)
		return oj_integer(f->g, f->lo + (int64_t)f->row);
	return oj_simplified(f->g, e, operands);
}

static ojit_expr reduction_in_row(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct few *f = rewrite->data;
	if (is_over_pairs(f->g, e))
		return sum_in_row(rewrite, e, outer);
	struct reduction r = oj_node(f->g, e)->reduction;
	ojit_expr body = oj_operands(f->g, e)[REDUCE_BODY];
	return oj_reduce(f->g, r, outer[REDUCE_START], outer[REDUCE_LO], outer[REDUCE_END], body);
}

static bool needs_sum(struct few *f, ojit_expr value)
{
	struct expr_list list = {0};
	bool found = false;
	f->failed = f->failed || !oj_reach(f->g, &value, 1, false, &list);
	for (size_t i = 0; i < list.list.count; i++)
		found = found || is_over_pairs(f->g, list.list.at[i]);
	VECTOR_DROP(f->space->context, &list.list);
	return found;
}

/* A store in the row at hand. */
static bool store_in_row(struct few *f, const struct store *store, struct block *straight)
{
	struct rewrite rewrite = {.space = f->space, .node = node_in_row, .reduction = reduction_in_row, .data = f};
	struct block one = {.rank = 0};
	bool ok = VECTOR_PUSH(f->space->context, &one.stores, *store) && oj_rewrite_block(&rewrite, &one) == OJIT_OK &&
	          VECTOR_PUSH(f->space->context, &straight->stores, one.stores.at[0]);
	oj_block_drop(f->space, &one);
	return ok;
}

static bool store_in_rows(struct few *f, const struct store *store, struct block *straight)
{
	bool ok = true;
	for (f->row = 0; ok && f->row < (size_t)f->rows; f->row++)
		ok = store_in_row(f, store, straight);
	return ok;
}

/* Is a function of lib/math called once a row, beside the sums?  Then rows stay a loop. */
static bool calls_in_rows(struct few *f)
{
	struct expr_list list = {0};
	bool calls = false;
	f->failed = f->failed || !oj_block_reach(f->space, f->block, false, &list);
	for (size_t i = 0; i < list.list.count; i++) {
		const struct node *n = oj_node(f->g, list.list.at[i]);
		calls = calls || (n->levels && oj_node_cost(f->g, list.list.at[i]) >= COST_CALL && n->op != OP_REDUCE);
	}
	VECTOR_DROP(f->space->context, &list.list);
	return calls;
}

/* The array, over rows, of a sum. */
static ojit_expr load_sum(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct few *f = rewrite->data;
	struct store sum = {.value = e, .index = {oj_index(f->g, 0)}};
	if (!is_over_pairs(f->g, e))
		return reduction_in_row(rewrite, e, outer);
	for (size_t s = 0; s < f->kept.count; s++)
		if (f->kept.at[s].value == e)
			return oj_load(f->g, f->kept.at[s].array, 1, sum.index);
	sum.array = oj_space_array(f->space, "sum", ROLE_TEMP, 1, &f->lo, &f->rows, -1);
	bool ok = sum.array != UINT32_MAX && VECTOR_PUSH(f->space->context, &f->kept, sum);
	return ok ? oj_load(f->g, sum.array, 1, sum.index) : 0;
}

/* Sums go to arrays, from which the loop over rows takes them. */
static bool keep_rows(struct few *f, struct block *straight, struct block *rest)
{
	struct rewrite rewrite = {.space = f->space, .reduction = load_sum, .data = f};
	bool ok = VECTOR_APPEND(f->space->context, &rest->stores, &f->block->stores) &&
	          oj_rewrite_block(&rewrite, rest) == OJIT_OK;
	for (size_t s = 0; ok && s < f->kept.count; s++)
		ok = store_in_rows(f, &f->kept.at[s], straight);
	return ok;
}

/* `rest`: what needs no sum, or more than a sum, and stays a loop over rows. */
static bool make_sums(struct few *f, struct block *straight, struct block *rest)
{
	const struct block *block = f->block;
	bool ok = true;
	*straight = (struct block){.origin = block->origin};
	*rest = *block;
	memset(&rest->stores, 0, sizeof rest->stores);
	if (calls_in_rows(f))
		return keep_rows(f, straight, rest) && !f->failed;
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		ok = needs_sum(f, store->value) ? store_in_rows(f, store, straight)
		                                : VECTOR_PUSH(f->space->context, &rest->stores, *store);
	}
	return ok && !f->failed;
}

/* ---------------------------------------------------------------- does it pay? */

/* Of the loops that feed nothing but what is written out. */
static bool add_feeding(struct few *f, struct cost *cost)
{
	struct loop_content ignored = {0};
	struct expr_list list = {0};
	bool ok = oj_block_reach(f->space, f->block, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(f->g, list.list.at[i]);
		if (n->op != OP_LOAD || !formula_of(f, n->ref.id))
			continue;
		for (size_t b = 0; ok && b < f->program->blocks.count; b++) {
			const struct block *block = &f->program->blocks.at[b];
			if (block->stores.count == 1 && block->stores.at[0].array == n->ref.id)
				ok = oj_cost_loop(f->space, block, cost, &ignored);
		}
	}
	VECTOR_DROP(f->space->context, &list.list);
	return ok;
}

static bool add_straight(struct few *f, const struct block *straight, struct cost *cost)
{
	struct expr_list list = {0};
	double work = 0, operations = 0;
	bool ok = oj_block_reach(f->space, straight, false, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(f->g, list.list.at[i]);
		if (oj_op_info[n->op].way == WAY_LEAF)
			continue;
		operations++;
		work += oj_node_cost(f->g, list.list.at[i]);
	}
	struct cost line = oj_cost_straight((double)straight->stores.count, operations, work, 0);
	cost->run += line.run;
	cost->make += line.make;
	VECTOR_DROP(f->space->context, &list.list);
	return ok;
}

static void print_cost(struct text *text, const char *what, struct cost cost)
{
	char run[32], make[32];
	oj_number_print(run, cost.run * 1e-3, 3);
	oj_number_print(make, cost.make * 1e-3, 3);
	oj_text_format(text, "#   %s: %s us an evaluation, %s ms to translate\n", what, run, make);
}

static void tell(struct few *f, bool pays, struct cost before, struct cost after)
{
	if (!f->told)
		return;
	oj_text_format(f->told, "# %s: %zu sums of %zu terms in all over %s pairs of %lld elements, %zu of them\n",
	               f->space->arrays.at[f->block->stores.at[0].array].name, f->sums, f->terms,
	               f->mutual ? "unordered" : "ordered", (long long)f->rows, f->number[FORTH].count);
	print_cost(f->told, "loops over elements", before);
	print_cost(f->told, "a loop over pairs, sums written out", after);
	oj_text_format(f->told, "#   %s\n", pays ? "written out" : "stay loops");
}

static bool decide(struct few *f, const struct block *pairs, const struct block *straight, const struct block *rest,
                   bool *pays)
{
	struct loop_content ignored = {0};
	struct cost before = {0}, after = {0};
	bool ok = oj_cost_loop(f->space, f->given, &before, &ignored) && add_feeding(f, &before) &&
	          oj_cost_loop(f->space, pairs, &after, &ignored) && add_straight(f, straight, &after) &&
	          (rest->stores.count == 0 || oj_cost_loop(f->space, rest, &after, &ignored));
	*pays = ok && oj_cost_total(after) < oj_cost_total(before);
	if (ok)
		tell(f, *pays, before, after);
	return ok;
}

/* ---------------------------------------------------------------- the walk */

/* Hand a block over to the program that is being made. */
static bool hand_over(struct few *f, struct block *block)
{
	if (block->stores.count == 0)
		return true;
	if (!VECTOR_PUSH(f->space->context, &f->done.blocks, *block))
		return false;
	memset(&block->stores, 0, sizeof block->stores);
	return true;
}

static bool keep(struct few *f)
{
	struct block copy = *f->given;
	memset(&copy.stores, 0, sizeof copy.stores);
	bool ok = VECTOR_APPEND(f->space->context, &copy.stores, &f->given->stores) && hand_over(f, &copy);
	oj_block_drop(f->space, &copy);
	return ok;
}

static bool replace(struct few *f)
{
	struct block pairs = {0}, straight = {0}, rest = {0};
	bool pays = false;
	bool ok = list_pairs(f) && make_pairs(f, &pairs) && make_sums(f, &straight, &rest) &&
	          decide(f, &pairs, &straight, &rest, &pays);
	if (ok && pays)
		ok = hand_over(f, &pairs) && hand_over(f, &straight) && hand_over(f, &rest);
	else
		ok = ok && keep(f);
	oj_block_drop(f->space, &pairs);
	oj_block_drop(f->space, &straight);
	oj_block_drop(f->space, &rest);
	return ok;
}

/* A store at one place of the axis that is written out. */
static bool add_place(struct few *f, const struct store *store, const ojit_expr *index, struct block *flat)
{
	struct store there = *store;
	uint32_t rank = f->space->arrays.at[store->array].rank;
	bool ok = (there.value = oj_substitute(f->space, store->value, index, 2)) != 0;
	for (uint32_t k = 0; ok && k < rank; k++)
		ok = (there.index[k] = oj_substitute(f->space, store->index[k], index, 2)) != 0;
	return ok && VECTOR_PUSH(f->space->context, &flat->stores, there);
}

/* A block over elements and directions of space becomes one over elements. */
static bool flatten(struct few *f, const struct block *block, struct block *flat)
{
	uint32_t directions = block->end[1] - block->lo[1] <= SHORT ? 1 : 0, elements = 1 - directions;
	bool ok = true;
	*flat = (struct block){.rank = 1, .lo = {block->lo[elements]}, .end = {block->end[elements]}, .origin = block->origin};
	for (int64_t c = block->lo[directions]; ok && c < block->end[directions]; c++) {
		ojit_expr index[2];
		index[elements] = oj_index(f->g, 0);
		index[directions] = oj_integer(f->g, c);
		ok = index[0] && index[1];
		for (size_t s = 0; ok && s < block->stores.count; s++)
			ok = add_place(f, &block->stores.at[s], index, flat);
	}
	return ok;
}

/* Are sums over pairs of few elements possible at all? */
static bool is_small(struct few *f, const struct block *block)
{
	int64_t first = block->end[0] - block->lo[0], second = block->rank == 2 ? block->end[1] - block->lo[1] : 1;
	int64_t shorter = first < second ? first : second, longer = first < second ? second : first;
	struct expr_list list = {0};
	bool sums = false, small = block->rank >= 1 && block->rank <= 2 && shorter <= SHORT && longer > 1 && longer <= MOST_ROWS;
	f->failed = f->failed || (small && !oj_block_reach(f->space, block, false, &list));
	for (size_t i = 0; i < list.list.count; i++)
		sums = sums || oj_is(f->g, list.list.at[i], OP_REDUCE);
	VECTOR_DROP(f->space->context, &list.list);
	return small && sums;
}

static void look_at(struct few *f, const struct block *block)
{
	f->block = block;
	f->lo = block->lo[0];
	f->rows = block->end[0] - block->lo[0];
	f->first = f->columns = 0;
	f->sums = f->terms = f->bodies.count = f->kept.count = 0;
	f->number[FORTH].count = f->number[BACK].count = 0;
	memset(f->needed, 0, sizeof f->needed);
}

static bool visit(struct few *f, const struct block *block)
{
	struct block flat = {0};
	f->given = block;
	if (!is_small(f, block))
		return !f->failed && keep(f);
	bool ok = block->rank == 1 || flatten(f, block, &flat);
	look_at(f, block->rank == 1 ? block : &flat);
	bool few = ok && f->rows > 1 && note_sums(f);
	ok = ok && !f->failed && (few ? replace(f) : keep(f));
	oj_block_drop(f->space, &flat);
	return ok;
}

ojit_status oj_pass_pairs(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct few f = {.program = program, .space = space, .g = &space->graph, .told = options->explanation};
	oj_program_init(&f.done, space, program->kind);
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = visit(&f, &program->blocks.at[b]);
	VECTOR_DROP(space->context, &f.bodies);
	VECTOR_DROP(space->context, &f.kept);
	VECTOR_DROP(space->context, &f.number[FORTH]);
	VECTOR_DROP(space->context, &f.number[BACK]);
	ok = ok && !f.failed;
	if (ok) {
		struct program old = *program;
		*program = f.done;
		f.done = old;
		ok = oj_program_layout(program) == OJIT_OK;
	}
	oj_program_drop(&f.done);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
