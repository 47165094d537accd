/* Factors of small sparse matrices by a list of operations.
 *
 * At the first factorisation pivots are chosen from the numbers: among the entries that are
 * not much smaller than the largest of their column, the one that makes the least fill
 * (H. M. Markowitz, Management Science 3 (1957) 255-269, with threshold pivoting: I. S. Duff,
 * A. M. Erisman, J. K. Reid, Direct Methods for Sparse Matrices, chapters 5 and 7).  What the
 * elimination then does is the same for all numbers and is kept as lists: which entry each
 * product is taken from.  Later factorisations only go through the lists.  They watch the
 * multipliers, which is where growth begins, and pivots are chosen afresh when one gets large.
 *
 * Lists that are gone through again and again become machine code (elimination_code.c), with the
 * same bits.  All this is here rather than in libojit-linear, because the solve of a small stiff
 * problem is shorter than it takes to load LAPACK.
 *
 * Entries of a matrix are numbered by rows in the order of elimination: of each row the multipliers
 * (L), the pivot, in place of which its inverse stands, the rest (U).  So both halves of a solve
 * go through memory in order, with a sum in a register for each row.  Of up to ELIMINATION_FEW
 * rows all entries are there, as if nothing were 0, and elimination_few.c goes through them without
 * lists. */
#include "solvers/elimination.h"

#include "solvers/complexes.h"
#include "solvers/elimination_code.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define LEAST_RATIO 0.1 /* of a pivot to the largest of its column */

enum { MOST = ELIMINATION_MOST };

struct elimination {
	struct linear base;
	int n;
	size_t bytes;
	const struct few_rows *few; /* NULL: they are many */
	struct elimination_code code[2];   /* real, complex */
	int solves[2], patience[2];        /* by lists since there was code; how many before there is */
	uint16_t *position; /* [n n] room to number entries in, by rows */
	double *work;       /* [n n] complex, room to choose pivots in, by rows */
	struct plan plans[];
};

/* ---- patterns ---- */

struct bits {
	uint64_t row[MOST], column[MOST]; /* bit j of row[i]: entry (i, j) is there */
	uint64_t rows, columns;           /* not eliminated yet */
};

static int count_bits(uint64_t word)
{
	return __builtin_popcountll(word);
}

/* The lowest bit's number, and the word without it. */
static int take_bit(uint64_t *word)
{
	int bit = __builtin_ctzll(*word);
	*word &= *word - 1;
	return bit;
}

/* That of z I - J. */
static void set_bits(const struct pattern *p, struct bits *b)
{
	int n = (int)p->columns;
	*b = (struct bits){.rows = n == MOST ? UINT64_MAX : (UINT64_C(1) << n) - 1};
	b->columns = b->rows;
	for (int j = 0; j < n; j++) {
		b->column[j] = UINT64_C(1) << j;
		b->row[j] |= UINT64_C(1) << j;
	}
	for (int j = 0; j < n; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++) {
			b->column[j] |= UINT64_C(1) << p->row[k];
			b->row[p->row[k]] |= UINT64_C(1) << j;
		}
}

static uint64_t across(const struct bits *b, int i, int j)
{
	return b->row[i] & b->columns & ~(UINT64_C(1) << j);
}

static uint64_t down(const struct bits *b, int i, int j)
{
	return b->column[j] & b->rows & ~(UINT64_C(1) << i);
}

/* Fill that pivot (i, j) makes at most. */
static int fill_of(const struct bits *b, int i, int j)
{
	return count_bits(across(b, i, j)) * count_bits(down(b, i, j));
}

/* Take the pivot out, and put in what it fills. */
static void eliminate_bits(struct bits *b, int i, int j)
{
	uint64_t right = across(b, i, j), below = down(b, i, j);
	b->rows &= ~(UINT64_C(1) << i);
	b->columns &= ~(UINT64_C(1) << j);
	for (uint64_t left = below; left;)
		b->row[take_bit(&left)] |= right;
	for (uint64_t left = right; left;)
		b->column[take_bit(&left)] |= below;
}

struct effort oj_elimination_effort(const struct pattern *pattern)
{
	struct effort effort = {0};
	struct bits b;
	set_bits(pattern, &b);
	while (b.rows) {
		int best = -1;
		for (uint64_t left = b.rows; left;) {
			int i = take_bit(&left);
			best = best < 0 || fill_of(&b, i, i) < fill_of(&b, best, best) ? i : best;
		}
		double right = count_bits(across(&b, best, best)), below = count_bits(down(&b, best, best));
		effort.factor += 1 + below * (1 + 2 * right);
		effort.solve += 1 + 2 * (right + below);
		eliminate_bits(&b, best, best);
	}
	return effort;
}

