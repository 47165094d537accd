/* The stiff problems of bench/work as somebody would write them in C: right-hand sides,
 * Jacobians by hand, starts, spans.  Included as problems.h is.
 *
 * A Jacobian is handed a matrix of zeros, or what was written there before, and the distances
 * between its rows and columns: full matrices in either order, and bands, are the same to
 * it.  What nothing couples is never written.
 *
 * VDPOL, ROBER, OREGO, HIRES, POLLU: W. M. Lioen, J. J. B. de Swart, Test set for IVP solvers,
 * CWI 1998, and E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.10, which
 * has the Brusselators too; Burgers as in examples/. */
#ifndef BENCH_STIFF_H
#define BENCH_STIFF_H

#include "bench/peers/problems.h"

#include <stdbool.h>
#include <stddef.h>

/* As PROBLEMS, with bandwidths below and above the diagonal (FULL: all is coupled; SPARSE:
 * nothing but the pattern helps), and whether times asked for are spaced by ratios. */
enum { FULL = -1, SPARSE = -2 };
#define STIFF_PROBLEMS(P) \
	P(vdpol, 2, 0, 2000, 0.001, "a limit cycle with steep fronts, mu = 1000", FULL, false) \
	P(vdpol_steep, 2, 0, 2, 0.001, "the same, epsilon = 1e-6", FULL, false) \
	P(rober, 3, 0, 500, 1e-5, "three reactions", FULL, true) \
	P(rober_long, 3, 0, 1e5, 1e-5, "the same for longer", FULL, true) \
	P(orego, 3, 0, 360, 0.001, "an oscillating reaction", FULL, false) \
	P(hires, 8, 0, 321.8122, 1e-4, "eight proteins", FULL, false) \
	P(pollu, 20, 0, 60, 1e-4, "air pollution", FULL, false) \
	P(burgers, 500, 0, 1, 1, "a front, 500 points", 1, false) \
	P(brusselator_line, 1000, 0, 10, 1, "500 points in one dimension", 2, false) \
	P(brusselator_square, 2048, 0, 11.5, 1, "32 x 32 points, periodic", SPARSE, false)

/* Those of problems.h and these; each is known by its number here. */
#define ALL_PROBLEMS(P) PROBLEMS(P) STIFF_PROBLEMS(P)
#define P(...) +1
enum { EASY_COUNT = 0 PROBLEMS(P), ALL_COUNT = 0 ALL_PROBLEMS(P) };
#undef P

#define ENTRY(i, j) J[(i) * rows + (j) * columns]

/* ---- oscillators ---- */

static inline void vdpol_start(double *y)
{
	y[0] = 2, y[1] = 0;
}

static inline void vdpol_rhs(real t, const real *y, real *out)
{
	const double mu = 1000;
	(void)t;
	out[0] = y[1];
	out[1] = mu * (1 - y[0] * y[0]) * y[1] - y[0];
}

static inline void vdpol_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double mu = 1000;
	(void)t;
	ENTRY(0, 1) = 1;
	ENTRY(1, 0) = -2 * mu * y[0] * y[1] - 1;
	ENTRY(1, 1) = mu * (1 - y[0] * y[0]);
}

static inline void vdpol_steep_start(double *y)
{
	y[0] = 2, y[1] = 0;
}

static inline void vdpol_steep_rhs(real t, const real *y, real *out)
{
	const double epsilon = 1e-6;
	(void)t;
	out[0] = y[1];
	out[1] = ((1 - y[0] * y[0]) * y[1] - y[0]) / epsilon;
}

static inline void vdpol_steep_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double epsilon = 1e-6;
	(void)t;
	ENTRY(0, 1) = 1;
	ENTRY(1, 0) = (-2 * y[0] * y[1] - 1) / epsilon;
	ENTRY(1, 1) = (1 - y[0] * y[0]) / epsilon;
}

/* ---- reactions ---- */

