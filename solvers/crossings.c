/* See crossings.h. */
#include "solvers/crossings.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Spans that are looked at in one search.  Where that is not enough to come anywhere, nobody can tell. */
enum { SPANS = 1 << 16, DEPTH = 256 };
#define ANYWHERE 1e-3
#define MATTERS 0.01 /* of the tolerance */
/* What is next to one another: in roundings, and twice as far for each one that was so.  Where that goes on
 * for a part of what is looked at, it is rounding's and not the model's. */
#define HAIR 4.0
#define CLOSE 1024.0
#define NOISE 1e-6
/* So many that matter in so many roundings are of a condition that is nothing but rounding. */
enum { FLICKERS = 64 };
#define FLICKER 1e6

void oj_crossings_begin(struct crossings *c, double t)
{
	c->known = t;
	c->count = 0;
	c->from = c->to = t;
	c->crowded = 0;
	c->last = t;
	c->width = 0;
	c->without = false;
	c->mode = SWITCHES_ALL;
}

static bool is_within(const struct crossings *c, const double *span)
{
	return c->from < c->to && c->from <= span[0] && span[1] <= c->to;
}

static enum switching look(struct crossings *c, const struct rhs *f, double a, double b)
{
	const double span[] = {fmin(a, b), fmax(a, b)};
	bool within = is_within(c, span);
	struct kernel_args args = {.t = span, .p = f->args.p, .d = f->args.d, .z = f->args.z, .scratch = c->scratch,
	                           .index = within, .mode = c->mode};
	double answer[3] = {0};
	oj_kernel_bind(c->kernel, &args);
	args.out = answer;
	c->kernel->run(&args);
	c->mode = SWITCHES_SAME;
	c->which = (int)answer[2];
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

/* The first until `to`, if any; *at: until where there is none.  Where a function touches a
 * bound, or is near one, nobody can tell for many times in a row, and mostly nothing jumps between them: so after
 * two neighbours of that kind, spans are passed over as long as they are short, twice as long each time, until
 * one is clear, or something is another at its end. */
static bool search(struct crossings *c, const struct rhs *f, double to, double *at, struct crossing *found)
{
	double ends[DEPTH] = {to}, from = *at, blurred = 0;
	int depth = 0, spans = 0;
	for (; depth >= 0 && spans < SPANS; spans++) {
		double end = ends[depth], length = fabs(end - from);
		enum switching answer = length > 0 ? look(c, f, from, end) : SWITCHING_NONE;
		bool near = nextafter(from, end) == end;
		if (answer == SWITCHING_NONE || (answer == SWITCHING_MAY && (near || length <= blurred))) {
			blurred = answer == SWITCHING_MAY ? 2 * fmax(blurred, length) : length > blurred ? 0 : blurred;
			from = end;
			depth--;
		} else if (near) {
			*found = (struct crossing){.before = from, .after = end, .which = c->which};
			return true;
		} else if (depth + 1 < DEPTH) {
			ends[++depth] = middle(from, end);
		} else {
			break;
		}
	}
	bool stuck = depth >= 0 && fabs(from - *at) <= ANYWHERE * fabs(to - *at);
	*at = depth < 0 || stuck ? to : from;
	return false;
}

static double least_distance(double t)
{
	return DBL_EPSILON * fabs(t) + DBL_TRUE_MIN;
}

/* Those next to it are one with it; false: they go on and on. */
static bool join(struct crossings *c, const struct rhs *f, double to, double window, struct crossing *found)
{
	double direction = to < found->before ? -1 : 1, most = NOISE * fmax(window, 1e-3 * fabs(found->before));
	struct crossing more;
	double close = fmax(CLOSE * least_distance(found->before), 8 * c->width);
	c->crowded = fabs(found->before - c->last) <= close ? c->crowded + 1 : 0;
	for (double width = ldexp(HAIR * least_distance(found->after), c->crowded > 100 ? 100 : c->crowded);; width *= 2) {
		double at = found->after, end = at + direction * width;
		if ((end - to) * direction > 0 || fabs(found->after - found->before) > most)
			break;
		if (!search(c, f, end, &at, &more))
			break;
		found->after = more.after;
	}
	c->last = found->after;
	c->width = fabs(found->after - found->before);
	return fabs(found->after - found->before) <= fmax(most, least_distance(found->before));
}

void oj_crossings_forget(struct crossings *c, double t, double direction)
{
	while (c->count > 0 && (c->next[0].after - t) * direction <= 0)
		oj_crossings_pass(c);
	if ((c->known - t) * direction < 0)
		c->known = t;
}

static void leave_out_one(struct crossings *c, const struct rhs *f, int which)
{
	c->mode = SWITCHES_WITHOUT + (uint64_t)which;
	look(c, f, c->known, nextafter(c->known, HUGE_VAL));
	c->without = true;
}

bool oj_crossings_find(struct crossings *c, const struct rhs *f, double to)
{
	double begin = c->known, window = fabs(to - begin);
	struct crossing found;
	if (!search(c, f, to, &c->known, &found))
		return c->known != begin;
	if (!join(c, f, to, window, &found)) {
		leave_out_one(c, f, found.which);
		c->known = found.before;
		return true;
	}
	c->next[c->count++] = found;
	c->known = found.after;
	return true;
}

bool oj_crossing_matters(const struct crossing *crossing, struct rhs *f, const struct tolerance *tolerance,
                         const double *y, double h, double *work)
{
	double *before = work, *after = work + f->n;
	rhs_eval(f, crossing->before, y, before);
	rhs_eval(f, crossing->after, y, after);
	for (int64_t i = 0; i < f->n; i++)
		if (!(fabs(after[i] - before[i]) * h <= MATTERS * (tolerance->atol[i] + tolerance->rtol * fabs(y[i]))))
			return true;
	return false;
}

void oj_crossings_leave_out(struct crossings *c, const struct rhs *f)
{
	for (int k = 0; k < c->count; k++)
		leave_out_one(c, f, c->next[k].which);
	c->count /= 2;
}

void oj_crossings_cross(struct crossings *c, double t)
{
	if (c->crossed == 0 || fabs(t - c->mark) > FLICKER * least_distance(t) + DBL_MIN) {
		c->crossed = 0;
		c->mark = t;
	}
	if (++c->crossed > FLICKERS)
		c->kernel = NULL;
}

void oj_crossings_pass(struct crossings *c)
{
	c->count--;
	memmove(c->next, c->next + 1, (size_t)c->count * sizeof *c->next);
}
