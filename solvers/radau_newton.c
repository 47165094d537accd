/* The iterations that find the stages of a Radau IIA step: simplified Newton with one real
 * and some complex factors (E. Hairer, G. Wanner, Solving Ordinary Differential Equations
 * II, IV.8). */
#include "solvers/radau_state.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- scales ---- */

/* The tolerance that the estimate of `row` is held to. */
static double own_rtol(const struct radau_state *s, const struct radau_row *row)
{
	double stages = row->stages;
	return 0.25 * oj_control_power(s->tolerance->rtol, (3 * stages + 1) / (4 * stages));
}

/* scale[n], what increments and errors are measured by.  Steps of given size have no
 * tolerance: their iterations go on to rounding, for states that count. */
static void set_scale(struct radau_state *s)
{
	const struct tolerance *tolerance = s->tolerance;
	double spread = s->spread[s->row - oj_radau_row(0)];
	if (!tolerance) {
		double most = DBL_MIN;
		oj_convergence_set(&s->convergence, 0, 16 * DBL_EPSILON, spread);
		for (int64_t i = 0; i < s->n; i++)
			most = fmax(most, fabs(s->y0[i]));
		for (int64_t i = 0; i < s->n; i++)
			s->scale[i] = 16 * DBL_EPSILON * fmax(fabs(s->y0[i]), 1e-3 * most);
		return;
	}
	double rtol = own_rtol(s, s->row);
	s->share = rtol / tolerance->rtol;
	oj_convergence_set(&s->convergence, rtol, rtol, spread);
	for (int64_t i = 0; i < s->n; i++)
		s->scale[i] = s->share * tolerance->atol[i] + rtol * fabs(s->y0[i]);
}

double oj_radau_norm(const struct radau_state *s, const double *v)
{
	double sum = 0, most = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double ratio = v[i] == 0 ? 0 : v[i] / s->scale[i];
		sum += ratio * ratio;
		most = fabs(ratio) > most ? fabs(ratio) : most;
	}
	bool max_norm = s->tolerance && s->tolerance->max_norm && isfinite(sum);
	return max_norm ? most : sqrt(sum / (double)s->n);
}

/* ---- factors ---- */

static void evaluate_jacobian(struct radau_state *s, double t)
{
	oj_jacobian_eval(s->f, t, s->y0);
	s->have_jacobian = s->fresh = true;
	s->factored = NULL;
}

/* Factors of lambda/h I - J for all eigenvalues.  False: one is singular. */
static bool factorise(struct radau_state *s, double h)
{
	if (s->factored == s->row && s->factored_h == h)
		return true;
	const struct radau_row *row = s->row;
	s->factored = NULL;
	bool ok = oj_shift_factor(s->f, 0, row->real / h, 0);
	for (int k = 0; ok && k < row->stages / 2; k++)
		ok = oj_shift_factor(s->f, k + 1, row->shifts.at[2 * k] / h, row->shifts.at[2 * k + 1] / h);
	if (ok) {
		s->factored = row;
		s->factored_h = h;
	}
	return ok;
}

/* ---- stages ---- */

/* Stages of the coming step of length h from the polynomial of the last: where that goes
 * on to, less where it ended. */
static void extrapolate(struct radau_state *s, double h)
{
	double *z = s->now.z, weights[RADAU_STAGES];
	int stages = s->row->stages;
	if (!s->last.row) {
		memset(z, 0, (size_t)(stages * s->stride) * sizeof *z);
		return;
	}
	int known = s->last.row->stages;
	for (int i = 0; i < stages; i++) {
		oj_radau_weights(s->last.row, 1 + s->row->nodes.at[i] * h / s->last.h, weights);
		weights[known - 1] -= 1;
		oj_sum_weighted(s->n, known, weights, s->last.z, s->stride, z + i * s->stride);
	}
}

/* Rows of a matrix [stages][stages] times stages; pairs on the one side by turns. */
static void to_stages(const struct radau_state *s)
{
	int stages = s->row->stages;
	for (int i = 0; i < stages; i++) {
		const double *t = s->row->t.at + i * stages;
		double *z = s->now.z + i * s->stride;
		for (int64_t c = 0; c < s->n; c++)
			z[c] = t[0] * s->w[c];
		for (int k = 1; k < stages; k += 2) {
			const double *pair = s->w + k * s->stride;
			for (int64_t c = 0; c < s->n; c++)
				z[c] += t[k] * pair[2 * c] + t[k + 1] * pair[2 * c + 1];
		}
	}
}

/* out = T^-1 in. */
static void from_stages(const struct radau_state *s, const double *in, double *out)
{
	int stages = s->row->stages;
	const double *t = s->row->t_inverse.at;
	oj_sum_weighted(s->n, stages, t, in, s->stride, out);
	for (int k = 1; k < stages; k += 2) {
		double *pair = out + k * s->stride;
		oj_sum_weighted(s->n, stages, t + k * stages, in, s->stride, s->work);
		oj_sum_weighted(s->n, stages, t + (k + 1) * stages, in, s->stride, s->work + s->stride);
		for (int64_t c = 0; c < s->n; c++) {
			pair[2 * c] = s->work[c];
			pair[2 * c + 1] = s->work[s->stride + c];
		}
	}
}

