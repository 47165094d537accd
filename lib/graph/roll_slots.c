/* Pass roll: which operand of a pair goes to which slot.
 *
 * The first two operands of a sum, a product and the like may change places, which
 * changes no bit.  Where both are of equal shape they come in the order of their
 * elements, so that the same role sits in one slot in some instances and in the
 * other in others: y[a]*y[i] is stored y[i]*y[a] for i < a.  Here every instance of
 * a segment (all rows of a block, or the terms of one sum) gets its pair so that
 * the slots become what an affine map can describe: an element that all share goes
 * to the second slot; else runs at equal distances are followed, and each goes the
 * same way as the one before where it can.
 *
 * Outer pairs are settled before those inside of them. */
#include "lib/graph/roll.h"

struct pair {
	int64_t *first, *second; /* columns of the two slots, [width * length] */
	const bool *numbers;     /* [width] they go along and have no say */
	uint32_t width;
	size_t length;
};

static void swap(const struct pair *p, size_t at)
{
	for (uint32_t c = 0; c < p->width; c++) {
		int64_t *a = &p->first[c * p->length + at], *b = &p->second[c * p->length + at], kept = *a;
		*a = *b;
		*b = kept;
	}
}

static int64_t value(const struct pair *p, bool second, size_t at, uint32_t c)
{
	return (second ? p->second : p->first)[c * p->length + at];
}

static bool equal(const struct pair *p, bool slot_a, size_t a, bool slot_b, size_t b)
{
	for (uint32_t c = 0; c < p->width; c++)
		if (!p->numbers[c] && value(p, slot_a, a, c) != value(p, slot_b, b, c))
			return false;
	return true;
}

/* Is the step from instance a to b in one slot that from b to c in another? */
static bool equal_steps(const struct pair *p, const bool slot[3], const size_t at[3])
{
	for (uint32_t k = 0; k < p->width; k++) {
		int64_t a = value(p, slot[0], at[0], k), b = value(p, slot[1], at[1], k);
		if (!p->numbers[k] && value(p, slot[2], at[2], k) - b != b - a)
			return false;
	}
	return true;
}

/* Do instances a, b and c step evenly in both slots, b and c changed or not? */
static bool steps_evenly(const struct pair *p, size_t at, bool change_b, bool change_c)
{
	const size_t three[3] = {at, at + 1, at + 2};
	return equal_steps(p, (bool[]){false, change_b, change_c}, three) &&
	       equal_steps(p, (bool[]){true, !change_b, !change_c}, three);
}

/* ---------------------------------------------------------------- a shared element */

static bool is_shared(const struct pair *p, bool slot, size_t from, size_t end)
{
	for (size_t at = from; at < end; at++)
		if (!equal(p, slot, from, false, at) && !equal(p, slot, from, true, at))
			return false;
	return true;
}

/* What all instances have goes to the second slot. */
static bool settle_shared(const struct pair *p, size_t from, size_t end)
{
	bool second = is_shared(p, true, from, end);
	if (!second && !is_shared(p, false, from, end))
		return false;
	for (size_t at = end; at-- > from;) /* `from` last: the others are compared with it */
		if (!equal(p, second, from, true, at))
			swap(p, at);
	return true;
}

/* ---------------------------------------------------------------- runs */

struct run { size_t at, before; }; /* two instances of the latest run, one after the other */

/* Does the run that begins at `at` go as the latest went, or as it went with slots
 * changed? */
static bool runs_like(const struct pair *p, const struct run *latest, size_t at, bool change)
{
	for (uint32_t c = 0; c < p->width; c++)
		for (int slot = 0; !p->numbers[c] && slot < 2; slot++)
			if (value(p, slot, latest->at, c) - value(p, slot, latest->before, c) !=
			    value(p, slot ^ change, at + 1, c) - value(p, slot ^ change, at, c))
				return false;
	return true;
}

/* Turn the three instances at `at` so that they are the beginning of a run. */
static bool begin_run(const struct pair *p, size_t at, const struct run *latest)
{
	for (unsigned change = 0; change < 4; change++) {
		if (!steps_evenly(p, at, change & 1, change >> 1))
			continue;
		if (change & 1)
			swap(p, at + 1);
		if (change & 2)
			swap(p, at + 2);
		bool turn = latest->at != latest->before && !runs_like(p, latest, at, false) &&
		            runs_like(p, latest, at, true);
		for (size_t k = at; turn && k < at + 3; k++)
			swap(p, k);
		return true;
	}
	return false;
}

static void settle_runs(const struct pair *p, size_t from, size_t end)
{
	struct run latest = {from, from};
	for (size_t at = from; at + 2 < end;) {
		if (!begin_run(p, at, &latest)) {
			at++;
			continue;
		}
		for (at++; at + 2 < end; at++) {
			if (!steps_evenly(p, at, false, false) && !steps_evenly(p, at, false, true))
				break;
			if (!steps_evenly(p, at, false, false))
				swap(p, at + 2);
		}
		latest = (struct run){at + 1, at};
		at += 2;
	}
}

/* ---------------------------------------------------------------- pairs of a shape */

/* Are the operands of `part` of equal shape, with elements to tell them apart? */
static bool find_pair(const struct roller *r, const struct columns *columns, size_t part, struct pair *pair)
{
	const struct part *p = &columns->parts.at[part];
	if (p->leaf != LEAF_NONE || oj_node(r->g, p->like)->arity < 2 || !oj_commutes(oj_node(r->g, p->like)->op))
		return false;
	const struct part *a = p + 1, *b = a + a->size;
	bool same = a->size == b->size && a->width == b->width, elements = false;
	for (uint32_t k = 0; same && k < a->size; k++)
		same = oj_columns_same_part(r, a + k, b + k);
	for (uint32_t c = 0; same && c < a->width; c++)
		elements = elements || !columns->numbers.at[a->column + c];
	if (!same || !elements)
		return false;
	*pair = (struct pair){columns->values + a->column * columns->length, columns->values + b->column * columns->length,
	                      columns->numbers.at + a->column, a->width, columns->length};
	return true;
}

void oj_columns_orient(const struct roller *r, struct columns *columns, const size_t *ends, size_t segments)
{
	struct pair pair;
	for (size_t part = 0; part < columns->parts.count; part++)
		if (find_pair(r, columns, part, &pair))
			for (size_t s = 0, from = 0; s < segments; from = ends[s++])
				if (!settle_shared(&pair, from, ends[s]))
					settle_runs(&pair, from, ends[s]);
}
