/* Sparse factors whose last rows are full.
 *
 * Reaction networks and all that is coupled through a few hubs fill up: in an order of little fill
 * the first rows stay sparse, and what they leave is a full matrix (of 1,122 species of a network, 493
 * rows, where nine tenths of the operations are).  So the first are eliminated by their
 * pattern, on the diagonal, row and column k at a time from all earlier ones that meet k, and the
 * rest by square.c, with exchanges of rows.  The order is KLU's of minimum degree (P. R.
 * Amestoy, T. A. Davis, I. S. Duff, ACM TOMS 30 (2004) 381-388), of the pattern of J + J^T, so
 * both factors have one pattern.
 *
 * Where a multiplier of the head gets large, KLU is asked instead, which looks for pivots. */
#include "solvers/linear/tail.h"

#include "solvers/linear/sparse.h"
#include "solvers/linear/square.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_GROWTH 1e3 /* of a multiplier of the head */
#define HEAD_PRICE 4.0  /* of an operation, as those of KLU count 5 and those of LAPACK 1 (measured once) */
#define SQUARE_PRICE 0.2
enum { LEAST_TAIL = 64, MOST_TAIL = 30000 }; /* rows of the full matrix */
enum { MOST_ENTRIES = 1 << 25 };             /* of patterns, when a head is looked for */

#define INLINE inline __attribute__((always_inline))

/* ---- planning ---- */

void oj_tail_drop_plan(struct tail_plan *plan)
{
	oj_memory_put(plan->context, plan->order, plan->bytes);
	oj_memory_put(plan->context, plan->index, (size_t)plan->room * sizeof *plan->index);
	*plan = (struct tail_plan){.context = plan->context};
}

/* The pattern of J + J^T in the order of elimination, rows later than k of column k. */
struct both {
	int *start, *index;
};

static void count_both(const struct pattern *p, const int *place, int *count)
{
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++) {
			int a = place[j], b = place[p->row[k]];
			count[a < b ? a : b] += a != b;
		}
}

static void fill_both(const struct pattern *p, const int *place, struct both *both)
{
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++) {
			int a = place[j], b = place[p->row[k]];
			if (a != b)
				both->index[both->start[a < b ? a : b]++] = a < b ? b : a;
		}
}

static int by_number(const void *a, const void *b)
{
	int i = *(const int *)a, j = *(const int *)b;
	return (i > j) - (i < j);
}

static bool make_room(struct tail_plan *plan, int more)
{
	int64_t wanted = (int64_t)plan->room * 2 + more;
	if (wanted > INT32_MAX)
		return false;
	int *index = oj_memory_resize(plan->context, plan->index, (size_t)plan->room * sizeof *index,
	                              (size_t)wanted * sizeof *index);
	if (!index)
		return false;
	plan->index = index;
	plan->room = (int)wanted;
	return true;
}

/* What row k meets: its own entries, and what the rows met whose first it was.  `child` and
 * `sibling` are lists of these; mark[i] is k where i was found. */
static bool find_row(struct tail_plan *plan, const struct both *both, int k, int *mark, int *child, int *sibling)
{
	int *count = &plan->start[k + 1], n = plan->n;
	*count = plan->start[k];
	if (plan->room - *count < n - k && !make_room(plan, n - k))
		return false;
	mark[k] = k;
	for (int e = k > 0 ? both->start[k - 1] : 0; e < both->start[k]; e++)
		if (mark[both->index[e]] != k) {
			mark[both->index[e]] = k;
			plan->index[(*count)++] = both->index[e];
		}
	for (int c = child[k]; c >= 0; c = sibling[c])
		for (int e = plan->start[c]; e < plan->start[c + 1]; e++)
			if (mark[plan->index[e]] != k && plan->index[e] > k) {
				mark[plan->index[e]] = k;
				plan->index[(*count)++] = plan->index[e];
			}
	qsort(plan->index + plan->start[k], (size_t)(*count - plan->start[k]), sizeof(int), by_number);
	if (*count > plan->start[k]) {
		int parent = plan->index[plan->start[k]];
		sibling[k] = child[parent];
		child[parent] = k;
	}
	return true;
}

