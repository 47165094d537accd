/* Pass roll: the blocks of sums and products of any lengths.
 *
 * Row i adds its terms from the left, as they were written, each times its factor.  A
 * sum begins with -0, which changes no bit of it; 1 * x and -1 * x are x and -x, so
 * that terms with and without a sign are alike.
 *
 * The terms of a row lie in phases, each of terms of one shape; most sums have one.
 * Rows that are a stretch (roll_strands.c) are one box, and their sums a chain of
 * reductions over consecutive ranges, one a strand, each beginning with the value of
 * the one before: `j != i` written out comes back as what is before and after i.
 *
 * Rows in no such box go through tables, the longest first: lanes run across rows,
 * and neighbours then have about the same length. */
#include "lib/graph/roll_sums.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- terms */

static bool open_phase(struct sums *s, struct phase *phase)
{
	ojit_context *context = s->r->space->context;
	phase->plain = true;
	phase->length = oj_memory_get(context, s->count * sizeof *phase->length);
	phase->begin = oj_memory_get(context, s->count * sizeof *phase->begin);
	if (!phase->length || !phase->begin)
		return false;
	memset(phase->length, 0, s->count * sizeof *phase->length);
	return true;
}

/* The phase of every term of a row; false: it has too many. */
static bool measure_row(struct sums *s, uint32_t row)
{
	uint32_t phase = 0;
	uint64_t key = oj_roll_term_key(s->r, s->items[row].node, 0);
	for (uint32_t k = 0; k < s->items[row].terms; k++) {
		uint64_t next = oj_roll_term_key(s->r, s->items[row].node, k);
		phase += next != key;
		key = next;
		if (phase >= PHASES)
			return false;
		s->phases[phase].length[row]++;
	}
	s->phase_count = row ? s->phase_count : phase + 1;
	return phase + 1 == s->phase_count;
}

static bool measure(struct sums *s)
{
	bool ok = true;
	for (uint32_t p = 0; ok && p < PHASES; p++)
		ok = open_phase(s, &s->phases[p]);
	for (uint32_t row = 0; ok && !s->r->refused && row < s->count; row++)
		s->r->refused = !measure_row(s, row); /* other phases, but one key */
	for (uint32_t p = 0; ok && !s->r->refused && p < s->phase_count; p++) {
		struct phase *phase = &s->phases[p];
		for (uint32_t row = 0; row < s->count; row++) {
			phase->begin[row] = phase->terms;
			phase->terms += phase->length[row];
			phase->longest = phase->length[row] > phase->longest ? phase->length[row] : phase->longest;
		}
		phase->factors = oj_memory_get(s->r->space->context, phase->terms * sizeof *phase->factors);
		ok = phase->factors != NULL;
	}
	return ok;
}

static bool take_term(struct sums *s, struct phase *phase, ojit_expr e, size_t at)
{
	double factor = 1;
	ojit_expr term = s->op == OP_ADD ? oj_roll_term(s->r, e, &factor) : e;
	memcpy(&phase->factors[at], &factor, sizeof factor);
	phase->plain = phase->plain && factor == 1;
	return (at > 0 || oj_columns_init(s->r, &phase->columns, term, false, phase->terms)) &&
	       oj_columns_add(s->r, &phase->columns, term, at);
}

static bool take_row(struct sums *s, uint32_t row)
{
	bool ok = true;
	uint32_t operand = 0;
	for (uint32_t p = 0; p < s->phase_count; p++) {
		struct phase *phase = &s->phases[p];
		for (uint32_t k = 0; ok && !s->r->refused && k < phase->length[row]; k++) {
			ojit_expr e = oj_roll_summand(s->r, s->items[row].node, operand++);
			ok = take_term(s, phase, e, phase->begin[row] + (size_t)k);
		}
	}
	return ok;
}

static bool orient(struct sums *s)
{
	size_t *ends = oj_memory_get(s->r->space->context, s->count * sizeof *ends);
	for (uint32_t p = 0; ends && p < s->phase_count; p++) {
		struct phase *phase = &s->phases[p];
		for (uint32_t row = 0; row < s->count; row++)
			ends[row] = phase->begin[row] + (size_t)phase->length[row];
		oj_columns_orient(s->r, &phase->columns, ends, s->count);
	}
	oj_memory_put(s->r->space->context, ends, s->count * sizeof *ends);
	return ends != NULL;
}

static bool take_terms(struct sums *s)
{
	bool ok = measure(s);
	for (uint32_t row = 0; ok && !s->r->refused && row < s->count; row++)
		ok = take_row(s, row);
	return ok && (s->r->refused || orient(s));
}