static inline void rober_start(double *y)
{
	y[0] = 1, y[1] = y[2] = 0;
}

static inline void rober_rhs(real t, const real *y, real *out)
{
	const double k1 = 0.04, k2 = 3e7, k3 = 1e4;
	(void)t;
	out[0] = -k1 * y[0] + k3 * y[1] * y[2];
	out[2] = k2 * y[1] * y[1];
	out[1] = -out[0] - out[2];
}

static inline void rober_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double k1 = 0.04, k2 = 3e7, k3 = 1e4;
	(void)t;
	ENTRY(0, 0) = -k1, ENTRY(0, 1) = k3 * y[2], ENTRY(0, 2) = k3 * y[1];
	ENTRY(1, 0) = k1, ENTRY(1, 1) = -k3 * y[2] - 2 * k2 * y[1], ENTRY(1, 2) = -k3 * y[1];
	ENTRY(2, 1) = 2 * k2 * y[1];
}

static inline void rober_long_start(double *y)
{
	rober_start(y);
}

static inline void rober_long_rhs(real t, const real *y, real *out)
{
	rober_rhs(t, y, out);
}

static inline void rober_long_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	rober_jacobian(t, y, J, rows, columns);
}

static inline void orego_start(double *y)
{
	y[0] = 1, y[1] = 2, y[2] = 3;
}

static inline void orego_rhs(real t, const real *y, real *out)
{
	const double s = 77.27, q = 8.375e-6, w = 0.161;
	(void)t;
	out[0] = s * (y[1] + y[0] * (1 - q * y[0] - y[1]));
	out[1] = (y[2] - (1 + y[0]) * y[1]) / s;
	out[2] = w * (y[0] - y[2]);
}

static inline void orego_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double s = 77.27, q = 8.375e-6, w = 0.161;
	(void)t;
	ENTRY(0, 0) = s * (1 - 2 * q * y[0] - y[1]), ENTRY(0, 1) = s * (1 - y[0]);
	ENTRY(1, 0) = -y[1] / s, ENTRY(1, 1) = -(1 + y[0]) / s, ENTRY(1, 2) = 1 / s;
	ENTRY(2, 0) = w, ENTRY(2, 2) = -w;
}

static inline void hires_start(double *y)
{
	for (int i = 0; i < 8; i++)
		y[i] = i == 0 ? 1 : i == 7 ? 0.0057 : 0;
}

static inline void hires_rhs(real t, const real *y, real *out)
{
	real bound = 280 * y[5] * y[7];
	(void)t;
	out[0] = -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
	out[1] = 1.71 * y[0] - 8.75 * y[1];
	out[2] = -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4];
	out[3] = 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3];
	out[4] = -1.745 * y[4] + 0.43 * (y[5] + y[6]);
	out[5] = -bound + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6];
	out[6] = bound - 1.81 * y[6];
	out[7] = -bound + 1.81 * y[6];
}

static inline void hires_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	(void)t;
	ENTRY(0, 0) = -1.71, ENTRY(0, 1) = 0.43, ENTRY(0, 2) = 8.32;
	ENTRY(1, 0) = 1.71, ENTRY(1, 1) = -8.75;
	ENTRY(2, 2) = -10.03, ENTRY(2, 3) = 0.43, ENTRY(2, 4) = 0.035;
	ENTRY(3, 1) = 8.32, ENTRY(3, 2) = 1.71, ENTRY(3, 3) = -1.12;
	ENTRY(4, 4) = -1.745, ENTRY(4, 5) = ENTRY(4, 6) = 0.43;
	ENTRY(5, 3) = 0.69, ENTRY(5, 4) = 1.71, ENTRY(5, 5) = -280 * y[7] - 0.43, ENTRY(5, 6) = 0.69;
	ENTRY(5, 7) = -280 * y[5];
	ENTRY(6, 5) = 280 * y[7], ENTRY(6, 6) = -1.81, ENTRY(6, 7) = 280 * y[5];
	ENTRY(7, 5) = -280 * y[7], ENTRY(7, 6) = 1.81, ENTRY(7, 7) = -280 * y[5];
}

