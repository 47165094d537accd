/* Jacobians and adjoints as somebody would write them in C, for clang -O3
 * -march=native with libm: what generated derivatives are measured against.
 *
 * Entries of a Jacobian come column by column, in each by rows, without those that are
 * zero by structure.  l: weights of the equations; adjoints: out = l' J.  All are called
 * as an ojit_function is. */
#include <math.h>

#include "bench/peers/slopes.h"

/* POLLU: 25 reactions of 20 species, see bench/models/pollu.ojit; p: their constants. */
void peer_pollu_jacobian(void *data, double t, const double *restrict y, const double *restrict l, double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	(void)t, (void)l;
	double k1 = p[0], k2 = p[1], k3 = p[2], k4 = p[3], k5 = p[4], k6 = p[5], k7 = p[6], k8 = p[7];
	double k9 = p[8], k10 = p[9], k11 = p[10], k12 = p[11], k13 = p[12], k14 = p[13], k15 = p[14], k16 = p[15];
	double k17 = p[16], k18 = p[17], k19 = p[18], k20 = p[19], k21 = p[20], k22 = p[21], k23 = p[22], k24 = p[23];
	double k25 = p[24];
	double y1 = y[0], y2 = y[1], y4 = y[3], y5 = y[4], y6 = y[5], y7 = y[6], y9 = y[8], y10 = y[9];
	double y11 = y[10], y17 = y[16], y19 = y[18];
	out[0] = -k1 - k10*y11 - k14*y6 - k23*y4 - k24*y19; out[1] = k1; out[2] = k1; out[3] = -k23*y4;
	out[4] = -k14*y6; out[5] = -k10*y11; out[6] = k10*y11; out[7] = k14*y6; out[8] = -k24*y19 + k23*y4;
	out[9] = k24*y19; out[10] = k2*y4 + k3*y5 + k9*y11 + k12*y10; out[11] = -k2*y4 - k3*y5 - k9*y11 - k12*y10;
	out[12] = -k2*y4; out[13] = -k3*y5; out[14] = k3*y5; out[15] = -k12*y10 + k9*y11; out[16] = -k9*y11;
	out[17] = k9*y11; out[18] = k12*y10; out[19] = -k15; out[20] = k15; out[21] = -k23*y1 + k2*y2; out[22] = -k2*y2;
	out[23] = k17; out[24] = -k2*y2 - k16 - k17 - k23*y1; out[25] = k16; out[26] = k23*y1; out[27] = k3*y2;
	out[28] = -k3*y2; out[29] = -k3*y2; out[30] = k3*y2; out[31] = -k14*y1; out[32] = k6*y7 + k20*y17;
	out[33] = -k6*y7 - k8*y9 - k14*y1 - k20*y17; out[34] = -k6*y7; out[35] = k6*y7; out[36] = -k8*y9;
	out[37] = k8*y9; out[38] = k14*y1; out[39] = -k20*y17; out[40] = k20*y17; out[41] = 2*k4 + k6*y6;
	out[42] = -k6*y6; out[43] = -k4 - k5 - k6*y6; out[44] = k4 + k5 + k6*y6; out[45] = k7; out[46] = -k8*y6;
	out[47] = k7; out[48] = -k7 - k8*y6; out[49] = k7; out[50] = k8*y6; out[51] = k12*y2; out[52] = -k12*y2;
	out[53] = -k12*y2; out[54] = k12*y2; out[55] = -k10*y1 + k9*y2; out[56] = -k9*y2; out[57] = k9*y2;
	out[58] = -k9*y2 - k10*y1; out[59] = k9*y2; out[60] = k10*y1; out[61] = k11; out[62] = k11; out[63] = -k11;
	out[64] = k13; out[65] = k13; out[66] = -k13; out[67] = k19; out[68] = 2*k18; out[69] = -k18 - k19;
	out[70] = k20*y6; out[71] = -k20*y6; out[72] = -k20*y6; out[73] = k20*y6; out[74] = -k24*y1 + k22;
	out[75] = k21; out[76] = k22; out[77] = -k21 - k22 - k24*y1; out[78] = k24*y1; out[79] = k25; out[80] = k25;
	out[81] = -k25;
}

