/* The problems of bench/work as somebody would write them in C: right-hand sides,
 * starts, spans.  The same in bench/models and examples is what ojit is given.
 *
 * Included by C and by C++, so that a compiler may put an equation inside of the
 * loops of a peer; and with REAL_IS_LONG by the reference, which computes in 80 bits
 * with the very same numbers: every constant is a double.
 *
 * B5, C4, D3, E2 are problems of DETEST: T. E. Hull, W. H. Enright, B. M. Fellen,
 * A. E. Sedgwick, Comparing numerical methods for ordinary differential equations,
 * SIAM J. Numer. Anal. 9 (1972) 603-637.  The outer planets, on September 5, 1994, are
 * those of E. Hairer, Ch. Lubich, G. Wanner, Geometric Numerical Integration, I.2.4;
 * the others name their source in examples/. */
#ifndef BENCH_PROBLEMS_H
#define BENCH_PROBLEMS_H

#include <math.h>

#ifdef REAL_IS_LONG
typedef long double real;
#define SQUARE_ROOT sqrtl
#define SINE sinl
#define COSINE cosl
#else
typedef double real;
#define SQUARE_ROOT sqrt
#define SINE sin
#define COSINE cos
#endif

/* name, states, start, end, absolute over relative tolerance (0.001: speeds there are
 * of that size), what it is */
#define PROBLEMS(P) \
	P(lotka_volterra, 2, 0, 10, 1, "prey and predators") \
	P(lorenz, 3, 0, 20, 1, "convection, chaotic") \
	P(rigid_body, 3, 0, 20, 1, "DETEST B5") \
	P(kepler, 4, 0, 20, 1, "DETEST D3, eccentricity 0.5") \
	P(van_der_pol, 2, 0, 20, 1, "DETEST E2") \
	P(chain, 51, 0, 20, 1, "DETEST C4") \
	P(arenstorf, 4, 0, 17.0652165601579625588917206249, 1, "a satellite's closed orbit") \
	P(pleiades, 28, 0, 3, 1, "seven stars in a plane") \
	P(planets, 36, 0, 20000, 0.001, "outer solar system") \
	P(ring, 24, 0, 4, 1, "six masses on a ring") \
	P(kuramoto, 100, 0, 20, 1, "100 coupled oscillators") \
	P(brusselator, 80, 0, 10, 1, "40 points in one dimension, mildly stiff")

/* ---- small ones ---- */

static inline void lotka_volterra_start(double *y)
{
	y[0] = 10, y[1] = 5;
}

static inline void lotka_volterra_rhs(real t, const real *y, real *out)
{
	const double a = 1.5, b = 1, c = 1, d = 3;
	(void)t;
	out[0] = a * y[0] - b * y[0] * y[1];
	out[1] = c * y[0] * y[1] - d * y[1];
}

static inline void lorenz_start(double *y)
{
	y[0] = y[1] = y[2] = 1;
}

static inline void lorenz_rhs(real t, const real *y, real *out)
{
	const double sigma = 10, rho = 28, beta = 8.0 / 3;
	(void)t;
	out[0] = sigma * (y[1] - y[0]);
	out[1] = y[0] * (rho - y[2]) - y[1];
	out[2] = y[0] * y[1] - beta * y[2];
}

static inline void rigid_body_start(double *y)
{
	y[0] = 0, y[1] = 1, y[2] = 1;
}

static inline void rigid_body_rhs(real t, const real *y, real *out)
{
	const double k = 0.51;
	(void)t;
	out[0] = y[1] * y[2];
	out[1] = -y[0] * y[2];
	out[2] = -k * y[0] * y[1];
}

/* x, x', y, y' */
static inline void kepler_start(double *y)
{
	y[0] = 0.5, y[1] = 0, y[2] = 0, y[3] = sqrt(3.0);
}

static inline void kepler_rhs(real t, const real *y, real *out)
{
	real square = y[0] * y[0] + y[2] * y[2], cube = square * SQUARE_ROOT(square);
	(void)t;
	out[0] = y[1];
	out[1] = -y[0] / cube;
	out[2] = y[3];
	out[3] = -y[2] / cube;
}

static inline void van_der_pol_start(double *y)
{
	y[0] = 2, y[1] = 0;
}

static inline void van_der_pol_rhs(real t, const real *y, real *out)
{
	(void)t;
	out[0] = y[1];
	out[1] = (1 - y[0] * y[0]) * y[1] - y[0];
}