/* ---------------------------------------------------------------- places in tables */

static bool is_sorted(const struct sums *s, const struct phase *phase)
{
	for (uint32_t i = 1; i < s->rows; i++)
		if (phase->length[s->row[i]] > phase->length[s->row[i - 1]])
			return false;
	return true;
}

/* Turn by turn: start[k] is the place of turn k of the first row. */
static bool place_turns(struct sums *s, const struct phase *phase, bool padded, struct grid *grid)
{
	uint32_t rows = s->rows;
	size_t place = 0;
	grid->start = oj_memory_get(s->r->space->context, grid->turns * sizeof *grid->start);
	for (uint32_t k = 0; grid->start && k < grid->turns; k++) {
		while (!padded && phase->length[s->row[rows - 1]] <= k)
			rows--;
		grid->start[k] = (uint32_t)place;
		place += rows;
	}
	grid->places = grid->start ? grid->start[grid->turns - 1] + (size_t)s->rows : 0;
	return grid->start != NULL;
}

/* Row by row. */
static bool place_rows(struct sums *s, const struct phase *phase, struct grid *grid)
{
	size_t place = 0;
	grid->home = oj_memory_get(s->r->space->context, s->rows * sizeof *grid->home);
	for (uint32_t i = 0; grid->home && i < s->rows; i++) {
		grid->home[i] = (uint32_t)place;
		place += phase->length[s->row[i]];
	}
	grid->places = place + grid->turns;
	return grid->home != NULL;
}

/* values[0..count) in index `level` */
static ojit_expr integer_of(struct sums *s, const uint32_t *values, uint32_t count, unsigned level)
{
	struct grid line = oj_roll_box(1, &count, NULL);
	int64_t *wide = oj_memory_get(s->r->space->context, count * sizeof *wide);
	ojit_expr map[1] = {oj_index(s->r->g, level)};
	for (uint32_t i = 0; wide && i < count; i++)
		wide[i] = values[i];
	ojit_expr e = wide ? oj_roll_integer(s->r, wide, &line) : 0;
	oj_memory_put(s->r->space->context, wide, count * sizeof *wide);
	return e && level ? oj_substitute(s->r->space, e, map, 1) : e;
}

/* The instances of a phase in the rows at hand. */
static bool open_grid(struct sums *s, const struct phase *phase, struct grid *grid)
{
	size_t terms = 0;
	*grid = oj_roll_box(1, &s->rows, s->row);
	grid->length = phase->length;
	grid->begin = phase->begin;
	for (uint32_t i = 0; i < s->rows; i++) {
		uint32_t length = phase->length[s->row[i]];
		terms += length;
		grid->turns = length > grid->turns ? length : grid->turns;
	}
	bool sorted = is_sorted(s, phase), padded = !sorted && (size_t)grid->turns * s->rows <= 2 * terms;
	if (!(sorted || padded ? place_turns(s, phase, padded, grid) : place_rows(s, phase, grid)))
		return false;
	s->r->refused = s->r->refused || grid->places > INT32_MAX;
	ojit_expr row = oj_index(s->r->g, 0), turn = oj_index(s->r->g, 1);
	ojit_expr from = grid->start ? integer_of(s, grid->start, grid->turns, 1) : integer_of(s, grid->home, s->rows, 0);
	grid->at = from ? oj_integer_add(s->r->g, from, grid->start ? row : turn) : 0;
	return grid->at != 0;
}

static void close_grid(struct sums *s, struct grid *grid)
{
	oj_memory_put(s->r->space->context, grid->start, grid->turns * sizeof *grid->start);
	oj_memory_put(s->r->space->context, grid->home, s->rows * sizeof *grid->home);
}

/* ---------------------------------------------------------------- blocks */

static enum reduction_kind kind_of(const struct sums *s)
{
	return s->op == OP_ADD ? REDUCE_SUM : REDUCE_PROD;
}

/* The term of turn `lo`, alone. */
static ojit_expr add_single(struct sums *s, ojit_expr before, ojit_expr lo, ojit_expr body)
{
	ojit_expr map[2] = {oj_index(s->r->g, 0), lo};
	ojit_expr term = oj_substitute(s->r->space, body, map, 2);
	return before && term ? oj_make2(s->r->g, s->op, before, term) : term;
}

