/* See jacobian_parts.h: blocks of what boxes compute.
 *
 * Entries of a Jacobian lie column by column.  The rows of a stencil have entries in several
 * columns each, so over the box of these rows every entry is far from what is stored next.
 * Hence parts over one box are counted by the columns that they have entries in, and cut at
 * where all of them meet: over this core pass fuse makes them one loop, in which what is stored
 * one after the other lies so (m: the Brusselator in a
 * square 1.34 -> 0.85 us, in a line 0.61 -> 0.36).  What is left
 * of each are edges, a line or a face.
 *
 * What goes over columns of unlike lengths only at its first or last line is cut there, so
 * that subscripts are affine; else they are tables. */
#include "lib/graph/jacobian_parts.h"

#include "lib/graph/partial.h"

#include <stdlib.h>
#include <string.h>

struct box {
	const struct part *leader;
	uint32_t rank;
	uint32_t loop[RANK];         /* axis -> the leader's loop */
	int64_t shift[RANK];         /* of axes: what they are more than the loop */
	ojit_expr index[RANK];       /* the leader's loop in indices of axes */
	int64_t lo[RANK], end[RANK]; /* of axes */
	int64_t *entry;              /* [points] in order of the axes */
};

/* Boxes of the same loops, and how far columns are from them. */
struct family_of_boxes {
	uint32_t rank;
	int64_t lo[RANK], end[RANK], least[RANK], greatest[RANK]; /* of loops; of shifts */
};

/* A block to be. */
struct cutting {
	int64_t entry; /* the first */
	size_t box;
	int64_t lo[RANK], end[RANK];
};

struct storer {
	struct jacobian *j;
	struct sparse *s;
	VECTOR(struct box) boxes;
	VECTOR(struct family_of_boxes) families;
	VECTOR(struct cutting) pieces;
};

static uint32_t loops_of(const struct part *part)
{
	return part->c.domain.count;
}

static const struct term *terms_of(const struct sparse *s, const struct part *part)
{
	return s->by_part + part->first;
}

/* ---------------------------------------------------------------- columns */

/* Of every loop, what the subscript of what is read is more than its index; false: some loop
 * is not one subscript's alone. */
static bool find_shift(const struct jacobian *j, const struct part *part, int64_t *shift)
{
	uint32_t rank = j->space->arrays.at[part->c.array].rank;
	for (uint32_t k = 0; k < loops_of(part); k++) {
		unsigned level = part->c.domain.at[k].level, found = 0;
		for (uint32_t i = 0; i < rank; i++) {
			struct affine a;
			if (!(oj_node(j->g, part->c.index[i])->levels >> level & 1))
				continue;
			oj_affine(j->g, part->c.index[i], &a);
			if (found++ || a.count != 1 || a.coefficients[0] != 1 || !oj_is(j->g, a.atoms[0], OP_INDEX))
				return false;
			shift[k] = a.constant;
		}
		if (!found)
			return false;
	}
	return true;
}

static bool is_of_family(const struct family_of_boxes *f, uint32_t rank, const int64_t *lo, const int64_t *end)
{
	return f->rank == rank && !memcmp(f->lo, lo, rank * sizeof *lo) && !memcmp(f->end, end, rank * sizeof *end);
}

/* NULL: there is none yet. */
static struct family_of_boxes *find_family(const struct storer *w, uint32_t rank, const int64_t *lo, const int64_t *end)
{
	for (size_t k = 0; k < w->families.count; k++)
		if (is_of_family(&w->families.at[k], rank, lo, end))
			return &w->families.at[k];
	return NULL;
}