/* x, x', y, y' */
static inline void arenstorf_start(double *y)
{
	y[0] = 0.994, y[1] = 0, y[2] = 0, y[3] = -2.00158510637908252240537862224;
}

static inline void arenstorf_rhs(real t, const real *y, real *out)
{
	const double mu = 0.012277471, rest = 1 - mu;
	real from_earth = y[0] + mu, from_moon = y[0] - rest, square = y[2] * y[2];
	real earth = from_earth * from_earth + square, moon = from_moon * from_moon + square;
	real a = rest / (earth * SQUARE_ROOT(earth)), b = mu / (moon * SQUARE_ROOT(moon));
	(void)t;
	out[0] = y[1];
	out[1] = y[0] + 2 * y[3] - a * from_earth - b * from_moon;
	out[2] = y[3];
	out[3] = y[2] - 2 * y[1] - (a + b) * y[2];
}

/* ---- bodies ---- */

/* x[7], x'[7], y[7], y'[7]; body j has mass j + 1 */
static inline void pleiades_start(double *y)
{
	static const double from[28] = {3, 3, -1, -3, 2, -2, 2, 0, 0, 0, 0, 0, 1.75, -1.5,
	                                3, -3, 2, 0, 0, -4, 4, 0, 0, 0, -1.25, 1, 0, 0};
	for (int i = 0; i < 28; i++)
		y[i] = from[i];
}

/* What pairs of `bodies` in a plane do to each other, each pair once. */
static inline void attract_in_plane(int bodies, const double *mass, const real *x, const real *y, real *ax, real *ay)
{
	for (int i = 0; i < bodies; i++)
		ax[i] = ay[i] = 0;
	for (int i = 0; i < bodies; i++) {
		for (int j = i + 1; j < bodies; j++) {
			real dx = x[j] - x[i], dy = y[j] - y[i], square = dx * dx + dy * dy;
			real pull = 1 / (square * SQUARE_ROOT(square));
			ax[i] += mass[j] * pull * dx;
			ay[i] += mass[j] * pull * dy;
			ax[j] -= mass[i] * pull * dx;
			ay[j] -= mass[i] * pull * dy;
		}
	}
}

static inline void pleiades_rhs(real t, const real *y, real *out)
{
	static const double mass[7] = {1, 2, 3, 4, 5, 6, 7};
	(void)t;
	for (int i = 0; i < 7; i++) {
		out[i] = y[7 + i];
		out[14 + i] = y[21 + i];
	}
	attract_in_plane(7, mass, y, y + 14, out + 7, out + 21);
}

/* x[6], x'[6], y[6], y'[6] */
static inline void ring_start(double *y)
{
	const double pi = 3.14159265358979324;
	double square = 0;
	for (int k = 1; k < 6; k++)
		square += 0.25 / sin(pi * k / 6);
	for (int i = 0; i < 6; i++) {
		double angle = 2 * pi * (i + 1) / 6, omega = sqrt(square);
		y[i] = cos(angle);
		y[6 + i] = -omega * sin(angle);
		y[12 + i] = sin(angle);
		y[18 + i] = omega * cos(angle);
	}
}

static inline void ring_rhs(real t, const real *y, real *out)
{
	static const double mass[6] = {1, 1, 1, 1, 1, 1};
	(void)t;
	for (int i = 0; i < 6; i++) {
		out[i] = y[6 + i];
		out[12 + i] = y[18 + i];
	}
	attract_in_plane(6, mass, y, y + 12, out + 6, out + 18);
}

/* x[6], x'[6], y[6], y'[6], z[6], z'[6]: sun, Jupiter, Saturn, Uranus, Neptune, Pluto */
static inline void planets_start(double *y)
{
	static const double from[36] = {
		0, -3.5023653, 9.0755314, 8.3101420, 11.4707666, -15.5387357,
		0, 0.00565429, 0.00168318, 0.00354178, 0.00288930, 0.00276725,
		0, -3.8169847, -3.0458353, -16.2901086, -25.7294829, -25.2225594,
		0, -0.00412490, 0.00483525, 0.00137102, 0.00114527, -0.00170702,
		0, -1.5507963, -1.6483708, -7.2521278, -10.8169456, -3.1902382,
		0, -0.00190589, 0.00192462, 0.00055029, 0.00039677, -0.00136504,
	};
	for (int i = 0; i < 36; i++)
		y[i] = from[i];
}