/* As many head rows as take least time, of `count` whose patterns are known. */
static void choose_head(struct tail_plan *plan, int count)
{
	struct effort head = {0};
	plan->effort = oj_effort_times(SQUARE_PRICE, oj_dense_effort(plan->n));
	for (int k = 0; k < count; k++) {
		double met = plan->start[k + 1] - plan->start[k];
		struct effort rest = oj_effort_times(SQUARE_PRICE, oj_dense_effort(plan->n - 1 - k));
		head.factor += HEAD_PRICE * (met + 2 * met * met);
		head.solve += HEAD_PRICE * (1 + 4 * met);
		struct effort both = {head.factor + rest.factor, head.solve + rest.solve};
		if (oj_effort_of_step(both) >= oj_effort_of_step(plan->effort))
			continue;
		plan->effort = both;
		plan->head = k + 1;
	}
}

/* Patterns of rows, as long as they are not very many entries, and which of them are the head. */
static bool find_head(struct tail_plan *plan, const struct both *both, int *room)
{
	int n = plan->n, *mark = room, *child = room + n, *sibling = room + 2 * n, count = 0;
	for (int i = 0; i < n; i++)
		mark[i] = child[i] = -1;
	for (; count < n && plan->start[count] < MOST_ENTRIES; count++)
		if (!find_row(plan, both, count, mark, child, sibling))
			return false;
	choose_head(plan, count);
	return true;
}

static bool plan_rows(struct tail_plan *plan, const struct pattern *p)
{
	size_t n = (size_t)plan->n, entries = (size_t)p->entries, integers = n + entries + 4 * n;
	int *room = oj_memory_get(plan->context, integers * sizeof *room);
	if (!room)
		return false;
	memset(room, 0, integers * sizeof *room);
	struct both both = {.start = room, .index = room + n};
	int *place = room + n + entries;
	for (int k = 0; k < plan->n; k++)
		place[plan->order[k]] = k;
	count_both(p, place, both.start);
	for (int k = 0, sum = 0; k < plan->n; k++) {
		int count = both.start[k];
		both.start[k] = sum;
		sum += count;
	}
	fill_both(p, place, &both); /* start[k] is now where k ends */
	bool ok = find_head(plan, &both, place + n);
	oj_memory_put(plan->context, room, integers * sizeof *room);
	return ok;
}

/* KLU's order of minimum degree. */
static bool order_rows(struct tail_plan *plan, const struct pattern *p)
{
	klu_common common;
	klu_defaults(&common);
	common.btf = 0;
	klu_symbolic *symbolic = oj_sparse_analyse(p, &common);
	if (symbolic)
		memcpy(plan->order, symbolic->Q, (size_t)plan->n * sizeof *plan->order);
	bool ok = symbolic != NULL;
	klu_free_symbolic(&symbolic, &common);
	return ok;
}

bool oj_tail_plan(struct tail_plan *plan, ojit_context *context, const struct pattern *pattern, struct effort effort)
{
	*plan = (struct tail_plan){.context = context};
	if (pattern->columns < 2 * LEAST_TAIL || pattern->columns > INT32_MAX / 16)
		return true;
	plan->n = (int)pattern->columns;
	plan->bytes = (2 * (size_t)plan->n + 1) * sizeof(int);
	plan->order = oj_memory_get(context, plan->bytes);
	if (!plan->order) {
		*plan = (struct tail_plan){.context = context};
		return false;
	}
	plan->start = plan->order + plan->n;
	plan->start[0] = 0;
	bool ok = order_rows(plan, pattern) && plan_rows(plan, pattern);
	double rest = plan->n - plan->head;
	if (!ok || plan->head == 0 || rest < LEAST_TAIL || rest > MOST_TAIL || oj_effort_of_step(plan->effort) > 0.8 * oj_effort_of_step(effort))
		oj_tail_drop_plan(plan);
	return ok;
}

/* ---- factors ---- */

struct tail_slot {
	double *head;  /* [planes][numbers]: multipliers, rows of U, inverse pivots */
	double *square; /* [planes][rest rest] */
	int *pivots;   /* [rest] */
	bool by_klu;
};

struct tail {
	struct linear base;
	struct tail_plan plan;
	struct linear *klu; /* NULL until it is needed */
	int rest;
	size_t entries, numbers; /* of the head's pattern; of a plane */
	size_t bytes;
	int *place; /* of J's entries and of the diagonal: in the head, or behind that in the square */
	int *first, *next, *at; /* [head] each: rows that meet k, and the entries where they do */
	double *work;    /* [4 n] */
	struct tail_slot slots[];
};

static int planes_of(int slot)
{
	return slot == 0 ? 1 : 2;
}

static size_t square_of(const struct tail *s)
{
	return (size_t)s->rest * (size_t)s->rest;
}

static double *number_at(const struct tail *s, const struct tail_slot *f, int place, int plane)
{
	size_t at = (size_t)place;
	return at < s->numbers ? f->head + (size_t)plane * s->numbers + at
	                       : f->square + (size_t)plane * square_of(s) + (at - s->numbers);
}