/* The chain so far, `before` (0: nothing), and the terms of turns [lo, end) after it. */
static ojit_expr go_on(struct sums *s, ojit_expr before, ojit_expr lo, ojit_expr end, ojit_expr body)
{
	if (oj_integer_offset(s->r->g, lo, 1) == end)
		return add_single(s, before, lo, body);
	struct reduction reduction = {.kind = (uint8_t)kind_of(s), .order = SEQUENTIAL, .level = 1};
	ojit_expr start = before ? before : oj_literal(s->r->g, oj_reduction_identity(kind_of(s), true));
	ojit_expr operands[4] = {start, lo, end, body};
	ojit_expr like = oj_reduce(s->r->g, reduction, start, lo, end, body);
	return like ? oj_simplified_reduction(s->r->space, like, operands) : 0;
}

static ojit_expr with_factor(struct sums *s, const struct phase *phase, const struct grid *grid, ojit_expr body)
{
	if (!body || phase->plain)
		return body;
	ojit_expr factor = oj_roll_number(s->r, phase->factors, grid);
	return factor ? oj_make2(s->r->g, OP_MUL, factor, body) : 0;
}

static ojit_expr number_of_sum(struct roller *r, const struct filling *f, const int64_t *values)
{
	return oj_roll_number(r, values, f->grid);
}

static ojit_expr element_of_table(struct roller *r, const struct filling *f, const int64_t *values)
{
	return oj_roll_integer(r, values, f->grid);
}

/* Factors that are all 1 or -1, without a pattern, cost no load: where an element of the
 * terms comes from a table, -1 makes its entry e negative, -1 - e, and the element is
 * that of the greater of both. */
struct signs {
	const int64_t *column; /* of elements */
	int64_t *entries;
	size_t count;
	ojit_expr entry;       /* as it is in the table */
};

static bool are_signs(const struct phase *phase)
{
	const double minus = -1, plus = 1;
	for (size_t i = 0; i < phase->terms; i++)
		if (memcmp(&phase->factors[i], &plus, sizeof plus) && memcmp(&phase->factors[i], &minus, sizeof minus))
			return false;
	return true;
}

/* False: out of memory.  No entries: no column can take the signs. */
static bool open_signs(const struct sums *s, const struct phase *phase, const struct grid *grid, struct signs *signs)
{
	const struct columns *columns = &phase->columns;
	*signs = (struct signs){.count = phase->terms};
	if (phase->plain || !are_signs(phase) || oj_roll_is_by_row(phase->factors, grid))
		return true;
	for (uint32_t c = 0; c < columns->count && !signs->column; c++)
		if (!columns->numbers.at[c] && oj_roll_is_scattered(columns->values + c * columns->length, grid))
			signs->column = columns->values + c * columns->length;
	if (!signs->column)
		return true;
	signs->entries = oj_memory_get(s->r->space->context, signs->count * sizeof *signs->entries);
	for (size_t i = 0; signs->entries && i < signs->count; i++) {
		double factor;
		memcpy(&factor, &phase->factors[i], sizeof factor);
		signs->entries[i] = factor < 0 ? -1 - signs->column[i] : signs->column[i];
	}
	return signs->entries != NULL;
}

static ojit_expr element_of_signs(struct roller *r, const struct filling *f, const int64_t *values)
{
	struct signs *signs = (struct signs *)f->data;
	if (values != signs->column)
		return oj_roll_integer(r, values, f->grid);
	signs->entry = oj_roll_integer(r, signs->entries, f->grid);
	ojit_expr other = oj_integer_offset(r->g, oj_integer_scale(r->g, signs->entry, -1), -1);
	return oj_integer_max(r->g, signs->entry, other);
}

static ojit_expr with_signs(struct sums *s, const struct signs *signs, ojit_expr body)
{
	struct graph *g = s->r->g;
	ojit_expr minus = oj_make2(g, OP_ILT, signs->entry, oj_integer(g, 0)), negative = oj_make1(g, OP_NEG, body);
	return oj_make3(g, OP_IF, minus, negative, body);
}

/* The terms of a phase from tables, each with its factor. */
static ojit_expr tabled_terms(struct sums *s, const struct phase *phase, const struct grid *grid)
{
	struct signs signs;
	ojit_expr body = 0;
	if (open_signs(s, phase, grid, &signs)) {
		struct filling filling = {&phase->columns, signs.entries ? element_of_signs : element_of_table,
		                          number_of_sum, grid, &signs};
		body = oj_columns_build(s->r, &filling);
		if (body)
			body = signs.entries ? with_signs(s, &signs, body) : with_factor(s, phase, grid, body);
	}
	oj_memory_put(s->r->space->context, signs.entries, signs.count * sizeof *signs.entries);
	return body;
}

