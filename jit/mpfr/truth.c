/* The table of libojit-mpfr: values, slopes and bends of programs; see jit/truth.h.
 *
 * A slope is (f(x + h v) - f(x - h v)) / 2h with h = 2^-85: of 256 bits, what is left of
 * the third derivative takes 2^-170 and rounding 2^-171, both far below a double.  A bend is
 * (f(x + hu + hv) - f(x + hu - hv) - f(x - hu + hv) + f(x - hu - hv)) / 4h^2 with
 * h = 2^-64, which leaves 2^-128 of either.
 *
 * A check has many of these for one model: elements, which every evaluation sets anew, are forgotten after it. */
#include "jit/mpfr/exact.h"

#include <math.h>
#include <string.h>

enum { BITS = 256, STEP = BITS / 3, BEND = BITS / 4 };

struct truth {
	ojit_context *context;
	struct exact *exact;
	struct exact_plan *program, *prepare; /* prepare NULL: there is none */
	int64_t derived;
	double work, whole; /* in all; of one evaluation that leaves nothing out */
	double part, most;  /* see sample */
	uint64_t seed;
	struct kept {        /* [room] what was put out */
		mpfr_t sum;  /* of differences */
		double size; /* at the point itself */
		unsigned marks;
	} *kept;
	size_t room, summed; /* the first `summed` have sums, which only differences need */
};

static void close_truth(struct truth *t)
{
	if (!t)
		return;
	for (size_t k = 0; k < t->summed; k++)
		mpfr_clear(t->kept[k].sum);
	oj_memory_put(t->context, t->kept, t->room * sizeof *t->kept);
	oj_exact_plan_free(t->program);
	oj_exact_plan_free(t->prepare);
	oj_exact_free(t->exact);
	oj_memory_put(t->context, t, sizeof *t);
	mpfr_free_cache();
}

static ojit_status make(struct truth *t, const struct program *program, const struct program *prepare)
{
	t->exact = oj_exact_new(t->context, BITS);
	if (!t->exact)
		return OJIT_OUT_OF_MEMORY;
	if (prepare && prepare->blocks.count) {
		t->derived = prepare->space->derived;
		TRY(oj_exact_plan(prepare, BITS, &t->prepare));
	}
	return oj_exact_plan(program, BITS, &t->program);
}

static ojit_status open_truth(const struct program *program, const struct program *prepare, struct truth **truth,
                              struct oj_error *error)
{
	ojit_context *context = program->space->context;
	struct truth *t = oj_memory_get(context, sizeof *t);
	*truth = NULL;
	if (!t)
		return oj_fail_memory(error);
	*t = (struct truth){.context = context, .part = 1, .most = INFINITY};
	if (make(t, program, prepare) != OJIT_OK) {
		close_truth(t);
		return oj_fail_memory(error);
	}
	*truth = t;
	return OJIT_OK;
}

/* ---- places ---- */

/* A point, and up to two steps from it. */
enum { STEPS = 2 };
struct place {
	const struct truth_point *point;
	const struct truth_point *along[STEPS]; /* NULL: no step */
	double h[STEPS];
};

/* One input: x + h v + ... */
static void place_one(struct exact_number *at, double x, const double *v, const double *h)
{
	mpfr_t step;
	oj_exact_set(at, x);
	for (int k = 0; k < STEPS; k++) {
		if (h[k] == 0 || v[k] == 0)
			continue;
		mpfr_init2(step, BITS);
		mpfr_set_d(step, v[k], MPFR_RNDN);
		mpfr_mul_d(step, step, h[k], MPFR_RNDN);
		mpfr_add(at->value, at->value, step, MPFR_RNDN);
		mpfr_clear(step);
	}
}

static const double *vector_of(const struct truth_point *point, enum array_role role)
{
	if (!point)
		return NULL;
	return role == ROLE_STATE ? point->y : role == ROLE_PARAMETER ? point->p : point->seed;
}

static void place_all(struct exact *x, enum array_role role, const struct place *place, size_t count)
{
	const double *at = vector_of(place->point, role);
	const double *along[STEPS] = {vector_of(place->along[0], role), vector_of(place->along[1], role)};
	for (size_t k = 0; k < count; k++) {
		double v[STEPS] = {along[0] ? along[0][k] : 0, along[1] ? along[1][k] : 0};
		place_one(oj_exact_element(x, role, (int64_t)k), at ? at[k] : 0, v, place->h);
	}
}

static ojit_status derive_parameters(struct truth *t)
{
	if (!t->prepare)
		return OJIT_OK;
	oj_exact_sample(t->exact, 1, 0, INFINITY);
	TRY(oj_exact_run(t->exact, t->prepare));
	t->work += oj_exact_work(t->prepare);
	t->whole += oj_exact_work(t->prepare);
	for (int64_t k = 0; k < t->derived; k++) {
		const struct exact_number *from = oj_exact_element(t->exact, ROLE_OUT, k);
		struct exact_number *to = oj_exact_element(t->exact, ROLE_DERIVED, k);
		mpfr_set(to->value, from->value, MPFR_RNDN);
		to->size = from->size;
		to->marks = from->marks;
	}
	return OJIT_OK;
}

/* What a sample leaves out says so afterwards. */
static ojit_status run_at(struct truth *t, const struct place *place, size_t count)
{
	const struct truth_point *point = place->point;
	double v[STEPS] = {place->along[0] ? place->along[0]->t : 0, place->along[1] ? place->along[1]->t : 0};
	place_one(oj_exact_time(t->exact), point->t, v, place->h);
	place_all(t->exact, ROLE_STATE, place, point->states);
	place_all(t->exact, ROLE_PARAMETER, place, point->parameters);
	place_all(t->exact, ROLE_SEED, place, point->seeds);
	t->whole = 0;
	TRY(derive_parameters(t));
	for (size_t k = 0; t->part < 1 && k < count; k++)
		oj_exact_element(t->exact, ROLE_OUT, (int64_t)k)->marks = TRUTH_SKIPPED;
	oj_exact_sample(t->exact, t->part, t->seed, t->most);
	TRY(oj_exact_run(t->exact, t->program));
	t->whole += oj_exact_whole(t->program);
	t->work += oj_exact_work(t->program);
	return OJIT_OK;
}

