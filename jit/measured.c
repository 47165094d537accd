/* What programs compute in MPFR at the point that is looked at.  See checker.h.
 *
 * Who asks says how many additions an evaluation may take.  Where it takes more, loops that
 * put out leave out as many turns as it needs, others at every point; and where that does
 * not help, because the work is in what those loops read, nothing is computed until
 * something seems wrong. */
#include "jit/checker.h"

#include <math.h>

ojit_status oj_measured_open(struct ojit_check *c, struct measured *m, const struct program *program,
                             const struct program *prepare, size_t count)
{
	m->count = count;
	m->values = ARENA_ZEROED(&c->arena, struct truth_value, count + 1);
	if (!m->values)
		return oj_fail_memory(&c->error);
	return program ? c->table->open(program, prepare, &m->truth, &c->error) : OJIT_OK;
}

void oj_measured_close(struct ojit_check *c, struct measured *m)
{
	if (c->table)
		c->table->close(m->truth);
	m->truth = NULL;
}

void oj_measured_forget(struct measured *m)
{
	m->is_known = m->is_whole = false;
	m->is_reached = 0;
}

static struct truth_point point_of(const struct ojit_check *c, const struct measured *m)
{
	struct truth_point point = c->point;
	point.seed = m->seed;
	point.seeds = m->seeds;
	return point;
}

static ojit_status evaluate(struct ojit_check *c, struct measured *m, double part, double most)
{
	struct truth_point point = point_of(c, m);
	double before = c->table->work(m->truth);
	c->table->sample(m->truth, part, (uint64_t)(oj_check_draw(c, DRAW_SAMPLE, 0) * 0x1p32), most);
	TRY(c->table->values(m->truth, &point, m->count, m->values, &c->error));
	c->work += c->table->work(m->truth) - before;
	m->is_known = true;
	m->is_whole = part == 1;
	return OJIT_OK;
}

/* How much can be looked at: from the ends of all loops that put out. */
static ojit_status probe(struct ojit_check *c, struct measured *m, double limit)
{
	const double ends = 1e-12;
	TRY(evaluate(c, m, ends, limit));
	double whole = c->table->whole(m->truth);
	m->part = whole <= limit ? 1 : isfinite(whole) ? fmax(limit / whole, ends) : -1;
	return OJIT_OK;
}

static void skip_all(struct measured *m)
{
	for (size_t k = 0; k < m->count; k++)
		m->values[k].marks = TRUTH_SKIPPED;
	m->is_known = false;
}

ojit_status oj_measured_values(struct ojit_check *c, struct measured *m, double limit, const double *seed, size_t seeds)
{
	m->seed = seed;
	m->seeds = seeds;
	if (!m->truth) {
		m->is_whole = true;
		return OJIT_OK;
	}
	if (m->part == 0)
		TRY(probe(c, m, limit));
	if (m->part > 0)
		return evaluate(c, m, m->part, INFINITY);
	skip_all(m);
	return OJIT_OK;
}

ojit_status oj_measured_wholly(struct ojit_check *c, struct measured *m)
{
	return m->truth && !m->is_whole ? evaluate(c, m, 1, INFINITY) : OJIT_OK;
}

/* Without values there are no differences; kernels are held to each other then. */
static bool is_left_out(const struct measured *m, struct truth_value *out)
{
	for (size_t k = 0; m->truth && !m->is_known && k < m->count; k++)
		out[k].marks = TRUTH_SKIPPED;
	return !m->truth || !m->is_known;
}

ojit_status oj_measured_slopes(struct ojit_check *c, struct measured *m, const struct truth_point *direction,
                               struct truth_value *out)
{
	struct truth_point point = point_of(c, m);
	if (is_left_out(m, out))
		return OJIT_OK;
	double before = c->table->work(m->truth);
	TRY(c->table->slopes(m->truth, &point, direction, m->count, out, &c->error));
	c->work += c->table->work(m->truth) - before;
	return OJIT_OK;
}