/* All terms of a phase, through tables. */
static ojit_expr add_phase(struct sums *s, const struct phase *phase, ojit_expr before)
{
	struct grid grid = {0};
	ojit_expr sum = 0;
	if (open_grid(s, phase, &grid)) {
		uint32_t *lengths = oj_memory_get(s->r->space->context, s->rows * sizeof *lengths);
		for (uint32_t i = 0; lengths && i < s->rows; i++)
			lengths[i] = phase->length[s->row[i]];
		ojit_expr end = lengths ? integer_of(s, lengths, s->rows, 0) : 0;
		ojit_expr body = end ? tabled_terms(s, phase, &grid) : 0;
		sum = body ? go_on(s, before, oj_integer(s->r->g, 0), end, body) : 0;
		oj_memory_put(s->r->space->context, lengths, s->rows * sizeof *lengths);
	}
	close_grid(s, &grid);
	return sum;
}

struct place { /* of a strand: its maps, the turn in it, and the first row's step from the base */
	const struct sums *sums;
	const struct strand *strand;
	int64_t step;
	ojit_expr turn;
};

static ojit_expr element_of_strand(struct roller *r, const struct filling *f, const int64_t *values)
{
	const struct place *at = f->data;
	size_t column = (size_t)(values - f->columns->values) / f->columns->length;
	const int64_t *map = &at->sums->maps.at[at->strand->map + 3 * column];
	ojit_expr levels[2] = {oj_index(r->g, 0), at->turn};
	return oj_integer_sum(r->g, map[0] + map[1] * at->step, 2, levels, map + 1);
}

/* The turns of a strand begin at `lo`; *end is set. */
static ojit_expr add_one_strand(struct sums *s, const struct strand *strand, int64_t step, ojit_expr before,
                                ojit_expr lo, ojit_expr *end)
{
	struct graph *g = s->r->g;
	const struct phase *phase = &s->phases[strand->phase];
	struct grid grid = {0};
	ojit_expr row = oj_index(g, 0), sum = 0, turn = oj_index(g, 1);
	struct place place = {s, strand, step, oj_integer_sum(g, 0, 2, (ojit_expr[]){turn, lo}, (int64_t[]){1, -1})};
	*end = oj_integer_sum(g, strand->length + strand->length_step * step, 2, (ojit_expr[]){lo, row},
	                      (int64_t[]){1, strand->length_step});
	if (place.turn && *end && open_grid(s, phase, &grid)) {
		struct filling filling = {&phase->columns, element_of_strand, number_of_sum, &grid, &place};
		ojit_expr body = with_factor(s, phase, &grid, oj_columns_build(s->r, &filling));
		sum = body ? go_on(s, before, lo, *end, body) : 0;
	}
	close_grid(s, &grid);
	return sum;
}

static ojit_expr build_strands(struct sums *s, const struct stretch *stretch)
{
	ojit_expr sum = 0, lo[PHASES];
	for (uint32_t p = 0; p < PHASES; p++)
		lo[p] = oj_integer(s->r->g, 0);
	for (size_t k = 0; k < stretch->strands; k++) {
		const struct strand *strand = &s->strands.at[stretch->strand + k];
		ojit_expr end;
		sum = add_one_strand(s, strand, oj_sums_step(stretch, stretch->lo), sum, lo[strand->phase], &end);
		lo[strand->phase] = end;
		if (!sum)
			return 0;
	}
	return sum;
}

static bool emit_rows(struct sums *s, ojit_expr value)
{
	struct grid box = oj_roll_box(1, &s->rows, NULL);
	int64_t *targets = oj_memory_get(s->r->space->context, s->rows * sizeof *targets);
	for (uint32_t i = 0; targets && i < s->rows; i++)
		targets[i] = oj_roll_target(s->r, &s->items[s->row[i]]);
	bool ok = targets && oj_roll_emit_block(s->r, &s->items[s->row[0]], &box, value,
	                                        value ? oj_roll_integer(s->r, targets, &box) : 0);
	oj_memory_put(s->r->space->context, targets, s->rows * sizeof *targets);
	return ok;
}

static bool emit_stretch(struct sums *s, const struct stretch *stretch)
{
	oj_sums_enter(s, stretch);
	return emit_rows(s, build_strands(s, stretch));
}

