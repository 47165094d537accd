/* The table of libojit-mpfr: values and slopes of programs; see jit/truth.h.
 *
 * A slope is (f(x + h v) - f(x - h v)) / 2h with h = 2^-85: of 256 bits, what is left of
 * the third derivative takes 2^-170 and rounding 2^-171, both far below a double. */
#include "jit/mpfr/exact.h"

#include <math.h>

enum { BITS = 256, STEP = BITS / 3 };

struct truth {
	ojit_context *context;
	struct exact *exact;
	struct exact_plan *program, *prepare; /* prepare NULL: there is none */
	int64_t derived;
	double work;
	struct kept {        /* [room] what was put out */
		mpfr_t here, above; /* at x and x + h v */
		double size;
		unsigned marks;
	} *kept;
	size_t room;
};

static void close_truth(struct truth *t)
{
	if (!t)
		return;
	for (size_t k = 0; k < t->room; k++)
		mpfr_clears(t->kept[k].here, t->kept[k].above, (mpfr_ptr)0);
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
	*t = (struct truth){.context = context};
	if (make(t, program, prepare) != OJIT_OK) {
		close_truth(t);
		return oj_fail_memory(error);
	}
	*truth = t;
	return OJIT_OK;
}

/* ---- places ---- */

/* One input: x + h v; h = 0 for a value. */
static void place(struct exact_number *at, double x, double v, double h)
{
	mpfr_t step;
	oj_exact_set(at, x);
	if (h == 0 || v == 0)
		return;
	mpfr_init2(step, BITS);
	mpfr_set_d(step, v, MPFR_RNDN);
	mpfr_mul_d(step, step, h, MPFR_RNDN);
	mpfr_add(at->value, at->value, step, MPFR_RNDN);
	mpfr_clear(step);
}

static void place_all(struct exact *x, enum array_role role, const double *at, const double *along, size_t count, double h)
{
	for (size_t k = 0; k < count; k++)
		place(oj_exact_element(x, role, (int64_t)k), at ? at[k] : 0, along ? along[k] : 0, h);
}

static ojit_status run_at(struct truth *t, const struct truth_point *point, const struct truth_point *along, double h)
{
	static const struct truth_point nowhere = {0};
	const struct truth_point *v = along ? along : &nowhere;
	place(oj_exact_time(t->exact), point->t, v->t, h);
	place_all(t->exact, ROLE_STATE, point->y, v->y, point->states, h);
	place_all(t->exact, ROLE_PARAMETER, point->p, v->p, point->parameters, h);
	place_all(t->exact, ROLE_SEED, point->seed, v->seed, point->seeds, h);
	t->work = 0;
	if (t->prepare) {
		TRY(oj_exact_run(t->exact, t->prepare));
		t->work += oj_exact_work(t->prepare);
	}
	for (int64_t k = 0; k < t->derived; k++) {
		const struct exact_number *from = oj_exact_element(t->exact, ROLE_OUT, k);
		struct exact_number *to = oj_exact_element(t->exact, ROLE_DERIVED, k);
		mpfr_set(to->value, from->value, MPFR_RNDN);
		to->size = from->size;
		to->marks = from->marks;
	}
	TRY(oj_exact_run(t->exact, t->program));
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
	for (; t->room < count; t->room++)
		mpfr_inits2(BITS, fresh[t->room].here, fresh[t->room].above, (mpfr_ptr)0);
	return true;
}

static ojit_status values(struct truth *t, const struct truth_point *point, size_t count, struct truth_value *out,
                          struct oj_error *error)
{
	if (!reserve(t, count) || run_at(t, point, NULL, 0) != OJIT_OK)
		return oj_fail_memory(error);
	for (size_t k = 0; k < count; k++) {
		const struct exact_number *n = oj_exact_element(t->exact, ROLE_OUT, (int64_t)k);
		out[k] = (struct truth_value){mpfr_get_d(n->value, MPFR_RNDN), n->size, n->marks};
		mpfr_set(t->kept[k].here, n->value, MPFR_RNDN);
		t->kept[k].size = n->size;
		t->kept[k].marks = n->marks & (TRUTH_SWITCH | TRUTH_OVERFLOW);
	}
	return OJIT_OK;
}

/* Slopes to both sides, and whether they are the same.  Along a straight line they differ
 * by rounding, which is 2^-256 of the size divided by the step. */
static struct truth_value slope(struct kept *kept, mpfr_srcptr below, mpfr_ptr work)
{
	struct truth_value made = {.marks = kept->marks | TRUTH_ROUNDED};
	mpfr_sub(work, kept->above, below, MPFR_RNDN);
	mpfr_mul_2si(work, work, STEP - 1, MPFR_RNDN);
	made.value = mpfr_get_d(work, MPFR_RNDN);
	made.size = fabs(made.value);
	mpfr_sub(work, kept->here, below, MPFR_RNDN);
	mpfr_mul_2si(work, work, STEP, MPFR_RNDN);
	mpfr_sub(kept->above, kept->above, kept->here, MPFR_RNDN);
	mpfr_mul_2si(kept->above, kept->above, STEP, MPFR_RNDN);
	double right = mpfr_get_d(kept->above, MPFR_RNDN), left = mpfr_get_d(work, MPFR_RNDN);
	mpfr_sub(work, kept->above, work, MPFR_RNDN);
	double apart = fabs(mpfr_get_d(work, MPFR_RNDN));
	if (!(apart <= 0x1p-40 * (fabs(right) + fabs(left)) + 0x1p-150 * kept->size))
		made.marks |= TRUTH_KINK;
	return made;
}

static ojit_status slopes(struct truth *t, const struct truth_point *point, const struct truth_point *direction,
                          size_t count, struct truth_value *out, struct oj_error *error)
{
	mpfr_t work;
	if (run_at(t, point, direction, ldexp(1, -STEP)) != OJIT_OK)
		return oj_fail_memory(error);
	for (size_t k = 0; k < count; k++)
		mpfr_set(t->kept[k].above, oj_exact_element(t->exact, ROLE_OUT, (int64_t)k)->value, MPFR_RNDN);
	if (run_at(t, point, direction, -ldexp(1, -STEP)) != OJIT_OK)
		return oj_fail_memory(error);
	mpfr_init2(work, BITS);
	for (size_t k = 0; k < count; k++)
		out[k] = slope(&t->kept[k], oj_exact_element(t->exact, ROLE_OUT, (int64_t)k)->value, work);
	mpfr_clear(work);
	return OJIT_OK;
}

static double work(const struct truth *t)
{
	return t->work;
}

static const struct truth_table table = {TRUTH_VERSION, open_truth, close_truth, values, slopes, work};

OJIT_API const unsigned *ojit_mpfr_truth(void);
const unsigned *ojit_mpfr_truth(void)
{
	return &table.version;
}