static void set_values(const struct tail *s, int slot, const double *values, double re, double im)
{
	const struct tail_slot *f = &s->slots[slot];
	int64_t entries = s->base.pattern->entries;
	memset(f->head, 0, (s->numbers + square_of(s)) * (size_t)planes_of(slot) * sizeof *f->head);
	for (int64_t k = 0; k < entries; k++)
		*number_at(s, f, s->place[k], 0) = -values[k];
	for (int j = 0; j < s->plan.n; j++) {
		*number_at(s, f, s->place[entries + j], 0) += re;
		if (slot != 0)
			*number_at(s, f, s->place[entries + j], 1) = im;
	}
}

/* x -= (re, im) y, of numbers whose imaginary parts are `far` and `plane` behind. */
static INLINE void take(const int planes, double *x, size_t far, double re, double im, const double *y, size_t plane)
{
	x[0] -= re * y[0];
	if (planes == 2) {
		x[0] += im * y[plane];
		x[far] -= re * y[plane] + im * y[0];
	}
}

/* Row j, which meets k at entry e, is taken from row and column k. */
static INLINE void take_row(const struct tail *s, const int planes, const double *l, int j, int e, double *column,
                            double *row, double pivot[2])
{
	size_t n = (size_t)s->plan.n, plane = s->numbers;
	const int *index = s->plan.index;
	const double *u = l + s->entries;
	double l_re = l[e], l_im = planes == 2 ? l[plane + (size_t)e] : 0;
	double u_re = u[e], u_im = planes == 2 ? u[plane + (size_t)e] : 0;
	pivot[0] -= l_re * u_re - l_im * u_im;
	pivot[1] -= l_re * u_im + l_im * u_re;
	for (int q = e + 1; q < s->plan.start[j + 1]; q++) {
		take(planes, column + index[q], n, u_re, u_im, l + q, plane);
		take(planes, row + index[q], n, l_re, l_im, u + q, plane);
	}
}

/* Row j waits for the next head row that it meets. */
static void wait_for_next(struct tail *s, int j)
{
	int e = s->at[j];
	if (e >= s->plan.start[j + 1] || s->plan.index[e] >= s->plan.head)
		return;
	s->next[j] = s->first[s->plan.index[e]];
	s->first[s->plan.index[e]] = j;
}

/* 1/pivot, in place. */
static void invert(double pivot[2])
{
	double size = fabs(pivot[0]) + fabs(pivot[1]), re = pivot[0] / size, im = pivot[1] / size;
	double scale = 1 / ((re * re + im * im) * size);
	pivot[0] = re * scale;
	pivot[1] = -im * scale;
}

/* Multipliers of column k and its row of U; the largest multiplier. */
static INLINE double store_row(struct tail *s, const int planes, double *l, int k, const double *column,
                               const double *row, const double inverse[2])
{
	size_t n = (size_t)s->plan.n, plane = s->numbers;
	double *u = l + s->entries, growth = 0;
	for (size_t e = (size_t)s->plan.start[k]; e < (size_t)s->plan.start[k + 1]; e++) {
		size_t i = (size_t)s->plan.index[e];
		double x = column[i], y = planes == 2 ? column[n + i] : 0, size;
		l[e] = x * inverse[0] - y * inverse[1];
		u[e] = row[i];
		size = fabs(l[e]);
		if (planes == 2) {
			l[plane + e] = x * inverse[1] + y * inverse[0];
			u[plane + e] = row[n + i];
			size += fabs(l[plane + e]);
		}
		growth = size <= growth ? growth : size;
	}
	return growth;
}

static INLINE bool eliminate_row(struct tail *s, const int planes, double *l, int k)
{
	size_t n = (size_t)s->plan.n, plane = s->numbers;
	double *u = l + s->entries, *pivots = u + s->entries, *column = s->work, *row = column + 2 * n;
	double pivot[2] = {pivots[k], planes == 2 ? pivots[plane + (size_t)k] : 0};
	for (size_t e = (size_t)s->plan.start[k]; e < (size_t)s->plan.start[k + 1]; e++)
		for (size_t p = 0; p < (size_t)planes; p++) {
			column[p * n + (size_t)s->plan.index[e]] = l[p * plane + e];
			row[p * n + (size_t)s->plan.index[e]] = u[p * plane + e];
		}
	for (int j = s->first[k], next; j >= 0; j = next) {
		next = s->next[j];
		take_row(s, planes, l, j, s->at[j]++, column, row, pivot);
		wait_for_next(s, j);
	}
	invert(pivot);
	pivots[k] = pivot[0];
	if (planes == 2)
		pivots[plane + (size_t)k] = pivot[1];
	s->at[k] = s->plan.start[k];
	wait_for_next(s, k);
	return store_row(s, planes, l, k, column, row, pivot) <= MOST_GROWTH && isfinite(pivot[0]) && isfinite(pivot[1]);
}

