/* See crossings.h. */
#include "solvers/crossings.h"

#include <float.h>
#include <math.h>

/* Spans that are looked at in one search.  Where that is not enough, as where thousands of jumps lie in a
 * step, or where nobody can tell, steps have to do without. */
enum { SPANS = 4096, DEPTH = 256 };
/* What may be spent, in counted operations: a look takes some 50 ns for each.  Where thousands of states have
 * jumps of their own, steps have to do without as well. */
#define AT_FIRST 3e7
#define A_STEP 5e4
#define MATTERS 0.01 /* of the tolerance */
/* So many in a row, so close for what was looked at or in roundings, are rounding's and not the model's. */
enum { CROWD = 16 };
#define CROWDED 1e-12
#define HAIR 64.0

void oj_crossings_begin(struct crossings *c, double t)
{
	c->known = t;
	c->found = false;
	c->from = c->to = t;
}

static bool is_within(const struct crossings *c, const double *span)
{
	return c->from < c->to && c->from <= span[0] && span[1] <= c->to;
}

/* A look within the span of the one before takes less time. */
#define WITHIN 0.05

static enum switching look(struct crossings *c, const struct rhs *f, double a, double b)
{
	const double span[] = {fmin(a, b), fmax(a, b)};
	bool within = is_within(c, span);
	struct kernel_args args = {.t = span, .p = f->args.p, .d = f->args.d, .z = f->args.z, .scratch = c->scratch,
	                           .index = within};
	double answer[2] = {0};
	oj_kernel_bind(c->kernel, &args);
	args.out = answer;
	c->kernel->run(&args);
	c->spent += within ? WITHIN * c->effort : c->effort;
	if (!within) {
		c->from = span[0];
		c->to = answer[1] != 0 ? span[0] : span[1];
	}
	return (enum switching)answer[0];
}

/* Half way; by orders of magnitude where the two differ by some. */
static double middle(double a, double b)
{
	double least = fmin(fabs(a), fabs(b)), most = fmax(fabs(a), fabs(b));
	if (a != 0 && b != 0 && signbit(a) != signbit(b))
		return 0;
	if (least > most / 4 || most < DBL_MIN / DBL_EPSILON)
		return a + (b - a) / 2;
	return copysign(least == 0 ? most * DBL_EPSILON : sqrt(least) * sqrt(most), a == 0 ? b : a);
}

/* The first from what is known on, if any, is found; else it is known until `to`.  Where a function touches a
 * bound, or is near one, nobody can tell for many times in a row, and mostly nothing jumps between them: so after
 * two neighbours of that kind, spans are passed over as long as they are short, twice as long each time, until
 * one is clear, or something is another at its end. */
static void search(struct crossings *c, const struct rhs *f, double to, double affordable)
{
	double ends[DEPTH] = {to}, from = c->known, blurred = 0;
	int depth = 0;
	for (int spans = 0; depth >= 0 && spans < SPANS && c->spent < affordable; spans++) {
		double end = ends[depth], length = fabs(end - from);
		enum switching answer = length > 0 ? look(c, f, from, end) : SWITCHING_NONE;
		bool near = nextafter(from, end) == end;
		if (answer == SWITCHING_NONE || (answer == SWITCHING_MAY && (near || length <= blurred))) {
			blurred = answer == SWITCHING_MAY ? 2 * fmax(blurred, length) : length > blurred ? 0 : blurred;
			from = end;
			depth--;
		} else if (near) {
			c->found = true;
			c->before = from;
			c->after = end;
			return;
		} else if (depth + 1 < DEPTH) {
			ends[++depth] = middle(from, end);
		} else {
			break;
		}
	}
	c->known = to;
}

/* Would f on the one side for f on the other change a state in a step of length h? */
static bool matters(const struct crossings *c, struct rhs *f, const struct tolerance *tolerance, const double *y,
                    double h, double *work)
{
	double *before = work, *after = work + f->n;
	rhs_eval(f, c->before, y, before);
	rhs_eval(f, c->after, y, after);
	for (int64_t i = 0; i < f->n; i++)
		if (!(fabs(after[i] - before[i]) * h <= MATTERS * (tolerance->atol[i] + tolerance->rtol * fabs(y[i]))))
			return true;
	return false;
}

void oj_crossings_find(struct crossings *c, struct rhs *f, const struct tolerance *tolerance, const double *y, double h,
                       double to, uint64_t steps, double *work)
{
	double direction = to < c->known ? -1 : 1, affordable = AT_FIRST + A_STEP * (double)steps;
	int idle = 0;
	c->ahead = fabs(to - c->known);
	while (c->kernel && !c->found && (to - c->known) * direction > 0) {
		search(c, f, to, affordable);
		if (!c->found || matters(c, f, tolerance, y, h, work))
			return;
		c->found = false;
		c->known = ++idle < CROWD ? c->after : to;
	}
}

void oj_crossings_pass(struct crossings *c)
{
	double close = fmax(CROWDED * c->ahead, HAIR * DBL_EPSILON * fabs(c->before));
	c->crowded = fabs(c->before - c->known) <= close ? c->crowded + 1 : 0;
	if (c->crowded > CROWD)
		c->kernel = NULL;
	c->known = c->after;
	c->found = false;
}