/* ---- choosing pivots ---- */

static double largest_in_column(const struct elimination *e, const struct bits *b, int j)
{
	double most = 0;
	for (uint64_t left = b->column[j] & b->rows; left;) {
		double size = complex_size(e->work + 2 * (take_bit(&left) * e->n + j));
		most = size > most ? size : most;
	}
	return most;
}

/* Of the entries that are large enough the one of least fill, of these the relatively
 * largest.  False: there is none but 0. */
static bool pick_pivot(const struct elimination *e, const struct bits *b, int *row, int *column)
{
	int least = MOST * MOST;
	double best = 0;
	for (uint64_t columns = b->columns; columns;) {
		int j = take_bit(&columns);
		double largest = largest_in_column(e, b, j);
		for (uint64_t rows = b->column[j] & b->rows; largest > 0 && rows;) {
			int i = take_bit(&rows), fill = fill_of(b, i, j);
			double ratio = complex_size(e->work + 2 * (i * e->n + j)) / largest;
			if (ratio < LEAST_RATIO || fill > least || (fill == least && ratio <= best))
				continue;
			least = fill;
			best = ratio;
			*row = i;
			*column = j;
		}
	}
	return best > 0;
}

static void eliminate_work(struct elimination *e, const struct bits *b, int i, int j)
{
	double inverse[2], *pivot = e->work + 2 * i * e->n;
	complex_invert(pivot + 2 * j, inverse);
	for (uint64_t below = down(b, i, j); below;) {
		double *row = e->work + 2 * take_bit(&below) * e->n, *l = row + 2 * j;
		double re = l[0] * inverse[0] - l[1] * inverse[1], im = l[0] * inverse[1] + l[1] * inverse[0];
		for (uint64_t right = across(b, i, j); right;) {
			int c = take_bit(&right);
			complex_take(row + 2 * c, re, im, pivot + 2 * c);
		}
	}
}

static void set_work(struct elimination *e, const double *values, double re, double im)
{
	const struct pattern *p = e->base.pattern;
	int n = e->n;
	memset(e->work, 0, 2 * (size_t)(n * n) * sizeof *e->work);
	for (int j = 0; j < n; j++) {
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			e->work[2 * (p->row[k] * n + j)] = -values[k];
		e->work[2 * (j * n + j)] += re;
		e->work[2 * (j * n + j) + 1] = im;
	}
}

/* ---- lists ---- */

/* What is known of the rounds when all pivots are chosen. */
struct shape {
	uint64_t right[MOST], below[MOST]; /* of each round: columns, rows */
	uint64_t left[MOST];               /* of each row: rounds that were subtracted from it */
	uint16_t of_column[MOST];          /* the round of each column */
};

static void number_row(struct elimination *e, struct plan *plan, const struct shape *shape, int k)
{
	struct round *round = &plan->rounds[k];
	uint16_t *position = e->position + round->row * e->n;
	round->first = plan->entries;
	for (uint64_t rounds = shape->left[round->row]; rounds; plan->entries++) {
		int before = take_bit(&rounds);
		plan->other[plan->entries] = (uint16_t)before;
		position[plan->rounds[before].column] = (uint16_t)plan->entries;
	}
	round->left = plan->entries - round->first;
	position[round->column] = (uint16_t)plan->entries++;
	for (uint64_t columns = shape->right[k]; columns; plan->entries++) {
		int column = take_bit(&columns);
		plan->other[plan->entries] = shape->of_column[column];
		position[column] = (uint16_t)plan->entries;
	}
	round->across = plan->entries - round->first - round->left - 1;
}

/* All entries, as elimination_few.c wants them. */
static void number_few(struct elimination *e, struct plan *plan)
{
	int n = e->n;
	for (int i = 0; i < n; i++) {
		plan->places[i] = (struct place){(uint8_t)plan->rounds[i].row, (uint8_t)plan->rounds[i].column};
		for (int j = 0; j < n; j++)
			e->position[plan->rounds[i].row * n + plan->rounds[j].column] = (uint16_t)(i * n + j);
	}
	plan->entries = n * n;
}

static void list_round(struct elimination *e, struct plan *plan, const struct shape *shape, int k)
{
	struct round *round = &plan->rounds[k];
	round->down = count_bits(shape->below[k]);
	for (uint64_t rows = shape->below[k]; rows;) {
		const uint16_t *position = e->position + take_bit(&rows) * e->n;
		plan->lower[plan->lowers++] = position[round->column];
		for (uint64_t columns = shape->right[k]; columns;)
			plan->target[plan->targets++] = position[take_bit(&columns)];
	}
}