/* ---- iterations ---- */

static void evaluate_stages(struct radau_state *s, const struct step *step)
{
	int stages = s->row->stages;
	for (int i = 0; i < stages; i++) {
		const double *z = s->now.z + i * s->stride;
		double t = i == stages - 1 ? step->t1 : step->t0 + s->row->nodes.at[i] * step->h;
		for (int64_t c = 0; c < s->n; c++)
			s->work[c] = s->y0[c] + z[c];
		rhs_eval(s->f, t, s->work, s->f_stages + i * s->stride);
	}
}

/* Increments g of w, from g = T^-1 F. */
static void solve_stages(struct radau_state *s, double h)
{
	const struct radau_row *row = s->row;
	double real = row->real / h;
	for (int64_t c = 0; c < s->n; c++)
		s->g[c] -= real * s->w[c];
	oj_shift_solve(s->f, 0, s->g);
	for (int k = 0; k < row->stages / 2; k++) {
		double alpha = row->shifts.at[2 * k] / h, beta = row->shifts.at[2 * k + 1] / h;
		double *g = s->g + (2 * k + 1) * s->stride;
		const double *w = s->w + (2 * k + 1) * s->stride;
		for (int64_t c = 0; c < s->n; c++) {
			g[2 * c] -= alpha * w[2 * c] - beta * w[2 * c + 1];
			g[2 * c + 1] -= beta * w[2 * c] + alpha * w[2 * c + 1];
		}
		oj_shift_solve(s->f, k + 1, g);
	}
}

/* The norm of the increments, all stages together. */
static double increment_norm(const struct radau_state *s)
{
	int stages = s->row->stages;
	double sum = 0;
	for (int64_t c = 0; c < s->n; c++) {
		double scale = s->scale[c], first = s->g[c] == 0 ? 0 : s->g[c] / scale;
		sum += first * first;
		for (int k = 1; k < stages; k += 2) {
			const double *pair = s->g + k * s->stride + 2 * c;
			double re = pair[0] == 0 ? 0 : pair[0] / scale, im = pair[1] == 0 ? 0 : pair[1] / scale;
			sum += re * re + im * im;
		}
	}
	return sqrt(sum / (double)(s->n * stages));
}

static void add_increments(struct radau_state *s)
{
	int stages = s->row->stages;
	for (int64_t c = 0; c < s->n; c++)
		s->w[c] += s->g[c];
	for (int k = 1; k < stages; k += 2)
		for (int64_t c = 0; c < 2 * s->n; c++)
			s->w[k * s->stride + c] += s->g[k * s->stride + c];
	to_stages(s);
}

/* Whose increment is not finite: F is not, or there is no tolerance to measure it by. */
static void find_fault(struct radau_state *s)
{
	s->fault = -1;
	for (int i = 0; s->fault < 0 && i < s->row->stages; i++)
		s->fault = oj_first_nonfinite(s->n, s->f_stages + i * s->stride);
	s->fault_is_scale = s->fault < 0;
	for (int64_t c = 0; s->fault < 0 && c < s->n; c++)
		if (s->scale[c] == 0)
			s->fault = c;
}

int oj_radau_rounds(const struct radau_row *row)
{
	int most = 7 + (row->stages - 3) * 5 / 2;
	return most < 7 ? 7 : most;
}

/* Solve for the stages, from those that are there. */
static bool iterate(struct radau_state *s, const struct step *step)
{
	struct convergence *c = &s->convergence;
	int most = oj_radau_rounds(s->row);
	enum newton_verdict verdict = NEWTON_GOES_ON;
	c->most = c->forced ? NEWTON_FIXED_ROUNDS : most;
	oj_convergence_begin(c);
	from_stages(s, s->now.z, s->w);
	while (verdict == NEWTON_GOES_ON) {
		evaluate_stages(s, step);
		from_stages(s, s->f_stages, s->g);
		solve_stages(s, step->h);
		double size = increment_norm(s);
		verdict = oj_convergence_judge(c, size);
		if (!isfinite(size))
			find_fault(s);
		if (verdict != NEWTON_FAILED)
			add_increments(s);
	}
	s->f->implicit->iterations += (uint64_t)c->iterations;
	s->retry = fabs(step->h) * c->shorten;
	return verdict == NEWTON_DONE;
}

/* The iterations came to nothing: with a fresh J, then with a shorter step. */
bool oj_radau_solve(struct radau_state *s, const struct step *step)
{
	for (;;) {
		if (!s->have_jacobian)
			evaluate_jacobian(s, step->t0);
		set_scale(s);
		s->retry = fabs(step->h) / 2;
		extrapolate(s, step->h);
		bool fresh = s->fresh;
		if (factorise(s, step->h) && iterate(s, step))
			return true;
		s->convergence.remaining = 1;
		if (fresh)
			return false;
		s->have_jacobian = false;
	}
}