static inline void pollu_start(double *y)
{
	for (int i = 0; i < 20; i++)
		y[i] = 0;
	y[1] = 0.2, y[3] = 0.04, y[6] = 0.1, y[7] = 0.3, y[8] = 0.01, y[16] = 0.007;
}

static const double pollu_k[25] = {0.35, 26.6, 12300, 0.00086, 0.00082, 15000, 0.00013, 24000, 16500, 9000, 0.022, 12000,
                                   1.88, 16300, 4.8e6, 0.00035, 0.0175, 1e8, 4.44e11, 1240, 2.1, 5.78, 0.0474, 1780, 3.12};

static inline void pollu_rhs(real t, const real *y, real *out)
{
	const double *k = pollu_k;
	real r1 = k[0] * y[0], r2 = k[1] * y[1] * y[3], r3 = k[2] * y[4] * y[1], r4 = k[3] * y[6], r5 = k[4] * y[6];
	real r6 = k[5] * y[6] * y[5], r7 = k[6] * y[8], r8 = k[7] * y[8] * y[5], r9 = k[8] * y[10] * y[1];
	real r10 = k[9] * y[10] * y[0], r11 = k[10] * y[12], r12 = k[11] * y[9] * y[1], r13 = k[12] * y[13];
	real r14 = k[13] * y[0] * y[5], r15 = k[14] * y[2], r16 = k[15] * y[3], r17 = k[16] * y[3], r18 = k[17] * y[15];
	real r19 = k[18] * y[15], r20 = k[19] * y[16] * y[5], r21 = k[20] * y[18], r22 = k[21] * y[18];
	real r23 = k[22] * y[0] * y[3], r24 = k[23] * y[18] * y[0], r25 = k[24] * y[19];
	(void)t;
	out[0] = -r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25;
	out[1] = -r2 - r3 - r9 - r12 + r1 + r21;
	out[2] = -r15 + r1 + r17 + r19 + r22;
	out[3] = -r2 - r16 - r17 - r23 + r15;
	out[4] = -r3 + 2 * r4 + r6 + r7 + r13 + r20;
	out[5] = -r6 - r8 - r14 - r20 + r3 + 2 * r18;
	out[6] = -r4 - r5 - r6 + r13;
	out[7] = r4 + r5 + r6 + r7;
	out[8] = -r7 - r8;
	out[9] = -r12 + r7 + r9;
	out[10] = -r9 - r10 + r8 + r11;
	out[11] = r9;
	out[12] = -r11 + r10;
	out[13] = -r13 + r12;
	out[14] = r14;
	out[15] = -r18 - r19 + r16;
	out[16] = -r20;
	out[17] = r20;
	out[18] = -r21 - r22 - r24 + r23 + r25;
	out[19] = -r25 + r24;
}

