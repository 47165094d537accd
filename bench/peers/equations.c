/* Right-hand sides as somebody would write them in C, for clang -O3 -march=native
 * with libm: what generated code is measured against. */
#include <math.h>

void peer_lorenz(double t, const double *y, double *out, const double *p)
{
	(void)t;
	double sigma = p[0], rho = p[1], beta = p[2];
	out[0] = sigma * (y[1] - y[0]);
	out[1] = y[0] * (rho - y[2]) - y[1];
	out[2] = y[0] * y[1] - beta * y[2];
}

/* p: K, then the frequencies */
void peer_kuramoto(int n, const double *y, double *out, const double *p)
{
	double coupling = p[0] / n;
	const double *w = p + 1;
	for (int i = 0; i < n; i++) {
		double sum = 0;
		for (int j = 0; j < n; j++)
			sum += sin(y[j] - y[i]);
		out[i] = w[i] + coupling * sum;
	}
}

/* The same by hand in sums over one index; sine and cosine: [n] each. */
void peer_kuramoto_factored(int n, const double *y, double *out, const double *p, double *sine, double *cosine)
{
	double coupling = p[0] / n, sines = 0, cosines = 0;
	const double *w = p + 1;
	for (int j = 0; j < n; j++) {
		sines += sine[j] = sin(y[j]);
		cosines += cosine[j] = cos(y[j]);
	}
	for (int i = 0; i < n; i++)
		out[i] = w[i] + coupling * (sines * cosine[i] - cosines * sine[i]);
}

/* u[0..n), v[0..n), u = 1 and v = 3 at both ends; a = 1, b = 3 */
void peer_brusselator(int n, const double *restrict y, double *restrict out, double a, double b, double c)
{
	const double *u = y, *v = y + n;
	for (int i = 0; i < n; i++) {
		double ul = i ? u[i - 1] : 1, ur = i + 1 < n ? u[i + 1] : 1;
		double vl = i ? v[i - 1] : 3, vr = i + 1 < n ? v[i + 1] : 3;
		double uuv = u[i] * u[i] * v[i];
		out[i] = a + uuv - (b + 1) * u[i] + c * (ul - 2 * u[i] + ur);
		out[n + i] = b * u[i] - uuv + c * (vl - 2 * v[i] + vr);
	}
}
