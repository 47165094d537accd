/* Pass roll: affine structure in rows of terms.
 *
 * In a phase of a row there are strands, consecutive terms whose elements are affine
 * in the turn.  Where the strands of several rows have lengths and elements that are
 * affine in the row, the rows are a stretch.  A guess is made from three rows and held
 * against those around them, term by term, so a strand may be empty in some rows
 * (what lies before i, in row 0).
 *
 * Rows of several families may take turns; neighbours are looked at first.  Guesses are
 * made in the middle of what is left and a quarter from its ends, and there are at most
 * STRETCHES of them that hold: all is linear in the terms. */
#include "lib/graph/roll_sums.h"

enum {
	STRANDS = 8,      /* of a row */
	PERIOD = 4,       /* families that may take turns */
	STRETCHES = 16,   /* of a group */
};

struct run { uint32_t phase, turn, length; };

/* Do instances at-2, at-1 and at stand at equal distances in all columns? */
static bool evenly(const struct phase *phase, size_t at)
{
	for (uint32_t c = 0; c < phase->columns.count; c++)
		if (!phase->columns.numbers.at[c] && oj_sums_element(phase, c, at) - oj_sums_element(phase, c, at - 1) !=
		                                     oj_sums_element(phase, c, at - 1) - oj_sums_element(phase, c, at - 2))
			return false;
	return true;
}

/* The longest run of a row that begins at a turn: one term, or at least three. */
static uint32_t run_length(const struct phase *phase, uint32_t row, uint32_t turn)
{
	uint32_t left = phase->length[row] - turn, length = 2;
	size_t at = phase->begin[row] + (size_t)turn;
	while (length < left && evenly(phase, at + length))
		length++;
	return length > 2 && length <= left ? length : 1;
}

/* The runs of a row; 0: too many. */
static size_t find_runs(const struct sums *s, uint32_t row, struct run *runs)
{
	size_t count = 0;
	for (uint32_t p = 0; p < s->phase_count; p++) {
		const struct phase *phase = &s->phases[p];
		for (uint32_t turn = 0; turn < phase->length[row]; turn += runs[count++].length) {
			if (count == STRANDS)
				return 0;
			runs[count] = (struct run){p, turn, run_length(phase, row, turn)};
		}
	}
	return count;
}

static void keep_map(struct sums *s, int64_t first, int64_t row, int64_t turn)
{
	ojit_context *context = s->r->space->context;
	s->failed = s->failed || !VECTOR_PUSH(context, &s->maps, first) || !VECTOR_PUSH(context, &s->maps, row) ||
	            !VECTOR_PUSH(context, &s->maps, turn);
}

/* The strand that has the run here[0] in `row`, here[-1] in the row `shift` before and
 * here[1] in the one `shift` after; false: there is none. */
static bool add_strand(struct sums *s, const struct run *const here[3], uint32_t row, uint32_t shift)
{
	const struct phase *phase = &s->phases[here[1]->phase];
	struct strand strand = {here[1]->phase, here[1]->length, (int64_t)here[1]->length - here[0]->length, s->maps.count};
	if (here[0]->phase != here[1]->phase || here[2]->phase != here[1]->phase ||
	    (int64_t)here[2]->length - here[1]->length != strand.length_step)
		return false;
	for (uint32_t c = 0; c < phase->columns.count; c++) {
		if (phase->columns.numbers.at[c]) { /* bits, whose differences mean nothing */
			keep_map(s, 0, 0, 0);
			continue;
		}
		size_t at = phase->begin[row] + (size_t)here[1]->turn;
		int64_t first = oj_sums_element(phase, c, at);
		int64_t step = first - oj_sums_element(phase, c, phase->begin[row - shift] + (size_t)here[0]->turn);
		int64_t next = oj_sums_element(phase, c, phase->begin[row + shift] + (size_t)here[2]->turn);
		if (next - first != step)
			return false;
		keep_map(s, first, step, here[1]->length > 1 ? oj_sums_element(phase, c, at + 1) - first : 0);
	}
	s->failed = s->failed || !VECTOR_PUSH(s->r->space->context, &s->strands, strand);
	return true;
}

/* The strands of rows around `row`, or of that row alone (shift 0). */
static bool fit(struct sums *s, uint32_t row, uint32_t shift, struct stretch *stretch)
{
	struct run runs[3][STRANDS];
	size_t strands = s->strands.count, maps = s->maps.count, count = find_runs(s, row, runs[1]);
	bool fits = count && find_runs(s, row - shift, runs[0]) == count && find_runs(s, row + shift, runs[2]) == count;
	for (size_t k = 0; fits && !s->failed && k < count; k++)
		fits = add_strand(s, (const struct run *const[]){&runs[0][k], &runs[1][k], &runs[2][k]}, row, shift);
	*stretch = (struct stretch){row, row + 1, shift, row, strands, count};
	if (!fits || s->failed) {
		s->strands.count = strands;
		s->maps.count = maps;
	}
	return fits && !s->failed;
}

/* Are the next terms of a row, from `turn` on, those of a strand `step` rows after
 * its base? */