static inline void pollu_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double *k = pollu_k;
	(void)t;
	ENTRY(0, 0) = -k[0] - k[9] * y[10] - k[13] * y[5] - k[22] * y[3] - k[23] * y[18];
	ENTRY(0, 1) = k[1] * y[3] + k[2] * y[4] + k[8] * y[10] + k[11] * y[9];
	ENTRY(0, 3) = k[1] * y[1] - k[22] * y[0], ENTRY(0, 4) = k[2] * y[1], ENTRY(0, 5) = -k[13] * y[0];
	ENTRY(0, 9) = k[11] * y[1], ENTRY(0, 10) = k[8] * y[1] - k[9] * y[0], ENTRY(0, 12) = k[10];
	ENTRY(0, 18) = k[21] - k[23] * y[0], ENTRY(0, 19) = k[24];
	ENTRY(1, 0) = k[0], ENTRY(1, 1) = -k[1] * y[3] - k[2] * y[4] - k[8] * y[10] - k[11] * y[9];
	ENTRY(1, 3) = -k[1] * y[1], ENTRY(1, 4) = -k[2] * y[1], ENTRY(1, 9) = -k[11] * y[1];
	ENTRY(1, 10) = -k[8] * y[1], ENTRY(1, 18) = k[20];
	ENTRY(2, 0) = k[0], ENTRY(2, 2) = -k[14], ENTRY(2, 3) = k[16], ENTRY(2, 15) = k[18], ENTRY(2, 18) = k[21];
	ENTRY(3, 0) = -k[22] * y[3], ENTRY(3, 1) = -k[1] * y[3], ENTRY(3, 2) = k[14];
	ENTRY(3, 3) = -k[1] * y[1] - k[15] - k[16] - k[22] * y[0];
	ENTRY(4, 1) = -k[2] * y[4], ENTRY(4, 4) = -k[2] * y[1], ENTRY(4, 5) = k[5] * y[6] + k[19] * y[16];
	ENTRY(4, 6) = 2 * k[3] + k[5] * y[5], ENTRY(4, 8) = k[6], ENTRY(4, 13) = k[12], ENTRY(4, 16) = k[19] * y[5];
	ENTRY(5, 0) = -k[13] * y[5], ENTRY(5, 1) = k[2] * y[4], ENTRY(5, 4) = k[2] * y[1];
	ENTRY(5, 5) = -k[5] * y[6] - k[7] * y[8] - k[13] * y[0] - k[19] * y[16];
	ENTRY(5, 6) = -k[5] * y[5], ENTRY(5, 8) = -k[7] * y[5], ENTRY(5, 15) = 2 * k[17], ENTRY(5, 16) = -k[19] * y[5];
	ENTRY(6, 5) = -k[5] * y[6], ENTRY(6, 6) = -k[3] - k[4] - k[5] * y[5], ENTRY(6, 13) = k[12];
	ENTRY(7, 5) = k[5] * y[6], ENTRY(7, 6) = k[3] + k[4] + k[5] * y[5], ENTRY(7, 8) = k[6];
	ENTRY(8, 5) = -k[7] * y[8], ENTRY(8, 8) = -k[6] - k[7] * y[5];
	ENTRY(9, 1) = -k[11] * y[9] + k[8] * y[10], ENTRY(9, 8) = k[6], ENTRY(9, 9) = -k[11] * y[1];
	ENTRY(9, 10) = k[8] * y[1];
	ENTRY(10, 0) = -k[9] * y[10], ENTRY(10, 1) = -k[8] * y[10], ENTRY(10, 5) = k[7] * y[8], ENTRY(10, 8) = k[7] * y[5];
	ENTRY(10, 10) = -k[8] * y[1] - k[9] * y[0], ENTRY(10, 12) = k[10];
	ENTRY(11, 1) = k[8] * y[10], ENTRY(11, 10) = k[8] * y[1];
	ENTRY(12, 0) = k[9] * y[10], ENTRY(12, 10) = k[9] * y[0], ENTRY(12, 12) = -k[10];
	ENTRY(13, 1) = k[11] * y[9], ENTRY(13, 9) = k[11] * y[1], ENTRY(13, 13) = -k[12];
	ENTRY(14, 0) = k[13] * y[5], ENTRY(14, 5) = k[13] * y[0];
	ENTRY(15, 3) = k[15], ENTRY(15, 15) = -k[17] - k[18];
	ENTRY(16, 5) = -k[19] * y[16], ENTRY(16, 16) = -k[19] * y[5];
	ENTRY(17, 5) = k[19] * y[16], ENTRY(17, 16) = k[19] * y[5];
	ENTRY(18, 0) = -k[23] * y[18] + k[22] * y[3], ENTRY(18, 3) = k[22] * y[0];
	ENTRY(18, 18) = -k[20] - k[21] - k[23] * y[0], ENTRY(18, 19) = k[24];
	ENTRY(19, 0) = k[23] * y[18], ENTRY(19, 18) = k[23] * y[0], ENTRY(19, 19) = -k[24];
}