static void list_places(struct elimination *e, struct plan *plan)
{
	const struct pattern *p = e->base.pattern;
	for (int j = 0; j < e->n; j++) {
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			plan->place[k] = e->position[p->row[k] * e->n + j];
		plan->place[p->entries + j] = e->position[j * e->n + j];
	}
}

/* Pivots for these numbers, and all lists.  False: singular. */
static bool choose_pivots(struct elimination *e, struct plan *plan, const double *values, double re, double im)
{
	struct shape shape = {.right = {0}};
	struct bits b;
	plan->chosen = false;
	plan->entries = plan->lowers = plan->targets = 0;
	set_work(e, values, re, im);
	set_bits(e->base.pattern, &b);
	for (int k = 0; k < e->n; k++) {
		int i = 0, j = 0;
		if (!pick_pivot(e, &b, &i, &j))
			return false;
		eliminate_work(e, &b, i, j);
		plan->rounds[k] = (struct round){.row = i, .column = j};
		shape.of_column[j] = (uint16_t)k;
		shape.right[k] = across(&b, i, j);
		shape.below[k] = down(&b, i, j);
		for (uint64_t rows = shape.below[k]; rows;)
			shape.left[take_bit(&rows)] |= UINT64_C(1) << k;
		eliminate_bits(&b, i, j);
	}
	if (e->few)
		number_few(e, plan);
	for (int k = 0; !e->few && k < e->n; k++)
		number_row(e, plan, &shape, k);
	for (int k = 0; !e->few && k < e->n; k++)
		list_round(e, plan, &shape, k);
	list_places(e, plan);
	plan->chosen = true;
	plan->coded = oj_elimination_code_fits(&e->code[plan > e->plans], plan, e->n);
	return true;
}

/* ---- going through the lists ---- */

static void set_values(const struct elimination *e, struct plan *plan, int width, const double *values, double re,
                       double im)
{
	double *a = plan->values;
	int64_t entries = e->base.pattern->entries;
	memset(a, 0, (size_t)(plan->entries * width) * sizeof *a);
	for (int64_t k = 0; k < entries; k++)
		a[plan->place[k] * width] = -values[k];
	for (int j = 0; j < e->n; j++) {
		double *diagonal = a + plan->place[entries + j] * width;
		diagonal[0] += re;
		if (width == 2)
			diagonal[1] = im;
	}
}

/* False: a pivot is 0, a multiplier is too large, or something is not finite. */
static bool eliminate_real(const struct elimination *e, struct plan *plan)
{
	const uint16_t *lower = plan->lower, *target = plan->target;
	double *a = plan->values, growth = 0;
	for (int k = 0; k < e->n; k++) {
		const struct round *round = &plan->rounds[k];
		double *pivot = a + round->first + round->left;
		const double *u = pivot + 1;
		double inverse = *pivot = 1 / *pivot;
		for (int r = 0; r < round->down; r++) {
			double factor = a[*lower++] *= inverse;
			growth = fabs(factor) <= growth ? growth : fabs(factor);
			for (int c = 0; c < round->across; c++)
				a[target[c]] -= factor * u[c];
			target += round->across;
		}
		if (!(growth <= MOST_GROWTH) || !isfinite(inverse))
			return false;
	}
	return true;
}

static bool eliminate_complex(const struct elimination *e, struct plan *plan)
{
	const uint16_t *lower = plan->lower, *target = plan->target;
	double *a = plan->values, growth = 0;
	for (int k = 0; k < e->n; k++) {
		const struct round *round = &plan->rounds[k];
		double *pivot = a + 2 * (round->first + round->left);
		const double *u = pivot + 2;
		complex_invert(pivot, pivot);
		for (int r = 0; r < round->down; r++) {
			double *l = a + 2 * *lower++;
			double re = l[0] * pivot[0] - l[1] * pivot[1], im = l[0] * pivot[1] + l[1] * pivot[0];
			l[0] = re;
			l[1] = im;
			growth = complex_size(l) <= growth ? growth : complex_size(l);
			for (int c = 0; c < round->across; c++)
				complex_take(a + 2 * target[c], re, im, u + 2 * c);
			target += round->across;
		}
		if (!(growth <= MOST_GROWTH) || !isfinite(pivot[0]) || !isfinite(pivot[1]))
			return false;
	}
	return true;
}