static bool note_family(struct storer *w, const struct part *leader)
{
	struct family_of_boxes fresh = {.rank = loops_of(leader)}, *known;
	int64_t shift[RANK];
	if (!find_shift(w->j, leader, shift) || !oj_jacobian_is_box(w->j, leader, fresh.lo, fresh.end))
		return true;
	known = find_family(w, fresh.rank, fresh.lo, fresh.end);
	for (uint32_t k = 0; k < fresh.rank; k++) {
		struct family_of_boxes *f = known ? known : &fresh;
		f->least[k] = known && f->least[k] < shift[k] ? f->least[k] : shift[k];
		f->greatest[k] = known && f->greatest[k] > shift[k] ? f->greatest[k] : shift[k];
	}
	return known || VECTOR_PUSH(w->j->space->context, &w->families, fresh);
}

/* Have columns of the family a core that most of them are in?  Ends of the loops are in it
 * where neighbours are not further away than edges are wide. */
static bool has_core(const struct family_of_boxes *f)
{
	enum { WIDEST = 4, LEAST = 4 };
	bool has = true, differ = false;
	for (uint32_t k = 0; has && k < f->rank; k++) {
		int64_t extent = f->end[k] - f->lo[k], edges = f->greatest[k] - f->least[k];
		has = extent > 1 && edges <= WIDEST && (edges == 0 || extent - edges >= LEAST);
		differ = differ || edges;
	}
	return has && differ;
}

/* ---------------------------------------------------------------- boxes */

/* Axes in order of how far apart neighbours are stored, so that the last is the nearest. */
static void order_axes(const int64_t *entry, const int64_t *lo, const int64_t *end, struct box *box)
{
	int64_t apart[RANK], stride = 1;
	for (uint32_t k = box->rank; k-- > 0; stride *= end[k] - lo[k])
		apart[k] = end[k] - lo[k] > 1 ? llabs(entry[stride] - entry[0]) : INT64_MAX;
	for (uint32_t k = 0; k < box->rank; k++) {
		uint32_t at = k;
		for (; at > 0 && apart[box->loop[at - 1]] < apart[k]; at--)
			box->loop[at] = box->loop[at - 1];
		box->loop[at] = k;
	}
	for (uint32_t axis = 0; axis < box->rank; axis++) {
		uint32_t k = box->loop[axis];
		box->lo[axis] = lo[k];
		box->end[axis] = end[k];
	}
}

/* entry[] in the order of axes. */
static void reorder(const struct box *box, const int64_t *by_loops, size_t count)
{
	int64_t stride[RANK], step = 1;
	for (uint32_t k = box->rank; k-- > 0;) { /* of loops */
		uint32_t axis = 0;
		while (box->loop[axis] != k)
			axis++;
		stride[axis] = step;
		step *= box->end[axis] - box->lo[axis];
	}
	for (size_t p = 0; p < count; p++) {
		int64_t from = 0, rest = (int64_t)p;
		for (uint32_t axis = box->rank; axis-- > 0; rest /= box->end[axis] - box->lo[axis])
			from += stride[axis] * (rest % (box->end[axis] - box->lo[axis]));
		box->entry[p] = by_loops[from];
	}
}

/* Count the box by columns. */
static bool shift_box(struct jacobian *j, struct box *box, const int64_t *shift)
{
	bool ok = true;
	for (uint32_t axis = 0; ok && axis < box->rank; axis++) {
		uint32_t k = box->loop[axis];
		box->shift[axis] = shift[k];
		box->lo[axis] += shift[k];
		box->end[axis] += shift[k];
		box->index[k] = oj_integer_offset(j->g, oj_index(j->g, axis), -shift[k]);
		ok = box->index[k] != 0;
	}
	return ok;
}

static bool fill_entries(struct jacobian *j, const struct sparse *s, struct box *box, const int64_t *lo, const int64_t *end)
{
	const struct term *terms = terms_of(s, box->leader);
	int64_t count = (int64_t)box->leader->count, *entry = oj_jacobian_numbers(j, count);
	box->entry = oj_jacobian_numbers(j, count);
	bool ok = entry && box->entry;
	for (size_t k = 0; ok && k < box->leader->count; k++)
		entry[terms[k].number] = terms[k].entry; /* numbers go with the walk */
	if (ok) {
		order_axes(entry, lo, end, box);
		reorder(box, entry, box->leader->count);
	}
	if (entry)
		oj_jacobian_put(j, entry, count);
	return ok;
}

