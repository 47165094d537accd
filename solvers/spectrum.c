/* See spectrum.h.  A change of scale is a similarity, which leaves eigenvalues as they are; but in
 * scale small states weigh as much as large ones, and a few rounds are enough.  The size of an eigenvalue is the root of
 * what two products make of a vector: where positions have velocities, each of them alone says the square of it or 1. */
#include "solvers/spectrum.h"

#include <math.h>
#include <string.h>

/* Of two products each: at least, and, while the radius still changes by a part, at most. */
enum { ROUNDS = 3, MOST_ROUNDS = 20 };
#define SETTLED 0.03

void oj_spectrum_lay_out(struct spectrum *s, int64_t n, double *memory)
{
	*s = (struct spectrum){.n = n, .vector = memory, .once = memory + n, .twice = memory + 2 * n};
	oj_spectrum_forget(s);
}

void oj_spectrum_forget(struct spectrum *s)
{
	memset(s->vector, 0, (size_t)s->n * sizeof *s->vector);
	s->radius = 0;
	s->cosine = 1;
}

static double scale(const struct tolerance *tolerance, const double *y, int64_t i)
{
	return tolerance->atol[i] + tolerance->rtol * fabs(y[i]);
}

static double inner_product(const struct spectrum *s, const double *v, const double *w, const double *y,
                            const struct tolerance *tolerance)
{
	double sum = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double unit = scale(tolerance, y, i);
		sum += unit > 0 ? v[i] / unit * (w[i] / unit) : 0;
	}
	return sum;
}

/* A direction that no eigenvector of a sensible matrix is at a right angle to, each state in its scale. */
static void any_direction(struct spectrum *s, const double *y, const struct tolerance *tolerance)
{
	for (int64_t i = 0; i < s->n; i++)
		s->vector[i] = (1 + (double)(i * 7919 % 101) / 101) * scale(tolerance, y, i);
}

static void multiply(const struct matrix *matrix, int64_t n, double factor, const double *v, double *product)
{
	const struct pattern *p = matrix->pattern;
	for (int64_t i = 0; i < n; i++)
		product[i] = 0;
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			product[p->row[k]] += matrix->values[k] * (factor * v[j]);
}

/* The size of v; a new direction where it has none. */
static double begin(struct spectrum *s, const double *y, const struct tolerance *tolerance)
{
	double squared = inner_product(s, s->vector, s->vector, y, tolerance);
	if (!(squared > 0) || !isfinite(squared)) {
		any_direction(s, y, tolerance);
		squared = inner_product(s, s->vector, s->vector, y, tolerance);
	}
	return sqrt(squared);
}

/* Two products more; the size of what they make of the vector. */
static double turn(struct spectrum *s, double size, const struct matrix *matrix, const double *y,
                   const struct tolerance *tolerance)
{
	multiply(matrix, s->n, 1 / size, s->vector, s->once);
	multiply(matrix, s->n, 1, s->once, s->twice);
	double after = sqrt(inner_product(s, s->twice, s->twice, y, tolerance));
	double cosine = inner_product(s, s->vector, s->twice, y, tolerance) / size / after;
	s->radius = sqrt(after);
	s->cosine = isfinite(cosine) ? cosine : 1;
	double *spare = s->vector;
	s->vector = s->twice;
	s->twice = spare;
	return after;
}

void oj_spectrum_see(struct spectrum *s, const struct matrix *matrix, const double *y, const struct tolerance *tolerance)
{
	double size = begin(s, y, tolerance), before = 0;
	s->radius = 0;
	s->cosine = 1;
	for (int round = 0; round < MOST_ROUNDS && size > 0 && isfinite(size); round++) {
		size = turn(s, size, matrix, y, tolerance);
		if (round + 1 >= ROUNDS && fabs(s->radius - before) <= SETTLED * s->radius)
			break;
		before = s->radius;
	}
}

/* What two products by differences of f make of a direction, without a matrix: f at points a tolerance away. */
double oj_spectrum_glance(struct spectrum *s, struct rhs *f, double t, const double *y, const double *f0,
                          const struct tolerance *tolerance)
{
	double radius = 1;
	any_direction(s, y, tolerance);
	for (int product = 0; product < 2; product++) {
		double size = sqrt(inner_product(s, s->vector, s->vector, y, tolerance)), factor = product ? 1 / size : 1;
		if (!(size > 0) || !isfinite(size))
			return 0;
		for (int64_t i = 0; i < s->n; i++) {
			s->vector[i] *= factor;
			s->once[i] = y[i] + s->vector[i];
		}
		double before = product ? 1 : size;
		rhs_eval(f, t, s->once, s->twice);
		for (int64_t i = 0; i < s->n; i++)
			s->vector[i] = s->twice[i] - f0[i];
		radius *= sqrt(inner_product(s, s->vector, s->vector, y, tolerance)) / before;
	}
	memset(s->vector, 0, (size_t)s->n * sizeof *s->vector);
	return isfinite(radius) ? sqrt(radius) : 0;
}