ojit_status oj_measured_bends(struct ojit_check *c, struct measured *m, const struct truth_point *a,
                              const struct truth_point *b, struct truth_value *out)
{
	struct truth_point point = point_of(c, m);
	if (is_left_out(m, out))
		return OJIT_OK;
	double before = c->table->work(m->truth);
	TRY(c->table->bends(m->truth, &point, a, b, m->count, out, &c->error));
	c->work += c->table->work(m->truth) - before;
	return OJIT_OK;
}

static void step(double *to, const double *at, const double *along, size_t count)
{
	for (size_t k = 0; k < count; k++)
		to[k] = at[k] + (along ? along[k] : 0);
}

ojit_status oj_measured_sizes(struct ojit_check *c, struct measured *m, const struct truth_point *along, double *sizes)
{
	struct truth_point here = c->point;
	TRY(oj_measured_wholly(c, m));
	step(c->away, c->y, along->y, c->states);
	step(c->away + c->states, c->p, along->p, c->parameters);
	c->point.t += along->t;
	c->point.y = c->away;
	c->point.p = c->away + c->states;
	ojit_status status = evaluate(c, m, 1, INFINITY);
	c->point = here;
	TRY(status);
	for (size_t k = 0; k < m->count; k++)
		sizes[k] = isfinite(m->values[k].size) ? m->values[k].size : 0;
	return evaluate(c, m, 1, INFINITY); /* what differences are taken of */
}

struct truth_point oj_check_along(const struct ojit_check *c, unsigned by)
{
	struct truth_point point = {.states = c->states, .parameters = c->parameters};
	point.y = by & OJIT_BY_STATES ? c->direction : NULL;
	point.p = by & OJIT_BY_PARAMETERS && c->parameters ? c->direction + c->states : NULL;
	point.t = by & OJIT_BY_TIME ? c->direction[c->inputs - 1] : 0;
	return point;
}

ojit_status oj_measured_reach(struct ojit_check *c, struct measured *m, unsigned by, size_t k, struct reach *reach)
{
	*reach = (struct reach){0};
	if (!m->truth || !m->is_known)
		return OJIT_OK;
	if (!(m->is_reached >> by & 1)) {
		struct truth_point along = oj_check_along(c, by);
		if (!m->reach[by] && !(m->reach[by] = ARENA_NEW(&c->arena, double, m->count + 1)))
			return oj_fail_memory(&c->error);
		TRY(oj_measured_sizes(c, m, &along, m->reach[by]));
		m->is_reached |= 1u << by;
	}
	double size = m->values[k].size;
	reach->change = isfinite(size) ? fabs(m->reach[by][k] - size) : 0;
	reach->bend = m->reach[by][k];
	return OJIT_OK;
}

/* ---------------------------------------------------------------- subjects */

ojit_status oj_subject_measure(struct ojit_check *c, struct subject *s)
{
	const double limit = 2e5; /* additions: 10 ms */
	const double most = 2e6;  /* operations: a second for all slopes */
	if (!s->rows)
		return OJIT_OK;
	TRY(oj_measured_values(c, &s->measured, limit, NULL, 0));
	if (!s->measured.is_known && s->effort <= most) /* for there is no other truth */
		TRY(oj_measured_wholly(c, &s->measured));
	for (int k = 0; k < SLOPES; k++) {
		struct truth_point direction = oj_check_along(c, 1u << k);
		TRY(oj_measured_slopes(c, &s->measured, &direction, s->slopes[k]));
	}
	return OJIT_OK;
}

struct truth_value oj_subject_slope(const struct subject *s, size_t row, unsigned by)
{
	struct truth_value sum = {0};
	for (int k = 0; k < SLOPES; k++)
		if (by >> k & 1) {
			sum.value += s->slopes[k][row].value;
			sum.size += s->slopes[k][row].size;
			sum.marks |= s->slopes[k][row].marks;
		}
	return sum;
}