static bool open_box(struct jacobian *j, const struct sparse *s, const struct part *leader, const int64_t *shift,
                     struct box *box)
{
	int64_t lo[RANK] = {0}, end[RANK] = {0};
	*box = (struct box){.leader = leader, .rank = loops_of(leader)};
	oj_jacobian_is_box(j, leader, lo, end);
	return fill_entries(j, s, box, lo, end) && shift_box(j, box, shift);
}

/* ---------------------------------------------------------------- values */

static ojit_expr on_line(struct jacobian *j, const struct box *box, const struct line *line)
{
	if (line->slope == 0)
		return oj_integer(j->g, line->constant);
	ojit_expr along = oj_integer_scale(j->g, box->index[line->axis], line->slope);
	return oj_integer_offset(j->g, along, line->constant);
}

static ojit_expr both(struct jacobian *j, ojit_expr condition, enum op op, ojit_expr a, ojit_expr b)
{
	ojit_expr e = oj_make2(j->g, op, a, b);
	return condition ? oj_make2(j->g, OP_AND, condition, e) : e;
}

/* What tells the join's points from the others; 0: there are no others. */
static ojit_expr condition_of(struct jacobian *j, const struct box *box, const struct join *join)
{
	ojit_expr condition = 0;
	for (uint32_t k = 0; k < box->rank && !join->everywhere; k++) {
		ojit_expr at = box->index[k], lo = oj_integer(j->g, join->lo[k]), last = oj_integer(j->g, join->end[k] - 1);
		if (join->equal[k].slope)
			condition = both(j, condition, OP_IEQ, at, on_line(j, box, &join->equal[k]));
		condition = both(j, condition, OP_ILE, lo, at);
		condition = both(j, condition, OP_ILE, at, last);
	}
	return condition;
}

static ojit_expr joined_value(struct jacobian *j, const struct box *box, const struct part *part, const struct join *join)
{
	ojit_expr map[LEVELS] = {0};
	for (uint32_t k = 0; k < loops_of(part); k++)
		map[part->c.domain.at[k].level] = on_line(j, box, &join->loop[k]);
	ojit_expr value = oj_substitute(j->space, part->c.value, map, LEVELS), condition = condition_of(j, box, join);
	if (!value || join->everywhere)
		return value;
	ojit_expr operands[3] = {condition, value, oj_nothing(j->g)};
	return oj_make(j->g, OP_IF, 3, operands);
}

static ojit_expr value_of(struct jacobian *j, const struct sparse *s, const struct box *box)
{
	const struct part *leader = box->leader;
	ojit_expr map[LEVELS] = {0};
	for (uint32_t k = 0; k < box->rank; k++)
		map[leader->c.domain.at[k].level] = box->index[k];
	ojit_expr value = oj_substitute(j->space, leader->c.value, map, LEVELS);
	for (size_t k = 0; value && k < s->joins.count; k++) {
		const struct join *join = &s->joins.at[k];
		const struct part *part = &s->parts.at[join->part];
		if (part->box != leader->box)
			continue;
		ojit_expr more = joined_value(j, box, part, join);
		value = more ? oj_plus(j->g, value, more) : 0;
	}
	return value;
}

/* ---------------------------------------------------------------- pieces */

static int64_t entry_at(const struct box *box, const int64_t *at)
{
	int64_t place = 0;
	for (uint32_t axis = 0; axis < box->rank; axis++)
		place = place * (box->end[axis] - box->lo[axis]) + at[axis] - box->lo[axis];
	return box->entry[place];
}

