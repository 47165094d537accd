/* Sparse factors, by KLU (T. A. Davis, E. Palamadai Natarajan, Algorithm 907, ACM TOMS 37
 * (2010) 36): permuted to block triangular form, blocks ordered for little fill, then
 * factorised again in the pivot order that was found, until entries grow. */
#include "solvers/linear/factors.h"

#include <klu.h>
#include <string.h>

/* Pivots are looked for again where the factors' entries are so much larger than the
 * matrix's. */
#define LEAST_RECIPROCAL_GROWTH 1e-6

struct slot {
	klu_numeric *numeric;
	double *now, *base; /* entries of the matrix: as factorised last, and when pivots were chosen */
};

/* The matrix has J's entries and a whole diagonal. */
struct sparse {
	struct linear base;
	int n, entries;
	int *column, *row;      /* [n + 1], [entries] */
	int *place, *diagonal;  /* of J's entries [J's entries], of the diagonal [n] */
	klu_common common;
	klu_symbolic *symbolic;
	size_t bytes;
	struct slot slots[];
};

/* ---- the pattern with a whole diagonal ---- */

/* Entries of column j in order, the diagonal among them; writes what is not NULL. */
static int merge_column(const struct pattern *p, int64_t j, int at, int *row, int *place, int *diagonal)
{
	bool met = false;
	for (int64_t k = p->column[j]; k < p->column[j + 1] || !met; at++) {
		bool inside = k < p->column[j + 1];
		int64_t i = inside && (met || p->row[k] <= j) ? p->row[k] : j;
		if (row)
			row[at] = (int)i;
		if (i == j) {
			met = true;
			if (diagonal)
				diagonal[j] = at;
		}
		if (inside && p->row[k] == i) {
			if (place)
				place[k] = at;
			k++;
		}
	}
	return at;
}

static int count_entries(const struct pattern *p)
{
	int entries = 0;
	for (int64_t j = 0; j < p->columns; j++)
		entries = merge_column(p, j, entries, NULL, NULL, NULL);
	return entries;
}

static void fill_pattern(const struct pattern *p, int *column, int *row, int *place, int *diagonal)
{
	column[0] = 0;
	for (int64_t j = 0; j < p->columns; j++)
		column[j + 1] = merge_column(p, j, column[j], row, place, diagonal);
}

/* Columns that fill up are gone through without many looks at indices: there an operation takes a quarter.  (m: 0.33
 * ns where factors have 170 operations an entry, 0.35 where they have 50, 0.9 where few.) */
static double weighed(double operations, double fill)
{
	const double least = 0.25, half = 15; /* operations an entry */
	return operations > 0 ? operations * (least + (1 - least) / (1 + operations / (half * fill))) : 0;
}

bool oj_sparse_effort(const struct pattern *p, struct effort *effort)
{
	klu_common common;
	klu_defaults(&common);
	int entries = count_entries(p);
	int *column = klu_malloc((size_t)p->columns + 1, sizeof *column, &common);
	int *row = klu_malloc((size_t)entries, sizeof *row, &common);
	klu_symbolic *symbolic = NULL;
	if (column && row) {
		fill_pattern(p, column, row, NULL, NULL);
		symbolic = klu_analyze((int)p->columns, column, row, &common);
	}
	if (symbolic) {
		double fill = symbolic->lnz + symbolic->unz;
		effort->factor = weighed(symbolic->est_flops, fill) + fill;
		effort->solve = 2 * fill + symbolic->nzoff;
	}
	bool ok = symbolic != NULL;
	klu_free_symbolic(&symbolic, &common);
	klu_free(column, (size_t)p->columns + 1, sizeof *column, &common);
	klu_free(row, (size_t)entries, sizeof *row, &common);
	return ok;
}

/* ---- factors ---- */

static void set_matrix(const struct sparse *s, int slot, const double *values, double re, double im)
{
	double *a = s->slots[slot].now;
	int width = slot == 0 ? 1 : 2;
	memset(a, 0, (size_t)(s->entries * width) * sizeof *a);
	for (int64_t k = 0; k < s->base.pattern->entries; k++)
		a[s->place[k] * width] = -values[k];
	for (int j = 0; j < s->n; j++) {
		a[s->diagonal[j] * width] += re;
		if (slot != 0)
			a[s->diagonal[j] * width + 1] = im;
	}
}

static void forget(struct sparse *s, int slot)
{
	(slot == 0 ? klu_free_numeric : klu_z_free_numeric)(&s->slots[slot].numeric, &s->common);
}