void peer_pollu_adjoint(void *data, double t, const double *restrict y, const double *restrict l, double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	(void)t;
	double k1 = p[0], k2 = p[1], k3 = p[2], k4 = p[3], k5 = p[4], k6 = p[5], k7 = p[6], k8 = p[7];
	double k9 = p[8], k10 = p[9], k11 = p[10], k12 = p[11], k13 = p[12], k14 = p[13], k15 = p[14], k16 = p[15];
	double k17 = p[16], k18 = p[17], k19 = p[18], k20 = p[19], k21 = p[20], k22 = p[21], k23 = p[22], k24 = p[23];
	double k25 = p[24];
	double y1 = y[0], y2 = y[1], y4 = y[3], y5 = y[4], y6 = y[5], y7 = y[6], y9 = y[8], y10 = y[9];
	double y11 = y[10], y17 = y[16], y19 = y[18];
	double l1 = l[0], l2 = l[1], l3 = l[2], l4 = l[3], l5 = l[4], l6 = l[5], l7 = l[6], l8 = l[7];
	double l9 = l[8], l10 = l[9], l11 = l[10], l12 = l[11], l13 = l[12], l14 = l[13], l15 = l[14], l16 = l[15];
	double l17 = l[16], l18 = l[17], l19 = l[18], l20 = l[19];
	double b1 = k1*(-l1 + l2 + l3); double b2 = k2*(l1 - l2 - l4); double b3 = k3*(l1 - l2 - l5 + l6);
	double b4 = k4*(2*l5 - l7 + l8); double b5 = k5*(-l7 + l8); double b6 = k6*(l5 - l6 - l7 + l8);
	double b7 = k7*(l5 + l8 - l9 + l10); double b8 = k8*(-l6 - l9 + l11);
	double b9 = k9*(l1 - l2 + l10 - l11 + l12); double b10 = k10*(-l1 - l11 + l13);
	double b11 = k11*(l1 + l11 - l13); double b12 = k12*(l1 - l2 - l10 + l14); double b13 = k13*(l5 + l7 - l14);
	double b14 = k14*(-l1 - l6 + l15); double b15 = k15*(-l3 + l4); double b16 = k16*(-l4 + l16);
	double b17 = k17*(l3 - l4); double b18 = k18*(2*l6 - l16); double b19 = k19*(l3 - l16);
	double b20 = k20*(l5 - l6 - l17 + l18); double b21 = k21*(l2 - l19); double b22 = k22*(l1 + l3 - l19);
	double b23 = k23*(-l1 - l4 + l19); double b24 = k24*(-l1 - l19 + l20); double b25 = k25*(l1 + l19 - l20);
	out[0] = b1 + b10*y11 + b14*y6 + b23*y4 + b24*y19; out[1] = b2*y4 + b3*y5 + b9*y11 + b12*y10; out[2] = b15;
	out[3] = b2*y2 + b16 + b17 + b23*y1; out[4] = b3*y2; out[5] = b6*y7 + b8*y9 + b14*y1 + b20*y17;
	out[6] = b4 + b5 + b6*y6; out[7] = 0; out[8] = b7 + b8*y6; out[9] = b12*y2; out[10] = b9*y2 + b10*y1;
	out[11] = 0; out[12] = b11; out[13] = b13; out[14] = 0; out[15] = b18 + b19; out[16] = b20*y6; out[17] = 0;
	out[18] = b21 + b22 + b24*y1; out[19] = b25;
}

/* HIRES, see bench/models/hires.ojit; p: k1 .. k9 */
void peer_hires_jacobian(void *data, double t, const double *restrict y, const double *restrict l, double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	(void)t, (void)l;
	double k1 = p[0], k2 = p[1], k3 = p[2], k4 = p[3], k5 = p[4], k6 = p[5], k7 = p[6], k8 = p[7], k9 = p[8];
	out[0] = -k1, out[1] = k1;
	out[2] = k2, out[3] = -(k2 + k3), out[4] = k3;
	out[5] = k6, out[6] = -(k6 + k1), out[7] = k1;
	out[8] = k2, out[9] = -(k4 + k2), out[10] = k8;
	out[11] = k5, out[12] = -(k5 + k1), out[13] = k1;
	out[14] = k2, out[15] = -k7 * y[7] - k2, out[16] = k7 * y[7], out[17] = -k7 * y[7];
	out[18] = k2, out[19] = k8, out[20] = -(k2 + k8 + k9), out[21] = k2 + k8 + k9;
	out[22] = -k7 * y[5], out[23] = k7 * y[5], out[24] = -k7 * y[5];
}

void peer_hires_adjoint(void *data, double t, const double *restrict y, const double *restrict l, double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	(void)t;
	double k1 = p[0], k2 = p[1], k3 = p[2], k4 = p[3], k5 = p[4], k6 = p[5], k7 = p[6], k8 = p[7], k9 = p[8];
	double bind = k7 * (l[6] - l[5] - l[7]);
	out[0] = k1 * (l[1] - l[0]);
	out[1] = k2 * l[0] - (k2 + k3) * l[1] + k3 * l[3];
	out[2] = k6 * l[0] - (k6 + k1) * l[2] + k1 * l[3];
	out[3] = k2 * l[2] - (k4 + k2) * l[3] + k8 * l[5];
	out[4] = k5 * l[2] - (k5 + k1) * l[4] + k1 * l[5];
	out[5] = k2 * (l[4] - l[5]) + bind * y[7];
	out[6] = k2 * l[4] + k8 * l[5] + (k2 + k8 + k9) * (l[7] - l[6]);
	out[7] = bind * y[5];
}