/* The entries of a piece, in order of the axes; gives back how many. */
static int64_t entries_of(const struct box *box, const int64_t *lo, const int64_t *end, int64_t *entry)
{
	int64_t at[RANK], count = 0;
	memcpy(at, lo, sizeof at);
	for (;;) {
		uint32_t k = box->rank;
		entry[count++] = entry_at(box, at);
		while (k > 0 && ++at[k - 1] == end[k - 1]) {
			at[k - 1] = lo[k - 1];
			k--;
		}
		if (k == 0)
			return count;
	}
}

static bool is_affine(const struct box *box, const int64_t *lo, const int64_t *end, int64_t *work)
{
	entries_of(box, lo, end, work);
	return oj_box_is_affine(box->rank, lo, end, work);
}

static bool add_piece(struct storer *w, size_t b, const int64_t *lo, const int64_t *end, int64_t *work)
{
	struct cutting piece = {.box = b};
	uint32_t rank = w->boxes.at[b].rank;
	memcpy(piece.lo, lo, rank * sizeof *lo);
	memcpy(piece.end, end, rank * sizeof *end);
	int64_t count = entries_of(&w->boxes.at[b], piece.lo, piece.end, work);
	piece.entry = work[0];
	for (int64_t k = 1; k < count; k++)
		piece.entry = work[k] < piece.entry ? work[k] : piece.entry;
	return VECTOR_PUSH(w->j->space->context, &w->pieces, piece);
}

enum { MOST_RUNS = 5 };

/* Where along an axis, in the middle of the others, neighbours begin to be as far apart as
 * those that follow; 0: too often.  begins[runs] is the end. */
static int find_runs(const struct box *box, const int64_t *lo, const int64_t *end, uint32_t axis, int64_t *begins)
{
	int64_t at[RANK], step = 0;
	int runs = 1;
	for (uint32_t k = 0; k < box->rank; k++)
		at[k] = lo[k] + (end[k] - lo[k]) / 2;
	at[axis] = begins[0] = lo[axis];
	for (int64_t i = lo[axis] + 1, before = entry_at(box, at), here; runs && i < end[axis]; i++, before = here) {
		int64_t length = i - begins[runs - 1];
		at[axis] = i;
		here = entry_at(box, at);
		bool goes_on = length == 1 || here - before == step;
		step = here - before;
		if (goes_on)
			continue;
		begins[runs] = length == 2 ? i - 1 : i;
		runs = runs == MOST_RUNS ? 0 : runs + 1;
	}
	begins[runs] = end[axis];
	return runs;
}

/* Cut where that makes it affine: along `axis` and those after. */
static bool add_affine(struct storer *w, size_t b, const int64_t *lo, const int64_t *end, uint32_t axis, int64_t *work)
{
	const struct box *box = &w->boxes.at[b];
	int64_t begins[MOST_RUNS + 1], from[RANK], to[RANK];
	if (axis == box->rank || is_affine(box, lo, end, work))
		return add_piece(w, b, lo, end, work);
	int runs = find_runs(box, lo, end, axis, begins);
	bool ok = true;
	memcpy(from, lo, sizeof from);
	memcpy(to, end, sizeof to);
	for (int r = 0; ok && r < runs; r++) {
		from[axis] = begins[r];
		to[axis] = begins[r + 1];
		ok = add_affine(w, b, from, to, axis + 1, work);
	}
	return runs ? ok : add_affine(w, b, lo, end, axis + 1, work);
}

/* The lines of a box on either side of what the family's columns have in common, then that. */
static bool cut_box(struct storer *w, size_t b, const struct family_of_boxes *f, int64_t *work)
{
	const struct box *box = &w->boxes.at[b];
	int64_t lo[RANK], end[RANK];
	bool ok = true;
	memcpy(lo, box->lo, sizeof lo);
	memcpy(end, box->end, sizeof end);
	for (uint32_t axis = 0; axis < box->rank; axis++) {
		uint32_t k = box->loop[axis];
		int64_t first = f->lo[k] + f->greatest[k], behind = f->end[k] + f->least[k];
		for (int64_t i = box->lo[axis]; ok && i < box->end[axis]; i = i == first - 1 ? behind : i + 1) {
			lo[axis] = i;
			end[axis] = i + 1;
			ok = (i >= first && i < behind) || add_affine(w, b, lo, end, 0, work);
		}
		lo[axis] = first;
		end[axis] = behind;
	}
	return ok && add_affine(w, b, lo, end, 0, work);
}

