/* See curve.h. */
#include "bench/work/curve.h"

#include <math.h>
#include <stddef.h>

double curve_error(const double *rows, const double *reference, int count, int n)
{
	double worst = 0;
	for (int k = 0; k < count; k++, rows += n, reference += n) {
		double largest = 0;
		for (int i = 0; i < n; i++)
			largest = fmax(largest, fabs(reference[i]));
		for (int i = 0; i < n; i++) {
			double error = fabs(rows[i] - reference[i]) / fmax(fabs(reference[i]), 1e-3 * largest);
			if (!isfinite(error))
				return INFINITY;
			worst = fmax(worst, error);
		}
	}
	return worst;
}

double curve_seconds(const struct curve *curve, double error)
{
	double least = INFINITY;
	for (int k = 0; k < curve->count; k++) {
		const struct point *p = &curve->points[k], *q = p + 1;
		if (p->error <= error)
			least = fmin(least, p->seconds);
		if (k + 1 == curve->count || p->error <= error || !(q->error < error) || !(q->error > 0))
			continue;
		double part = log(p->error / error) / log(p->error / q->error);
		least = fmin(least, p->seconds * pow(q->seconds / p->seconds, part));
	}
	return least;
}

const struct curve *curve_best(const struct curve *curves, int count, enum side side, double error)
{
	const struct curve *best = NULL;
	double least = INFINITY;
	for (int k = 0; k < count; k++) {
		double seconds = curves[k].side == side ? curve_seconds(&curves[k], error) : INFINITY;
		if (seconds < least) {
			least = seconds;
			best = &curves[k];
		}
	}
	return best;
}