/* Rows of no box: through tables, or straight where they are few. */
static bool emit_others(struct sums *s)
{
	bool ok = true;
	ojit_expr sum = 0;
	bool few = s->rows < s->all && s->rows < COMMON; /* left over beside boxes */
	if (s->rows && !few && oj_sums_may_pay(s, s->row, 0, s->rows)) {
		for (uint32_t p = 0; p < s->phase_count && (p == 0 || sum); p++)
			sum = add_phase(s, &s->phases[p], sum);
		return emit_rows(s, sum);
	}
	for (uint32_t i = 0; ok && i < s->rows; i++)
		ok = oj_roll_emit_straight(s->r, &s->items[s->row[i]]);
	return ok;
}

struct measured { uint32_t row, terms; };

static int longest_first(const void *a, const void *b)
{
	const struct measured *x = a, *y = b;
	return x->terms != y->terms ? (x->terms < y->terms) - (x->terms > y->terms) : (x->row > y->row) - (x->row < y->row);
}

static bool sort_rows(struct sums *s)
{
	struct measured *rows = oj_memory_get(s->r->space->context, s->rows * sizeof *rows);
	for (uint32_t i = 0; rows && i < s->rows; i++)
		rows[i] = (struct measured){s->row[i], s->items[s->row[i]].terms};
	if (rows)
		qsort(rows, s->rows, sizeof *rows, longest_first);
	for (uint32_t i = 0; rows && i < s->rows; i++)
		s->row[i] = rows[i].row;
	oj_memory_put(s->r->space->context, rows, s->rows * sizeof *rows);
	return rows != NULL;
}

/* The rows at hand become those of no stretch. */
static bool find_others(struct sums *s)
{
	s->rows = 0;
	for (uint32_t row = 0; row < s->count; row++)
		if (!s->taken[row])
			s->row[s->rows++] = row;
	return s->rows == 0 || sort_rows(s);
}

/* Where no row is affine, rows are kept in the order that tables have. */
static void place_anew(struct sums *s)
{
	oj_roll_unplace(s->r, s->items, s->count);
	for (uint32_t i = 0; i < s->rows; i++)
		oj_roll_place(s->r, &s->items[s->row[i]], 1);
}

static bool emit(struct sums *s)
{
	bool ok = true;
	oj_sums_find_stretches(s);
	if (s->failed || !find_others(s))
		return false;
	if (s->rows == s->all)
		place_anew(s);
	for (size_t k = 0; ok && k < s->stretches.count; k++)
		ok = emit_stretch(s, &s->stretches.at[k]);
	return ok && find_others(s) && emit_others(s);
}

static void drop_sums(struct sums *s)
{
	ojit_context *context = s->r->space->context;
	for (uint32_t p = 0; p < PHASES; p++) {
		struct phase *phase = &s->phases[p];
		oj_columns_drop(s->r, &phase->columns);
		oj_memory_put(context, phase->factors, phase->terms * sizeof *phase->factors);
		oj_memory_put(context, phase->length, s->count * sizeof *phase->length);
		oj_memory_put(context, phase->begin, s->count * sizeof *phase->begin);
	}
	oj_memory_put(context, s->row, s->count * sizeof *s->row);
	oj_memory_put(context, s->taken, s->count);
	VECTOR_DROP(context, &s->strands);
	VECTOR_DROP(context, &s->maps);
	VECTOR_DROP(context, &s->stretches);
	VECTOR_DROP(context, &s->open);
}

/* Rows that were not written out, `items` of `all`. */
static bool emit_rest(struct roller *r, const struct item *items, uint32_t count, uint32_t all)
{
	struct sums s = {.r = r, .items = items, .count = count, .all = all, .op = oj_node(r->g, items->node)->op};
	s.row = oj_memory_get(r->space->context, count * sizeof *s.row);
	s.taken = oj_memory_get(r->space->context, count);
	if (s.taken)
		memset(s.taken, 0, count);
	bool ok = s.row && s.taken && take_terms(&s) && (r->refused || emit(&s));
	drop_sums(&s);
	return ok;
}

bool oj_roll_emit_sums(struct roller *r, const struct item *items, uint32_t count)
{
	uint32_t rest = count;
	struct item *copy = oj_memory_get(r->space->context, count * sizeof *copy);
	if (!copy)
		return false;
	memcpy(copy, items, count * sizeof *copy);
	oj_roll_place(r, copy, count);
	bool ok = oj_roll_emit_written_out(r, copy, &rest);
	if (ok && !r->refused && rest)
		ok = emit_rest(r, copy, rest, count);
	oj_memory_put(r->space->context, copy, count * sizeof *copy);
	return ok;
}