/* ---- what is asked for ---- */

static bool reserve(struct truth *t, size_t count)
{
	if (count <= t->room)
		return true;
	struct kept *fresh = oj_memory_resize(t->context, t->kept, t->room * sizeof *fresh, count * sizeof *fresh);
	if (!fresh)
		return false;
	t->kept = fresh;
	t->room = count;
	return true;
}

static ojit_status values(struct truth *t, const struct truth_point *point, size_t count, struct truth_value *out,
                          struct oj_error *error)
{
	oj_exact_sides(t->exact, SIDES_KEPT);
	if (!reserve(t, count) || run_at(t, &(struct place){.point = point}, count) != OJIT_OK)
		return oj_fail_memory(error);
	for (size_t k = 0; k < count; k++) {
		const struct exact_number *n = oj_exact_element(t->exact, ROLE_OUT, (int64_t)k);
		out[k] = (struct truth_value){mpfr_get_ld(n->value, MPFR_RNDN), n->size, n->marks};
		t->kept[k].size = n->size;
		t->kept[k].marks = n->marks & (TRUTH_SWITCH | TRUTH_OVERFLOW | TRUTH_SKIPPED);
		t->kept[k].marks |= mpfr_number_p(n->value) ? 0 : TRUTH_NOWHERE;
	}
	oj_exact_forget(t->exact);
	return OJIT_OK;
}

/* sum += f(there), or -= it. */
static ojit_status add_values(struct truth *t, const struct place *place, bool subtract, size_t count)
{
	oj_exact_sides(t->exact, SIDES_COMPARED);
	TRY(run_at(t, place, count));
	for (size_t k = 0; k < count; k++) {
		const struct exact_number *n = oj_exact_element(t->exact, ROLE_OUT, (int64_t)k);
		(subtract ? mpfr_sub : mpfr_add)(t->kept[k].sum, t->kept[k].sum, n->value, MPFR_RNDN);
		t->kept[k].marks |= n->marks & (TRUTH_KINK | TRUTH_SKIPPED);
	}
	return OJIT_OK;
}

/* Forget the sums and the marks of the last differences. */
static void begin_sums(struct truth *t, size_t count)
{
	for (; t->summed < count; t->summed++)
		mpfr_init2(t->kept[t->summed].sum, BITS);
	for (size_t k = 0; k < count; k++) {
		mpfr_set_zero(t->kept[k].sum, 1);
		t->kept[k].marks &= ~(unsigned)TRUTH_KINK;
	}
}

/* Sums times 2^shift; rounding is 2^-256 of the value's size, times that. */
static void hand_out(struct truth *t, int shift, size_t count, struct truth_value *out)
{
	for (size_t k = 0; k < count; k++) {
		struct kept *kept = &t->kept[k];
		mpfr_mul_2si(kept->sum, kept->sum, shift, MPFR_RNDN);
		out[k] = (struct truth_value){mpfr_get_ld(kept->sum, MPFR_RNDN), isfinite(kept->size) ? 0x1p-100 * kept->size : 0,
		                              kept->marks | TRUTH_ROUNDED};
	}
}

static bool is_still(const struct truth *t, const struct truth_point *direction)
{
	return !direction->y && !direction->p && !direction->seed && !oj_exact_met_time(t->exact);
}

static ojit_status slopes(struct truth *t, const struct truth_point *point, const struct truth_point *direction,
                          size_t count, struct truth_value *out, struct oj_error *error)
{
	double h = ldexp(1, -STEP);
	if (is_still(t, direction)) {
		memset(out, 0, count * sizeof *out);
		return OJIT_OK;
	}
	begin_sums(t, count);
	for (int side = 1; side >= -1; side -= 2) {
		struct place place = {point, {direction}, {side * h}};
		if (add_values(t, &place, side < 0, count) != OJIT_OK)
			return oj_fail_memory(error);
	}
	oj_exact_forget(t->exact);
	hand_out(t, STEP - 1, count, out);
	return OJIT_OK;
}

static ojit_status bends(struct truth *t, const struct truth_point *point, const struct truth_point *a,
                         const struct truth_point *b, size_t count, struct truth_value *out, struct oj_error *error)
{
	double h = ldexp(1, -BEND);
	begin_sums(t, count);
	for (int corner = 0; corner < 4; corner++) {
		struct place place = {point, {a, b}, {corner & 1 ? -h : h, corner & 2 ? -h : h}};
		if (add_values(t, &place, corner == 1 || corner == 2, count) != OJIT_OK)
			return oj_fail_memory(error);
	}
	oj_exact_forget(t->exact);
	hand_out(t, 2 * BEND - 2, count, out);
	return OJIT_OK;
}

static void sample(struct truth *t, double part, uint64_t seed, double most)
{
	t->part = part;
	t->seed = seed;
	t->most = most;
}

static double work(const struct truth *t)
{
	return t->work;
}

static double whole(const struct truth *t)
{
	return t->whole;
}

static const struct truth_table table = {TRUTH_VERSION, open_truth, close_truth, values, slopes, bends, sample, work, whole};

OJIT_API const unsigned *ojit_mpfr_truth(void);
const unsigned *ojit_mpfr_truth(void)
{
	return &table.version;
}