static bool eliminate(const struct elimination *e, int slot, const double *values, double re, double im)
{
	struct plan *plan = (struct plan *)&e->plans[slot];
	if (!plan->chosen)
		return false;
	set_values(e, plan, slot == 0 ? 1 : 2, values, re, im);
	if (plan->coded && oj_elimination_code_factor(&e->code[slot > 0], plan))
		return true;
	if (plan->coded)
		set_values(e, plan, slot == 0 ? 1 : 2, values, re, im);
	if (e->few)
		return e->few->factor[slot > 0](plan->values);
	return slot == 0 ? eliminate_real(e, plan) : eliminate_complex(e, plan);
}

/* Take the pivots of `from`. */
static void take_plan(const struct elimination *e, struct plan *to, const struct plan *from)
{
	size_t places = (size_t)(e->base.pattern->entries + e->n);
	to->chosen = from->chosen;
	to->entries = from->entries;
	to->lowers = from->lowers;
	to->targets = from->targets;
	memcpy(to->rounds, from->rounds, sizeof to->rounds);
	memcpy(to->places, from->places, sizeof to->places);
	memcpy(to->other, from->other, (size_t)from->entries * sizeof *to->other);
	memcpy(to->lower, from->lower, (size_t)from->lowers * sizeof *to->lower);
	memcpy(to->target, from->target, (size_t)from->targets * sizeof *to->target);
	memcpy(to->place, from->place, places * sizeof *to->place);
}

/* Matrices that differ in their shift alone often can do with the same pivots, and a copy
 * of them is made sooner than a choice. */
static void borrow_plan(struct elimination *e, int slot)
{
	for (int other = 0; !e->plans[slot].chosen && other <= e->base.complexes; other++)
		if (e->plans[other].chosen)
			take_plan(e, &e->plans[slot], &e->plans[other]);
}

/* ---- machine code ---- */

/* After so many solves lists have cost as much more as making code of them takes (20 to 35 us for
 * HIRES and POLLU, 0.1 us a solve with its share of a factorisation). */
enum { FIRST_PATIENCE = 256 };

static void find_code(struct elimination *e, int slot)
{
	e->plans[slot].coded = oj_elimination_code_fits(&e->code[slot > 0], &e->plans[slot], e->n);
}

/* Another solve by lists.  Where pivots change again and again, code is made less and less often. */
static void count_solve(struct elimination *e, int slot)
{
	int kind = slot > 0;
	if (++e->solves[kind] < e->patience[kind])
		return;
	e->solves[kind] = 0;
	e->patience[kind] = e->patience[kind] < INT_MAX / 2 ? 2 * e->patience[kind] : INT_MAX;
	oj_elimination_code_make(&e->code[kind], &e->plans[slot], e->n, 1 + kind);
	for (int other = kind; other <= kind * e->base.complexes; other++)
		find_code(e, other);
}

static bool factor(struct linear *linear, int slot, const double *values, double re, double im)
{
	struct elimination *e = (struct elimination *)linear;
	if (!e->plans[slot].chosen) {
		borrow_plan(e, slot);
		find_code(e, slot);
	}
	if (eliminate(e, slot, values, re, im))
		return true;
	return choose_pivots(e, &e->plans[slot], values, re, im) && eliminate(e, slot, values, re, im);
}

/* ---- solving ---- */

static void solve_real(const struct elimination *e, const struct plan *plan, double *x)
{
	double w[MOST];
	const double *l = plan->values;
	const uint16_t *other = plan->other;
	for (int k = 0; k < e->n; k++) {
		const struct round *round = &plan->rounds[k];
		double sum = x[round->row];
		for (int c = 0; c < round->left; c++)
			sum -= l[c] * w[other[c]];
		w[k] = sum;
		l += round->left + 1 + round->across;
		other += round->left + 1 + round->across;
	}
	for (int k = e->n - 1; k >= 0; k--) {
		const struct round *round = &plan->rounds[k];
		double sum = w[k];
		l -= round->across;
		other -= round->across;
		for (int c = 0; c < round->across; c++)
			sum -= l[c] * w[other[c]];
		x[round->column] = w[k] = sum * l[-1];
		l -= round->left + 1;
		other -= round->left + 1;
	}
}

/* The same with pairs. */
static inline void take_row(double *sum, int count, const double *a, const uint16_t *other, const double *w)
{
	double re = sum[0], im = sum[1];
	for (int c = 0; c < count; c++) {
		const double *z = w + 2 * other[c];
		re -= a[2 * c] * z[0] - a[2 * c + 1] * z[1];
		im -= a[2 * c] * z[1] + a[2 * c + 1] * z[0];
	}
	sum[0] = re;
	sum[1] = im;
}

