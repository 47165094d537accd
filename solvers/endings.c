/* See endings.h. */
#include "solvers/endings.h"

#include "solvers/implicit.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

int64_t oj_most_sunk(const struct loop *l, const double *y)
{
	int64_t sunk = -1;
	double depth = 0;
	for (int64_t i = 0; l->tolerance && i < l->f->n; i++)
		if (y[i] < -l->tolerance->atol[i] && y[i] < depth) {
			sunk = i;
			depth = y[i];
		}
	return sunk;
}

void oj_end_at_start(struct loop *l)
{
	const double *y, *f0;
	double *scratch, *y1;
	bool finite;
	l->stepper->look(l->state, &y, &f0, &scratch, &y1);
	l->ending.at_start = true;
	l->ending.state = oj_first_nonfinite(l->f->n, y);
	l->ending.derivative = l->ending.state < 0;
	if (l->ending.derivative)
		l->ending.state = oj_first_nonfinite(l->f->n, f0);
	l->ending.series = l->ending.state < 0;
	if (l->ending.series) {
		memcpy(y1, y, (size_t)l->f->n * sizeof *y);
		const struct step none = {.t0 = l->t, .t1 = l->t, .y0 = y, .y1 = y1};
		l->ending.state = l->stepper->culprit(l->state, &none, &finite);
	}
	oj_loop_end(l, OJIT_NONFINITE);
}

void oj_end_outgrown(struct loop *l)
{
	l->ending.state = l->limits.culprit;
	oj_loop_end(l, OJIT_OUTGROWN);
}

/* Of equations without finite slopes, factors say nothing. */
static void find_infinite_slopes(struct loop *l)
{
	int64_t row = l->ending.unsolved && l->f->implicit ? oj_jacobian_fault(l->f->implicit) : -1;
	l->ending.slopes = row >= 0;
	if (l->ending.slopes)
		l->ending.state = row;
}

void oj_end_too_small(struct loop *l)
{
	bool finite = true;
	l->ending.h = l->h;
	if (l->step.y1)
		l->ending.state = l->stepper->culprit(l->state, &l->step, &finite);
	l->ending.unsolved = l->nonfinite && finite;
	find_infinite_slopes(l);
	l->ending.negative = l->negative;
	l->ending.outside = l->outside;
	l->ending.sunk = l->above ? oj_most_sunk(l, oj_loop_states(l)) : -1;
	if (l->negative)
		l->ending.state = l->limits.culprit;
	oj_loop_end(l, l->nonfinite && !finite ? OJIT_NONFINITE : OJIT_STEP_TOO_SMALL);
}

void oj_end_nonfinite(struct loop *l)
{
	bool finite = true;
	l->ending.h = fabs(l->step.h);
	l->ending.state = l->stepper->culprit(l->state, &l->step, &finite);
	l->ending.unsolved = finite;
	find_infinite_slopes(l);
	oj_loop_end(l, finite ? OJIT_STEP_TOO_SMALL : OJIT_NONFINITE);
}

void oj_end_max_steps(struct loop *l)
{
	bool finite;
	if (l->tolerance && l->step.y1)
		l->ending.state = l->stepper->culprit(l->state, &l->step, &finite);
	oj_loop_end(l, OJIT_MAX_STEPS);
}

/* The stepper moves on from the last step. */