static bool choose_pivots(struct sparse *s, int slot)
{
	struct slot *f = &s->slots[slot];
	forget(s, slot);
	memcpy(f->base, f->now, (size_t)s->entries * (slot == 0 ? 1 : 2) * sizeof *f->base);
	f->numeric = (slot == 0 ? klu_factor : klu_z_factor)(s->column, s->row, f->base, s->symbolic, &s->common);
	return f->numeric != NULL;
}

static bool keep_pivots(struct sparse *s, int slot)
{
	struct slot *f = &s->slots[slot];
	return (slot == 0 ? klu_refactor : klu_z_refactor)(s->column, s->row, f->now, s->symbolic, f->numeric,
	                                                   &s->common);
}

static bool has_grown(struct sparse *s, int slot)
{
	const struct slot *f = &s->slots[slot];
	return !(slot == 0 ? klu_rgrowth : klu_z_rgrowth)(s->column, s->row, f->now, s->symbolic, f->numeric,
	                                                  &s->common) ||
	       !(s->common.rgrowth >= LEAST_RECIPROCAL_GROWTH);
}

static bool factor(struct linear *linear, int slot, const double *values, double re, double im)
{
	struct sparse *s = (struct sparse *)linear;
	set_matrix(s, slot, values, re, im);
	if (s->slots[slot].numeric && keep_pivots(s, slot) && !has_grown(s, slot))
		return true;
	return choose_pivots(s, slot);
}

static void solve(struct linear *linear, int slot, double *x)
{
	struct sparse *s = (struct sparse *)linear;
	(slot == 0 ? klu_solve : klu_z_solve)(s->symbolic, s->slots[slot].numeric, s->n, 1, x, &s->common);
}

static bool copy(struct linear *linear, const struct linear *other)
{
	struct sparse *s = (struct sparse *)linear;
	const struct sparse *from = (const struct sparse *)other;
	for (int slot = 0; slot <= linear->complexes; slot++) {
		struct slot *f = &s->slots[slot];
		const struct slot *g = &from->slots[slot];
		size_t bytes = (size_t)s->entries * (slot == 0 ? 1 : 2) * sizeof *f->now;
		forget(s, slot);
		if (!g->numeric)
			continue;
		memcpy(f->now, g->base, bytes);
		if (!choose_pivots(s, slot))
			return false;
		memcpy(f->now, g->now, bytes);
		keep_pivots(s, slot);
	}
	return true;
}

static void drop(struct linear *linear)
{
	struct sparse *s = (struct sparse *)linear;
	for (int slot = 0; slot <= linear->complexes; slot++)
		forget(s, slot);
	klu_free_symbolic(&s->symbolic, &s->common);
	oj_memory_put(linear->context, s, s->bytes);
}

static void forget_all(struct linear *linear)
{
	for (int slot = 0; slot <= linear->complexes; slot++)
		forget((struct sparse *)linear, slot);
}

static const struct linear_way sparse = {.drop = drop, .factor = factor, .solve = solve, .forget = forget_all,
                                         .copy = copy};

struct linear *oj_sparse_make(const struct linear *base)
{
	const struct pattern *p = base->pattern;
	size_t n = (size_t)p->columns, slots = 1 + (size_t)base->complexes, entries = (size_t)count_entries(p);
	size_t numbers = 2 * entries * (2 * slots - 1), integers = 2 * n + 1 + entries + (size_t)p->entries;
	size_t head = sizeof(struct sparse) + slots * sizeof(struct slot);
	size_t bytes = head + numbers * sizeof(double) + integers * sizeof(int);
	struct sparse *s = oj_memory_get(base->context, bytes);
	if (!s)
		return NULL;
	memset(s, 0, bytes);
	*s = (struct sparse){.base = *base, .n = (int)n, .entries = (int)entries, .bytes = bytes};
	s->base.way = &sparse;
	double *number = (double *)((char *)s + head);
	for (size_t slot = 0; slot < slots; slot++) {
		size_t length = entries * (slot == 0 ? 1 : 2);
		s->slots[slot] = (struct slot){.now = number, .base = number + length};
		number += 2 * length;
	}
	s->column = (int *)number;
	s->row = s->column + n + 1;
	s->diagonal = s->row + entries;
	s->place = s->diagonal + n;
	fill_pattern(p, s->column, s->row, s->place, s->diagonal);
	klu_defaults(&s->common);
	s->symbolic = klu_analyze(s->n, s->column, s->row, &s->common);
	if (!s->symbolic) {
		drop(&s->base);
		return NULL;
	}
	return &s->base;
}