/* The square less the products of row and column k of the head. */
static INLINE void take_from_square(const struct tail *s, const int planes, const double *l, int k, double *square)
{
	size_t plane = s->numbers, head = (size_t)s->plan.head, rest = (size_t)s->rest;
	const int *index = s->plan.index;
	const double *u = l + s->entries;
	int from = s->at[k], to = s->plan.start[k + 1];
	for (int q = from; q < to; q++) {
		double *column = square + ((size_t)index[q] - head) * rest;
		double re = u[q], im = planes == 2 ? u[plane + (size_t)q] : 0;
		for (int e = from; e < to; e++)
			take(planes, column + ((size_t)index[e] - head), rest * rest, re, im, l + e, plane);
	}
}

static INLINE bool eliminate(struct tail *s, const int planes, struct tail_slot *f)
{
	for (int k = 0; k < s->plan.head; k++)
		s->first[k] = -1;
	for (int k = 0; k < s->plan.head; k++)
		if (!eliminate_row(s, planes, f->head, k))
			return false;
	for (int k = 0; k < s->plan.head; k++)
		take_from_square(s, planes, f->head, k, f->square);
	return oj_square_factor(s->rest, planes, f->square, f->pivots);
}

static bool factor(struct linear *linear, int slot, const double *values, double re, double im)
{
	struct tail *s = (struct tail *)linear;
	struct tail_slot *f = &s->slots[slot];
	set_values(s, slot, values, re, im);
	f->by_klu = !(slot == 0 ? eliminate(s, 1, f) : eliminate(s, 2, f));
	if (!f->by_klu)
		return true;
	if (!s->klu)
		s->klu = oj_sparse_make(&s->base);
	return s->klu && s->klu->way->factor(s->klu, slot, values, re, im);
}

/* ---- solves ---- */

static INLINE void solve_planes(const struct tail *s, const int planes, const struct tail_slot *f, double *w)
{
	size_t n = (size_t)s->plan.n, plane = s->numbers, head = (size_t)s->plan.head;
	const int *start = s->plan.start, *index = s->plan.index;
	const double *l = f->head, *u = l + s->entries, *pivots = u + s->entries;
	for (size_t k = 0; k < head; k++)
		for (int e = start[k]; e < start[k + 1]; e++)
			take(planes, w + index[e], n, w[k], planes == 2 ? w[n + k] : 0, l + e, plane);
	double *last = w + 2 * n;
	for (size_t p = 0; p < (size_t)planes; p++)
		memcpy(last + p * (size_t)s->rest, w + p * n + head, (size_t)s->rest * sizeof *w);
	oj_square_solve(s->rest, planes, f->square, f->pivots, last);
	for (size_t p = 0; p < (size_t)planes; p++)
		memcpy(w + p * n + head, last + p * (size_t)s->rest, (size_t)s->rest * sizeof *w);
	for (size_t k = head; k-- > 0;) {
		double x = 0, y = 0, sum[2] = {w[k], planes == 2 ? w[n + k] : 0};
		for (int e = start[k]; e < start[k + 1]; e++)
			take(planes, sum, 1, w[index[e]], planes == 2 ? w[n + (size_t)index[e]] : 0, u + e, plane);
		x = pivots[k];
		y = planes == 2 ? pivots[plane + k] : 0;
		w[k] = sum[0] * x - sum[1] * y;
		if (planes == 2)
			w[n + k] = sum[0] * y + sum[1] * x;
	}
}

static void solve(struct linear *linear, int slot, double *x)
{
	const struct tail *s = (const struct tail *)linear;
	size_t n = (size_t)s->plan.n, planes = (size_t)planes_of(slot);
	double *w = s->work;
	if (s->slots[slot].by_klu) {
		s->klu->way->solve(s->klu, slot, x);
		return;
	}
	for (size_t k = 0; k < n; k++)
		for (size_t p = 0; p < planes; p++)
			w[p * n + k] = x[(size_t)s->plan.order[k] * planes + p];
	if (slot == 0)
		solve_planes(s, 1, &s->slots[slot], w);
	else
		solve_planes(s, 2, &s->slots[slot], w);
	for (size_t k = 0; k < n; k++)
		for (size_t p = 0; p < planes; p++)
			x[(size_t)s->plan.order[k] * planes + p] = w[p * n + k];
}