/* ---- lines ---- */

#ifdef REAL_IS_LONG
#define TANGENT tanhl
#else
#define TANGENT tanh
#endif

static inline real burgers_wave(real x, real t)
{
	return 0.5 - 0.4 * TANGENT(0.4 * (x - 0.25 - 0.5 * t) / 0.04);
}

static inline void burgers_start(double *y)
{
	for (int i = 0; i < 500; i++)
		y[i] = 0.5 - 0.4 * tanh(0.4 * ((i + 1) / 501.0 - 0.25) / 0.04);
}

static inline real burgers_point(real left, real here, real right)
{
	return 0.02 * 501 * 501 * (left - 2 * here + right) - here * 250.5 * (right - left);
}

static inline void burgers_rhs(real t, const real *y, real *out)
{
	out[0] = burgers_point(burgers_wave(0, t), y[0], y[1]);
	for (int i = 1; i < 499; i++)
		out[i] = burgers_point(y[i - 1], y[i], y[i + 1]);
	out[499] = burgers_point(y[498], y[499], burgers_wave(1, t));
}

static inline void burgers_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double nu = 0.02 * 501 * 501;
	for (int i = 0; i < 500; i++) {
		real left = i ? y[i - 1] : burgers_wave(0, t), right = i < 499 ? y[i + 1] : burgers_wave(1, t);
		if (i)
			ENTRY(i, i - 1) = nu + 250.5 * y[i];
		ENTRY(i, i) = -2 * nu - 250.5 * (right - left);
		if (i < 499)
			ENTRY(i, i + 1) = nu - 250.5 * y[i];
	}
}

/* u and v by turns */
static inline void brusselator_line_start(double *y)
{
	for (int i = 0; i < 500; i++) {
		y[2 * i] = 1 + sin(2 * 3.14159265358979324 * (i + 1) / 501);
		y[2 * i + 1] = 3;
	}
}

static inline void brusselator_line_point(const real *y, real *out, real ul, real vl, real ur, real vr)
{
	const double c = 501.0 * 501.0 / 50;
	real u = y[0], v = y[1], uuv = u * u * v;
	out[0] = 1 + uuv - 4 * u + c * (ul - 2 * u + ur);
	out[1] = 3 * u - uuv + c * (vl - 2 * v + vr);
}

static inline void brusselator_line_rhs(real t, const real *y, real *out)
{
	(void)t;
	brusselator_line_point(y, out, 1, 3, y[2], y[3]);
	for (int i = 2; i < 998; i += 2)
		brusselator_line_point(y + i, out + i, y[i - 2], y[i - 1], y[i + 2], y[i + 3]);
	brusselator_line_point(y + 998, out + 998, y[996], y[997], 1, 3);
}

static inline void brusselator_line_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double c = 501.0 * 501.0 / 50;
	(void)t;
	for (int i = 0; i < 1000; i += 2) {
		real u = y[i], v = y[i + 1];
		if (i)
			ENTRY(i, i - 2) = ENTRY(i + 1, i - 1) = c;
		ENTRY(i, i) = 2 * u * v - 4 - 2 * c, ENTRY(i, i + 1) = u * u;
		ENTRY(i + 1, i) = 3 - 2 * u * v, ENTRY(i + 1, i + 1) = -u * u - 2 * c;
		if (i < 998)
			ENTRY(i, i + 2) = ENTRY(i + 1, i + 3) = c;
	}
}

/* ---- a square with opposite sides joined ---- */

enum { SIDE = 32 };

/* u[SIDE][SIDE], v likewise; the first index is x */
static inline void brusselator_square_start(double *y)
{
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			double x = i / (double)SIDE, z = j / (double)SIDE;
			y[SIDE * i + j] = 22 * z * (1 - z) * sqrt(1 - z);
			y[SIDE * (SIDE + i) + j] = 27 * x * (1 - x) * sqrt(1 - x);
		}
}