static bool cut_leader(struct storer *w, const struct part *leader)
{
	int64_t shift[RANK] = {0}, lo[RANK] = {0}, end[RANK] = {0};
	bool by_columns = w->s == &w->j->out && find_shift(w->j, leader, shift);
	oj_jacobian_is_box(w->j, leader, lo, end);
	struct family_of_boxes *family = by_columns ? find_family(w, loops_of(leader), lo, end) : NULL;
	struct box box;
	if (!family || !has_core(family)) {
		family = NULL;
		memset(shift, 0, sizeof shift);
	}
	bool ok = open_box(w->j, w->s, leader, shift, &box) && VECTOR_PUSH(w->j->space->context, &w->boxes, box);
	if (!ok && box.entry)
		oj_jacobian_put(w->j, box.entry, (int64_t)leader->count);
	int64_t *work = ok ? oj_jacobian_numbers(w->j, (int64_t)leader->count) : NULL;
	if (!work)
		return false;
	size_t b = w->boxes.count - 1;
	ok = family ? cut_box(w, b, family, work) : add_affine(w, b, box.lo, box.end, 0, work);
	oj_jacobian_put(w->j, work, (int64_t)leader->count);
	return ok;
}

/* ---------------------------------------------------------------- storing */

static bool store_piece(struct storer *w, const struct cutting *piece)
{
	struct jacobian *j = w->j;
	const struct box *box = &w->boxes.at[piece->box];
	int64_t count = (int64_t)box->leader->count, *entry = oj_jacobian_numbers(j, count);
	if (!entry)
		return false;
	entries_of(box, piece->lo, piece->end, entry);
	ojit_expr element = oj_box_integer(j->space, "entry", box->rank, piece->lo, piece->end, entry);
	ojit_expr value = value_of(j, w->s, box);
	struct block *block = value && element
		? oj_program_block(j->made, box->rank, piece->lo, piece->end, box->leader->origin) : NULL;
	oj_jacobian_put(j, entry, count);
	return block && oj_block_store(j->space, block, w->s->array, value, &element);
}

static int by_entry(const void *a, const void *b)
{
	const struct cutting *x = a, *y = b;
	return x->entry != y->entry ? (x->entry > y->entry) - (x->entry < y->entry) : (x->box > y->box) - (x->box < y->box);
}

static bool store_pieces(struct storer *w)
{
	bool ok = true;
	if (w->pieces.count)
		qsort(w->pieces.at, w->pieces.count, sizeof *w->pieces.at, by_entry);
	for (size_t k = 0; ok && k < w->pieces.count; k++)
		ok = store_piece(w, &w->pieces.at[k]);
	return ok;
}

/* In order of their first entries, so that blocks that are fused store neighbours together. */
bool oj_jacobian_store_boxes(struct jacobian *j, struct sparse *s)
{
	struct storer w = {.j = j, .s = s};
	ojit_context *context = j->space->context;
	bool ok = true;
	for (size_t p = 0; ok && p < s->parts.count; p++)
		ok = s->parts.at[p].box != p + 1 || note_family(&w, &s->parts.at[p]);
	for (size_t p = 0; ok && p < s->parts.count; p++)
		ok = s->parts.at[p].box != p + 1 || cut_leader(&w, &s->parts.at[p]);
	ok = ok && store_pieces(&w);
	for (size_t b = 0; b < w.boxes.count; b++)
		oj_jacobian_put(j, w.boxes.at[b].entry, (int64_t)w.boxes.at[b].leader->count);
	VECTOR_DROP(context, &w.boxes);
	VECTOR_DROP(context, &w.families);
	VECTOR_DROP(context, &w.pieces);
	return ok;
}
