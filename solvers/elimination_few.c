/* See elimination_few.h. */
#include "solvers/elimination_few.h"

#include "solvers/complexes.h"

#define INLINE inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 4")

/* sum - a b */
static INLINE void take(double *sum, const double *a, const double *b)
{
	complex_take(sum, a[0], a[1], b);
}

static INLINE void multiply(const double *a, const double *b, double *out)
{
	double re = a[0] * b[0] - a[1] * b[1], im = a[0] * b[1] + a[1] * b[0];
	out[0] = re;
	out[1] = im;
}

static INLINE double larger(double a, double b)
{
	return b <= a ? a : b; /* a NaN gets into a pivot sooner or later */
}

static INLINE bool factor_real(const int n, double *a)
{
	double growth = 0, last = 0;
	UNROLLED
	for (int k = 0; k < n; k++) {
		const double *u = a + k * n;
		double inverse = a[k * n + k] = 1 / u[k];
		UNROLLED
		for (int i = k + 1; i < n; i++) {
			double *row = a + i * n, l = row[k] *= inverse;
			growth = larger(growth, fabs(l));
			UNROLLED
			for (int j = k + 1; j < n; j++)
				row[j] -= l * u[j];
		}
		last += inverse - inverse; /* NaN: it is not finite */
	}
	return growth <= MOST_GROWTH && last == 0;
}

static INLINE bool factor_complex(const int n, double *a)
{
	double growth = 0, last = 0;
	UNROLLED
	for (int k = 0; k < n; k++) {
		double *u = a + 2 * k * n, *inverse = u + 2 * k;
		complex_invert(inverse, inverse);
		UNROLLED
		for (int i = k + 1; i < n; i++) {
			double *row = a + 2 * i * n, *l = row + 2 * k;
			multiply(l, inverse, l);
			growth = larger(growth, complex_size(l));
			UNROLLED
			for (int j = k + 1; j < n; j++)
				take(row + 2 * j, l, u + 2 * j);
		}
		last += (inverse[0] - inverse[0]) + (inverse[1] - inverse[1]);
	}
	return growth <= MOST_GROWTH && last == 0;
}

static INLINE void solve_real(const int n, const double *a, const struct place *places, double *x)
{
	double w[ELIMINATION_FEW];
	UNROLLED
	for (int k = 0; k < n; k++)
		w[k] = x[places[k].row];
	UNROLLED
	for (int k = 1; k < n; k++)
		UNROLLED
		for (int j = 0; j < k; j++)
			w[k] -= a[k * n + j] * w[j];
	UNROLLED
	for (int k = n - 1; k >= 0; k--) {
		UNROLLED
		for (int j = k + 1; j < n; j++)
			w[k] -= a[k * n + j] * w[j];
		x[places[k].column] = w[k] *= a[k * n + k];
	}
}

static INLINE void solve_complex(const int n, const double *a, const struct place *places, double *x)
{
	double w[2 * ELIMINATION_FEW];
	UNROLLED
	for (int k = 0; k < n; k++) {
		w[2 * k] = x[2 * places[k].row];
		w[2 * k + 1] = x[2 * places[k].row + 1];
	}
	UNROLLED
	for (int k = 1; k < n; k++)
		UNROLLED
		for (int j = 0; j < k; j++)
			take(w + 2 * k, a + 2 * (k * n + j), w + 2 * j);
	UNROLLED
	for (int k = n - 1; k >= 0; k--) {
		UNROLLED
		for (int j = k + 1; j < n; j++)
			take(w + 2 * k, a + 2 * (k * n + j), w + 2 * j);
		multiply(w + 2 * k, a + 2 * (k * n + k), w + 2 * k);
		x[2 * places[k].column] = w[2 * k];
		x[2 * places[k].column + 1] = w[2 * k + 1];
	}
}

#define FEW(n) \
	static bool factor_real_##n(double *a) \
	{ \
		return factor_real(n, a); \
	} \
	static bool factor_complex_##n(double *a) \
	{ \
		return factor_complex(n, a); \
	} \
	static void solve_real_##n(const double *a, const struct place *places, double *x) \
	{ \
		solve_real(n, a, places, x); \
	} \
	static void solve_complex_##n(const double *a, const struct place *places, double *x) \
	{ \
		solve_complex(n, a, places, x); \
	}
FEW(1)
FEW(2)
FEW(3)
FEW(4)
#undef FEW

const struct few_rows *oj_few_rows(int n)
{
#define FEW(n) {{factor_real_##n, factor_complex_##n}, {solve_real_##n, solve_complex_##n}}
	static const struct few_rows rows[ELIMINATION_FEW] = {FEW(1), FEW(2), FEW(3), FEW(4)};
#undef FEW
	return &rows[n - 1];
}