/* p: the coupling */
void peer_kuramoto_jacobian(void *data, double t, const double *restrict y, const double *restrict l,
                      double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t, (void)l;
	double coupling = p[0] / n;
	for (int i = 0; i < n; i++) {
		double own = 0;
		for (int j = 0; j < n; j++) {
			double c = coupling * cos(y[j] - y[i]);
			out[j * n + i] = c;
			own -= c;
		}
		out[i * n + i] += own;
	}
}

void peer_kuramoto_adjoint(void *data, double t, const double *restrict y, const double *restrict l,
                     double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t;
	double coupling = p[0] / n;
	for (int i = 0; i < n; i++)
		out[i] = 0;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double c = coupling * cos(y[j] - y[i]) * l[i];
			out[j] += c;
			out[i] -= c;
		}
}

/* u[0..n), v[0..n) with fixed ends; p: b and the diffusion over the square of the mesh */
void peer_brusselator_jacobian(void *data, double t, const double *restrict y, const double *restrict l,
                      double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t, (void)l;
	const double *u = y, *v = y + n;
	double b = p[0], c = p[1];
	for (int i = 0; i < n; i++) {
		double uv = 2 * u[i] * v[i];
		if (i)
			*out++ = c;
		*out++ = uv - (b + 1) - 2 * c;
		if (i + 1 < n)
			*out++ = c;
		*out++ = b - uv;
	}
	for (int i = 0; i < n; i++) {
		double uu = u[i] * u[i];
		*out++ = uu;
		if (i)
			*out++ = c;
		*out++ = -uu - 2 * c;
		if (i + 1 < n)
			*out++ = c;
	}
}

void peer_brusselator_adjoint(void *data, double t, const double *restrict y, const double *restrict l,
                     double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t;
	const double *u = y, *v = y + n, *lu = l, *lv = l + n;
	double b = p[0], c = p[1];
	for (int i = 0; i < n; i++) {
		double left = i ? lu[i - 1] : 0, right = i + 1 < n ? lu[i + 1] : 0;
		double below = i ? lv[i - 1] : 0, above = i + 1 < n ? lv[i + 1] : 0, d = lu[i] - lv[i];
		out[i] = 2 * u[i] * v[i] * d + b * lv[i] - (b + 1) * lu[i] + c * (left - 2 * lu[i] + right);
		out[n + i] = u[i] * u[i] * d + c * (below - 2 * lv[i] + above);
	}
}

/* u[n][n], v[n][n], mirrored at the edges: what an edge has outside counts twice
 * inside; p: A and the diffusion over the square of the mesh */
void peer_square_jacobian(void *data, double t, const double *restrict y, const double *restrict l,
                      double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t, (void)l;
	const double *u = y, *v = y + n * n;
	double a = p[0], c = p[1];
	for (int part = 0; part < 2; part++)
		for (int i = 0; i < n; i++)
			for (int j = 0; j < n; j++) {
				double uij = u[i * n + j], uv = 2 * uij * v[i * n + j], uu = uij * uij;
				if (part)
					*out++ = uu;
				if (i)
					*out++ = i == 1 ? 2 * c : c;
				if (j)
					*out++ = j == 1 ? 2 * c : c;
				*out++ = part ? -uu - 4 * c : uv - (a + 1) - 4 * c;
				if (j + 1 < n)
					*out++ = j + 2 == n ? 2 * c : c;
				if (i + 1 < n)
					*out++ = i + 2 == n ? 2 * c : c;
				if (!part)
					*out++ = a - uv;
			}
}

static double neighbours(int n, const double *l, int i, int j)
{
	double sum = -4 * l[i * n + j];
	sum += i ? (i == 1 ? 2 : 1) * l[(i - 1) * n + j] : 0;
	sum += i + 1 < n ? (i + 2 == n ? 2 : 1) * l[(i + 1) * n + j] : 0;
	sum += j ? (j == 1 ? 2 : 1) * l[i * n + j - 1] : 0;
	sum += j + 1 < n ? (j + 2 == n ? 2 : 1) * l[i * n + j + 1] : 0;
	return sum;
}

void peer_square_adjoint(void *data, double t, const double *restrict y, const double *restrict l,
                     double *restrict out)
{
	const struct peer_data *of = data;
	const double *restrict p = of->p;
	int n = of->n;
	(void)t;
	const double *u = y, *v = y + n * n, *lu = l, *lv = l + n * n;
	double a = p[0], c = p[1];
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			int k = i * n + j;
			double d = lu[k] - lv[k];
			out[k] = 2 * u[k] * v[k] * d + a * lv[k] - (a + 1) * lu[k] + c * neighbours(n, lu, i, j);
			out[n * n + k] = u[k] * u[k] * d + c * neighbours(n, lv, i, j);
		}
}