static bool is_strand(const struct sums *s, const struct strand *strand, int64_t step, uint32_t row, uint32_t turn)
{
	const struct phase *phase = &s->phases[strand->phase];
	int64_t length = strand->length + strand->length_step * step;
	if (length < 0 || turn + length > phase->length[row])
		return false;
	for (uint32_t c = 0; c < phase->columns.count; c++) {
		const int64_t *map = &s->maps.at[strand->map + 3 * (size_t)c];
		for (int64_t k = 0; !phase->columns.numbers.at[c] && k < length; k++)
			if (oj_sums_element(phase, c, phase->begin[row] + (size_t)(turn + k)) != map[0] + map[1] * step + map[2] * k)
				return false;
	}
	return true;
}

/* Does a row consist of the strands of a stretch? */
static bool belongs(const struct sums *s, const struct stretch *stretch, uint32_t row)
{
	uint32_t turn[PHASES] = {0};
	int64_t step = oj_sums_step(stretch, row);
	bool all = !s->taken[row];
	for (size_t k = 0; all && k < stretch->strands; k++) {
		const struct strand *strand = &s->strands.at[stretch->strand + k];
		all = is_strand(s, strand, step, row, turn[strand->phase]);
		turn[strand->phase] += all ? (uint32_t)(strand->length + strand->length_step * step) : 0;
	}
	for (uint32_t p = 0; all && p < s->phase_count; p++)
		all = turn[p] == s->phases[p].length[row];
	return all;
}

static size_t terms_of(const struct sums *s, const uint32_t *rows, uint32_t first, uint32_t count)
{
	size_t terms = 0;
	for (uint32_t i = 0; i < count; i++)
		terms += s->items[rows ? rows[i] : first + i].terms;
	return terms;
}

bool oj_sums_may_pay(const struct sums *s, const uint32_t *rows, uint32_t first, uint32_t count)
{
	return oj_roll_may_pay(s->r, s->items, count, terms_of(s, rows, first, count));
}

void oj_sums_enter(struct sums *s, const struct stretch *stretch)
{
	s->rows = 0;
	for (uint32_t row = stretch->lo; row < stretch->end; row += stretch->shift ? stretch->shift : 1)
		s->row[s->rows++] = row;
}

/* A box around `row` of every shift-th row, as long as it goes between the rows of
 * `within`; of `row` alone where there is no shift. */
static bool grow_box(struct sums *s, const struct stretch *within, uint32_t row, uint32_t shift)
{
	struct stretch box;
	if (row < within->lo + shift || row + shift >= within->end || s->taken[row] || !fit(s, row, shift, &box))
		return false;
	while (shift && box.lo >= within->lo + shift && belongs(s, &box, box.lo - shift))
		box.lo -= shift;
	while (shift && row + shift < within->end && belongs(s, &box, row + shift))
		row += shift;
	box.end = row + 1;
	oj_sums_enter(s, &box);
	bool chance = shift && s->rows == 3 && within->end - within->lo > 3;
	if (chance || !oj_sums_may_pay(s, s->row, 0, s->rows)) {
		s->strands.count = box.strand;
		return false;
	}
	for (uint32_t i = 0; i < s->rows; i++)
		s->taken[s->row[i]] = 1;
	s->failed = s->failed || !VECTOR_PUSH(s->r->space->context, &s->stretches, box);
	return !s->failed;
}

/* Look for boxes in the middle of some rows, and a quarter from their ends. */
static bool probe(struct sums *s, const struct stretch *within, uint32_t shift)
{
	static const uint32_t quarters[] = {2, 1, 3};
	uint32_t rows = within->end - within->lo;
	bool found = false;
	for (size_t q = 0; !found && q < sizeof quarters / sizeof *quarters; q++) {
		uint32_t row = within->lo + (uint32_t)((uint64_t)rows * quarters[q] / 4);
		for (uint32_t k = 0; k == 0 || k < shift; k++)
			found = grow_box(s, within, row + k, shift) || found;
	}
	return found;
}

/* Rows that stand beside one another first, then those of families that take turns. */
void oj_sums_find_stretches(struct sums *s)
{
	ojit_context *context = s->r->space->context;
	s->failed = !VECTOR_PUSH(context, &s->open, (struct stretch){.end = s->count});
	while (!s->failed && s->open.count && s->stretches.count < STRETCHES) {
		struct stretch within = s->open.at[--s->open.count];
		uint32_t rows = within.end - within.lo;
		if (rows == 0 || !oj_sums_may_pay(s, NULL, within.lo, rows))
			continue;
		if (!probe(s, &within, rows < 3 ? 0 : 1)) {
			for (uint32_t shift = 2; shift <= PERIOD && !probe(s, &within, shift);)
				shift++;
			continue;
		}
		const struct stretch *box = &s->stretches.at[s->stretches.count - 1];
		struct stretch before = {.lo = within.lo, .end = box->lo}, after = {.lo = box->end, .end = within.end};
		s->failed = s->failed || !VECTOR_PUSH(context, &s->open, before) || !VECTOR_PUSH(context, &s->open, after);
	}
}