/* ---- making ---- */

static void drop(struct linear *linear)
{
	struct tail *s = (struct tail *)linear;
	if (s->klu)
		s->klu->way->drop(s->klu);
	oj_tail_drop_plan(&s->plan);
	oj_memory_put(linear->context, s, s->bytes);
}

static void forget(struct linear *linear)
{
	struct tail *s = (struct tail *)linear;
	if (s->klu)
		s->klu->way->forget(s->klu);
}

static bool copy(struct linear *linear, const struct linear *other)
{
	struct tail *s = (struct tail *)linear;
	const struct tail *from = (const struct tail *)other;
	bool by_klu = false;
	for (int slot = 0; slot <= linear->complexes; slot++) {
		size_t planes = (size_t)planes_of(slot);
		memcpy(s->slots[slot].head, from->slots[slot].head, planes * (s->numbers + square_of(s)) * sizeof(double));
		memcpy(s->slots[slot].pivots, from->slots[slot].pivots, (size_t)s->rest * sizeof(int));
		s->slots[slot].by_klu = from->slots[slot].by_klu;
		by_klu |= s->slots[slot].by_klu;
	}
	if (!by_klu)
		return true;
	if (!s->klu)
		s->klu = oj_sparse_make(&s->base);
	return s->klu && s->klu->way->copy(s->klu, from->klu);
}

static const struct linear_way tail = {.drop = drop, .factor = factor, .solve = solve, .forget = forget, .copy = copy};

/* Where entry (i, j) is, by the rows' numbers in the elimination. */
static int place_of(const struct tail *s, int i, int j)
{
	int k = i < j ? i : j, other = i < j ? j : i;
	size_t head = (size_t)s->plan.head;
	if (k >= s->plan.head)
		return (int)(s->numbers + ((size_t)j - head) * (size_t)s->rest + ((size_t)i - head));
	if (i == j)
		return (int)(2 * s->entries) + k;
	const int *from = s->plan.index + s->plan.start[k], count = s->plan.start[k + 1] - s->plan.start[k];
	const int *found = bsearch(&other, from, (size_t)count, sizeof *from, by_number);
	return (int)(found - s->plan.index) + (i < j ? (int)s->entries : 0);
}

static void find_places(struct tail *s)
{
	const struct pattern *p = s->base.pattern;
	int *number = s->place + p->entries; /* until the diagonal's places are written over it */
	for (int k = 0; k < s->plan.n; k++)
		number[s->plan.order[k]] = k;
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t e = p->column[j]; e < p->column[j + 1]; e++)
			s->place[e] = place_of(s, number[p->row[e]], number[j]);
	for (int j = 0; j < s->plan.n; j++)
		number[j] = place_of(s, number[j], number[j]);
}

struct linear *oj_tail_make(const struct linear *base, struct tail_plan *plan)
{
	size_t n = (size_t)plan->n, head = (size_t)plan->head, rest = n - head, slots = 1 + (size_t)base->complexes;
	size_t entries = (size_t)plan->start[head], numbers = 2 * entries + head, planes = 2 * slots - 1;
	size_t doubles = planes * (numbers + rest * rest) + 4 * n, integers = (size_t)base->pattern->entries + n + 3 * head + slots * rest;
	size_t start = sizeof(struct tail) + slots * sizeof(struct tail_slot);
	size_t bytes = start + doubles * sizeof(double) + integers * sizeof(int);
	struct tail *s = oj_memory_get(base->context, bytes);
	if (!s) {
		oj_tail_drop_plan(plan);
		return NULL;
	}
	memset(s, 0, bytes);
	*s = (struct tail){.base = *base, .plan = *plan, .rest = (int)rest, .entries = entries, .numbers = numbers, .bytes = bytes};
	s->base.way = &tail;
	s->work = (double *)((char *)s + start);
	double *number = s->work + 4 * n;
	int *integer = (int *)(s->work + doubles);
	for (size_t slot = 0; slot < slots; slot++) {
		size_t count = slot == 0 ? 1 : 2;
		s->slots[slot] = (struct tail_slot){.head = number, .square = number + count * numbers, .pivots = integer};
		number += count * (numbers + rest * rest);
		integer += rest;
	}
	s->first = integer;
	s->next = s->first + head;
	s->at = s->next + head;
	s->place = s->at + head;
	find_places(s);
	return &s->base;
}