static inline void brusselator_square_rhs(real t, const real *y, real *out)
{
	const double c = 0.1 * SIDE * SIDE;
	const real *u = y, *v = y + SIDE * SIDE;
	(void)t;
	for (int i = 0; i < SIDE; i++) {
		int up = SIDE * ((i + 1) % SIDE), down = SIDE * ((i + SIDE - 1) % SIDE);
		for (int j = 0; j < SIDE; j++) {
			int k = SIDE * i + j, left = SIDE * i + (j + SIDE - 1) % SIDE, right = SIDE * i + (j + 1) % SIDE;
			real uuv = u[k] * u[k] * v[k];
			out[k] = 1 + uuv - 4.4 * u[k] + c * (u[up + j] + u[down + j] + u[left] + u[right] - 4 * u[k]);
			out[SIDE * SIDE + k] = 3.4 * u[k] - uuv + c * (v[up + j] + v[down + j] + v[left] + v[right] - 4 * v[k]);
		}
	}
}

/* Its Jacobian by columns, rows rising: six entries each, of which the numbers 0 .. 4 are the
 * points around, sorted, and the diagonal's place depends on the edge. */
enum { SQUARE_ENTRIES = 6 * 2 * SIDE * SIDE };

/* The rows of the column of cell k of species s (0, 1), rows[6], rising. */
static inline void brusselator_square_rows(int k, int s, long *rows)
{
	int i = k / SIDE, j = k % SIDE, cells = SIDE * SIDE, count = 0;
	long found[6] = {
		s * cells + k, s * cells + SIDE * ((i + 1) % SIDE) + j, s * cells + SIDE * ((i + SIDE - 1) % SIDE) + j,
		s * cells + SIDE * i + (j + 1) % SIDE, s * cells + SIDE * i + (j + SIDE - 1) % SIDE, (1 - s) * cells + k,
	};
	for (int a = 0; a < 6; a++) {
		int place = count++;
		for (; place > 0 && rows[place - 1] > found[a]; place--)
			rows[place] = rows[place - 1];
		rows[place] = found[a];
	}
}

/* values[SQUARE_ENTRIES]; diagonal[2 SIDE^2]: where in its column's six the diagonal is. */
static inline void brusselator_square_values(const double *y, const unsigned char *diagonal, double *values)
{
	const double c = 0.1 * SIDE * SIDE;
	const double *u = y, *v = y + SIDE * SIDE;
	for (int k = 0; k < SIDE * SIDE; k++) {
		double *of_u = values + 6 * k, *of_v = of_u + 6 * SIDE * SIDE;
		for (int a = 0; a < 6; a++)
			of_u[a] = of_v[a] = c;
		of_u[5] = 3.4 - 2 * u[k] * v[k];
		of_u[diagonal[k]] = 2 * u[k] * v[k] - 4.4 - 4 * c;
		of_v[0] = u[k] * u[k];
		of_v[diagonal[SIDE * SIDE + k]] = -u[k] * u[k] - 4 * c;
	}
}

/* For those who want a full matrix. */
static inline void brusselator_square_jacobian(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns)
{
	const double c = 0.1 * SIDE * SIDE;
	const real *u = y, *v = y + SIDE * SIDE;
	(void)t;
	for (int s = 0; s < 2; s++)
		for (int k = 0; k < SIDE * SIDE; k++) {
			long at[6];
			int column = s * SIDE * SIDE + k, other = (1 - s) * SIDE * SIDE + k;
			brusselator_square_rows(k, s, at);
			for (int a = 0; a < 6; a++)
				ENTRY(at[a], column) = c;
			ENTRY(column, column) = s ? -u[k] * u[k] - 4 * c : 2 * u[k] * v[k] - 4.4 - 4 * c;
			ENTRY(other, column) = s ? u[k] * u[k] : 3.4 - 2 * u[k] * v[k];
		}
}

#undef ENTRY
#endif
