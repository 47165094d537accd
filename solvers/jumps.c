/* See jumps.h. */
#include "solvers/jumps.h"

#include <float.h>
#include <math.h>

void oj_jump_ends_step(struct loop *l)
{
	const struct crossings *c = &l->crossings;
	for (int k = 0; k < c->count; k++)
		if (l->step.t1 == c->next[k].before && (c->next[k].after - l->t1) * l->direction >= 0)
			l->step.t1 = l->t1;
}

bool oj_minds_jumps(const struct loop *l)
{
	return l->crossings.kernel && l->tolerance && l->f->n > 0;
}

bool oj_goes_over_jump(struct loop *l)
{
	struct crossings *c = &l->crossings;
	if (!oj_minds_jumps(l))
		return false;
	double *y = l->probe + 2 * l->f->n;
	for (int k = 0; k < c->count && (c->next[k].before - l->step.t1) * l->direction < 0; k++) {
		if ((c->next[k].before - l->step.t0) * l->direction <= 0)
			continue;
		l->stepper->interpolate(l->state, &l->step, c->next[k].before, y);
		c->next[k].matters = oj_crossing_matters(&c->next[k], l->f, l->tolerance, y, fabs(l->step.h), l->probe);
		if (c->next[k].matters)
			return true;
	}
	return false;
}

/* A step is cut in two where its target is less than two of them away, so it has to be known what comes in
 * that. */
#define AHEAD 16.0 /* steps are looked at at once */
#define AT_LEAST 2.1

enum { ROUNDS = 64 }; /* of looking on */

/* The first jump until `to` that matters with the states here. */
static const struct crossing *find_mattering(struct loop *l, double to)
{
	struct crossings *c = &l->crossings;
	for (int k = 0; k < c->count && (c->next[k].before - to) * l->direction <= 0; k++) {
		struct crossing *next = &c->next[k];
		next->matters = next->matters
			|| oj_crossing_matters(next, l->f, l->tolerance, oj_loop_states(l), l->h, l->probe);
		if (next->matters)
			return next;
	}
	return NULL;
}

double oj_foresee_jump(struct loop *l, double target)
{
	struct crossings *c = &l->crossings;
	double least = l->t + l->direction * AT_LEAST * l->h, far = l->t + l->direction * AHEAD * l->h;
	const struct crossing *mattering = NULL;
	if ((least - l->t1) * l->direction > 0)
		least = l->t1;
	if ((far - l->t1) * l->direction > 0)
		far = l->t1;
	if (c->without)
		oj_crossings_begin(c, l->t);
	oj_crossings_forget(c, l->t, l->direction);
	for (int round = 0; round < ROUNDS; round++) {
		mattering = find_mattering(l, least);
		if (mattering || (c->known - least) * l->direction >= 0)
			break;
		if (c->count == CROSSINGS_AHEAD)
			oj_crossings_leave_out(c, l->f);
		if (!oj_crossings_find(c, l->f, far))
			break;
	}
	double end = mattering ? mattering->before : (c->known - least) * l->direction < 0 ? c->known : target;
	return (end - target) * l->direction < 0 ? end : target;
}

bool oj_stands_before_jump(const struct loop *l)
{
	const struct crossing *next = l->crossings.next;
	double left = fabs((next->before - l->t) - l->low);
	return l->crossings.count > 0 && next->matters && left <= DBL_EPSILON * fabs(l->t) + DBL_MIN;
}
