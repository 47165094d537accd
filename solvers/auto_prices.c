/* What steps cost, in operations of compiled equations, as those of factors are counted (implicit.c).
 *
 * (m: times of 1,600 runs by tsit5, vern8, rock4, rodas5p, radau and bdf over 60 problems of 2 to 2,000 states.
 * For each of the methods half of them are within a fifth of a constant times what is counted.) */
#include "solvers/auto_state.h"

#include "solvers/implicit.h"
#include "solvers/rock.h"

#include <math.h>

/* Sums over stages come in here. */
double oj_price_of_call(struct rhs *f)
{
	double effort = f->effort ? f->effort(f) : -1;
	return (effort >= 0 ? effort : 10 * (double)f->n) + 10 * (double)f->n + 300;
}

double oj_price_of_attempt(int64_t n, bool is_explicit)
{
	return is_explicit ? 5000 : 8000 + 50 * (double)n;
}

double oj_auto_call_price(struct auto_state *s)
{
	if (s->call_price == 0)
		s->call_price = oj_price_of_call(s->f);
	return s->call_price;
}

/* Stages grow with the root of h times the radius. */
static double stabilised_price(struct auto_state *s, double h)
{
	const struct rock *rock = s->candidates[CANDIDATE_STABILISED].method.row;
	double reach = rock->method == ROCK2 ? 0.81 : 0.35;
	return (sqrt(h * s->radius / reach) + rock->finishing) * oj_auto_call_price(s);
}

/* Most of a Jacobian; a real system and some complex ones, of as many as the order asks for; some iterations
 * (m: means over 65 problems). */
static double implicit_price(struct auto_state *s)
{
	double factors = 3.3, jacobians = 0.7;
	return jacobians * s->f->implicit->jacobian_effort + factors * oj_factor_price(s->f) +
	       s->radau_calls * (oj_solve_price(s->f) + oj_auto_call_price(s));
}

/* A Jacobian, real factors, a solve and a call for each stage. */
static double rosenbrock_price(struct auto_state *s)
{
	int stages = s->candidates[CANDIDATE_ROSENBROCK].method.info.stages;
	return s->f->implicit->jacobian_effort + oj_factor_price(s->f) +
	       stages * (oj_solve_price(s->f) + oj_auto_call_price(s));
}

/* A Jacobian and factors for some steps, for more where factors are dear, for BDF keeps those for longer; two
 * iterations. */
static double multistep_price(struct auto_state *s)
{
	const double dear = 16, calls = 2;
	double steps = oj_factor_price(s->f) > dear * oj_solve_price(s->f) ? 12 : 6;
	return (s->f->implicit->jacobian_effort + oj_factor_price(s->f)) / steps +
	       calls * (oj_solve_price(s->f) + oj_auto_call_price(s));
}

double oj_auto_step_price(struct auto_state *s, enum candidate_kind kind, double h)
{
	double attempt = oj_price_of_attempt(s->n, kind == CANDIDATE_EXPLICIT);
	switch (kind) {
	case CANDIDATE_EXPLICIT:
		return attempt + s->candidates[kind].method.info.stages * oj_auto_call_price(s);
	case CANDIDATE_STABILISED:
		return attempt + stabilised_price(s, h);
	case CANDIDATE_ROSENBROCK:
		return attempt + rosenbrock_price(s);
	case CANDIDATE_IMPLICIT:
		return attempt + implicit_price(s);
	default:
		return attempt + multistep_price(s);
	}
}