static void solve_complex(const struct elimination *e, const struct plan *plan, double *x)
{
	double w[2 * MOST];
	const double *l = plan->values;
	const uint16_t *other = plan->other;
	for (int k = 0; k < e->n; k++) {
		const struct round *round = &plan->rounds[k];
		w[2 * k] = x[2 * round->row];
		w[2 * k + 1] = x[2 * round->row + 1];
		take_row(w + 2 * k, round->left, l, other, w);
		l += 2 * (round->left + 1 + round->across);
		other += round->left + 1 + round->across;
	}
	for (int k = e->n - 1; k >= 0; k--) {
		const struct round *round = &plan->rounds[k];
		double *v = w + 2 * k, *out = x + 2 * round->column;
		l -= 2 * round->across;
		other -= round->across;
		take_row(v, round->across, l, other, w);
		const double *inverse = l - 2;
		out[0] = v[0] * inverse[0] - v[1] * inverse[1];
		out[1] = v[0] * inverse[1] + v[1] * inverse[0];
		v[0] = out[0];
		v[1] = out[1];
		l -= 2 * (round->left + 1);
		other -= round->left + 1;
	}
}

static void solve(struct linear *linear, int slot, double *x)
{
	struct elimination *e = (struct elimination *)linear;
	const struct plan *plan = &e->plans[slot];
	if (plan->coded) {
		oj_elimination_code_solve(&e->code[slot > 0], plan, x);
		return;
	}
	(slot == 0 ? solve_real : solve_complex)(e, plan, x);
	count_solve(e, slot);
}

static void solve_few(struct linear *linear, int slot, double *x)
{
	const struct elimination *e = (const struct elimination *)linear;
	const struct plan *plan = &e->plans[slot];
	e->few->solve[slot > 0](plan->values, plan->places, x);
}

/* ---- making ---- */

static void drop(struct linear *linear)
{
	struct elimination *e = (struct elimination *)linear;
	oj_elimination_code_drop(&e->code[0]);
	oj_elimination_code_drop(&e->code[1]);
	oj_memory_put(linear->context, linear, e->bytes);
}

static bool copy(struct linear *linear, const struct linear *other)
{
	struct elimination *e = (struct elimination *)linear;
	const struct elimination *from = (const struct elimination *)other;
	for (int slot = 0; slot <= linear->complexes; slot++) {
		const struct plan *plan = &from->plans[slot];
		take_plan(e, &e->plans[slot], plan);
		find_code(e, slot);
		memcpy(e->plans[slot].values, plan->values, (size_t)plan->entries * (slot ? 2 : 1) * sizeof(double));
	}
	return true;
}

static void forget(struct linear *linear)
{
	struct elimination *e = (struct elimination *)linear;
	for (int slot = 0; slot <= linear->complexes; slot++)
		e->plans[slot].chosen = e->plans[slot].coded = false;
}

static const struct linear_way
	lists = {.drop = drop, .factor = factor, .solve = solve, .forget = forget, .copy = copy},
	written_out = {.drop = drop, .factor = factor, .solve = solve_few, .forget = forget, .copy = copy};

struct linear *oj_elimination_make(const struct linear *base)
{
	size_t n = (size_t)base->pattern->columns, slots = 1 + (size_t)base->complexes, square = n * n;
	size_t lowers = n > 0 ? n * (n - 1) / 2 : 0, targets = n > 0 ? (n - 1) * n * (2 * n - 1) / 6 : 0, places = (size_t)base->pattern->entries + n;
	size_t head = sizeof(struct elimination) + slots * sizeof(struct plan);
	size_t numbers = square * (2 * slots - 1) + 2 * square, shorts = slots * (square + lowers + targets + places) + square;
	size_t bytes = head + numbers * sizeof(double) + shorts * sizeof(uint16_t);
	struct elimination *e = oj_memory_get(base->context, bytes);
	if (!e)
		return NULL;
	memset(e, 0, bytes);
	*e = (struct elimination){.base = *base, .n = (int)n, .bytes = bytes, .patience = {FIRST_PATIENCE, FIRST_PATIENCE}};
	e->few = n > 0 && n <= ELIMINATION_FEW ? oj_few_rows((int)n) : NULL;
	e->base.way = e->few ? &written_out : &lists;
	e->work = (double *)((char *)e + head);
	double *number = e->work + 2 * square;
	e->position = (uint16_t *)(e->work + numbers);
	uint16_t *list = e->position + square;
	for (size_t slot = 0; slot < slots; slot++) {
		struct plan *plan = &e->plans[slot];
		plan->values = number;
		plan->other = list;
		plan->lower = plan->other + square;
		plan->target = plan->lower + lowers;
		plan->place = plan->target + targets;
		number += square * (slot == 0 ? 1 : 2);
		list = plan->place + places;
	}
	return &e->base;
}