static inline void planets_rhs(real t, const real *y, real *out)
{
	static const double mass[6] = {1.00000597682, 0.000954786104043, 0.000285583733151,
	                               0.0000437273164546, 0.0000517759138449, 1 / 1.3e8};
	const double gravity = 2.95912208286e-4;
	(void)t;
	for (int axis = 0; axis < 36; axis += 12) {
		for (int i = 0; i < 6; i++) {
			out[axis + i] = y[axis + 6 + i];
			out[axis + 6 + i] = 0;
		}
	}
	for (int i = 0; i < 6; i++) {
		for (int j = i + 1; j < 6; j++) {
			real dx = y[j] - y[i], dy = y[12 + j] - y[12 + i], dz = y[24 + j] - y[24 + i];
			real square = dx * dx + dy * dy + dz * dz;
			real pull = gravity / (square * SQUARE_ROOT(square)), to_i = mass[j] * pull, to_j = mass[i] * pull;
			out[6 + i] += to_i * dx;
			out[18 + i] += to_i * dy;
			out[30 + i] += to_i * dz;
			out[6 + j] -= to_j * dx;
			out[18 + j] -= to_j * dy;
			out[30 + j] -= to_j * dz;
		}
	}
}

/* ---- families ---- */

static inline void chain_start(double *y)
{
	for (int i = 0; i < 51; i++)
		y[i] = i == 0;
}

static inline void chain_rhs(real t, const real *y, real *out)
{
	(void)t;
	out[0] = y[1] - 2 * y[0];
	for (int i = 1; i < 50; i++)
		out[i] = y[i - 1] - 2 * y[i] + y[i + 1];
	out[50] = y[49] - 2 * y[50];
}

static inline void kuramoto_start(double *y)
{
	for (int i = 0; i < 100; i++)
		y[i] = 3.14159265358979324 * fmod(0.618034 * (i + 1), 1);
}

static inline void kuramoto_frequencies(double *w)
{
	for (int i = 0; i < 100; i++)
		w[i] = 0.1 + 0.03 * sin(i + 1.0);
}

#ifdef REAL_IS_LONG
/* sin(b - a) = sin b cos a - cos b sin a: the same sums in a hundredth of the time. */
static inline void kuramoto_rhs(real t, const real *y, real *out)
{
	static double w[100];
	real sines = 0, cosines = 0;
	(void)t;
	if (w[0] == 0)
		kuramoto_frequencies(w);
	for (int i = 0; i < 100; i++) {
		sines += SINE(y[i]);
		cosines += COSINE(y[i]);
	}
	for (int i = 0; i < 100; i++)
		out[i] = w[i] + 0.5 / 100 * (COSINE(y[i]) * sines - SINE(y[i]) * cosines);
}
#else
static inline void kuramoto_rhs(real t, const real *y, real *out)
{
	static double w[100];
	(void)t;
	if (w[0] == 0)
		kuramoto_frequencies(w);
	for (int i = 0; i < 100; i++) {
		real sum = 0;
		for (int j = 0; j < 100; j++)
			sum += SINE(y[j] - y[i]);
		out[i] = w[i] + 0.5 / 100 * sum;
	}
}
#endif

/* u[40], v[40] */
static inline void brusselator_start(double *y)
{
	for (int i = 0; i < 40; i++) {
		y[i] = 1 + sin(2 * 3.14159265358979324 * (i + 1) / 41);
		y[40 + i] = 3;
	}
}

static inline void brusselator_point(const real *y, int i, real ul, real ur, real vl, real vr, real *out)
{
	const double c = 41.0 * 41.0 / 50;
	real u = y[i], v = y[40 + i], uuv = u * u * v;
	out[i] = 1 + uuv - 4 * u + c * (ul - 2 * u + ur);
	out[40 + i] = 3 * u - uuv + c * (vl - 2 * v + vr);
}

static inline void brusselator_rhs(real t, const real *y, real *out)
{
	(void)t;
	brusselator_point(y, 0, 1, y[1], 3, y[41], out);
	for (int i = 1; i < 39; i++)
		brusselator_point(y, i, y[i - 1], y[i + 1], y[39 + i], y[41 + i], out);
	brusselator_point(y, 39, y[38], 1, y[78], 3, out);
}

#endif
