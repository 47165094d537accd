/* Complex numbers as pairs of doubles. */
#ifndef OJ_COMPLEXES_H
#define OJ_COMPLEXES_H

#include <math.h>

/* |re| + |im| */
static inline double complex_size(const double *z)
{
	return fabs(z[0]) + fabs(z[1]);
}

/* a - (re, im) c */
static inline void complex_take(double *a, double re, double im, const double *c)
{
	a[0] -= re * c[0] - im * c[1];
	a[1] -= re * c[1] + im * c[0];
}

/* Squares of numbers between these are taken as they are. */
#define COMPLEX_LEAST 1e-290
#define COMPLEX_MOST 1e290

/* 1/z; not finite for 0.  Squares that would overflow, or vanish, are taken of scaled numbers. */
static inline void complex_invert(const double *z, double *inverse)
{
	double re = z[0], im = z[1], square = re * re + im * im, size = 1;
	if (!(square > COMPLEX_LEAST && square < COMPLEX_MOST)) {
		size = fmax(fabs(re), fabs(im));
		re /= size;
		im /= size;
		square = (re * re + im * im) * size;
	}
	double scale = 1 / square;
	inverse[0] = re * scale;
	inverse[1] = -im * scale;
}

#endif
