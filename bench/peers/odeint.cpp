/* boost.odeint, everything known when it is compiled: std::array states, equations
 * that the compiler may put inside of the steps.  Its integrate_times brings the times:
 * through the interpolant of dopri5 and of the dense Bulirsch-Stoer method, by stepping
 * to them for the others.  For small stiff problems rosenbrock4 with its interpolant, whose
 * states are uBLAS's.  By clang, for with g++ its dopri5 takes up to twice as long. */
#include "bench/peers/peer.h"
#include "bench/peers/stiff.h"

#include <array>
#include <boost/numeric/odeint.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace odeint = boost::numeric::odeint;

namespace {

enum { DOPRI5, FEHLBERG78, BULIRSCH_STOER, BULIRSCH_STOER_DENSE, ROSENBROCK4, SMALL = 20 };

struct session {
	struct task task;
	long (*run)(const struct task *task, double *rows);
};

template <class problem> struct with {
	typedef std::array<double, problem::n> state;

	struct equations {
		long *evaluations;
		void operator()(const state &y, state &out, double t) const
		{
			if (++*evaluations > PEER_EVALUATIONS)
				throw std::runtime_error("too many evaluations");
			problem::rhs(t, y.data(), out.data());
		}
	};

	struct observer {
		double *row;
		int rows;
		void operator()(const state &y, double)
		{
			if (rows++ > 0) /* the first is the start */
				row = std::copy(y.begin(), y.end(), row);
		}
	};

	template <class stepper> static long integrate(stepper step, const struct task *task, double *rows)
	{
		long evaluations = 0;
		state y;
		std::copy(task->start, task->start + problem::n, y.begin());
		try {
			odeint::integrate_times(step, equations{&evaluations}, y, task->times, task->times + task->count + 1,
			                        1e-4 * (task->times[task->count] - task->times[0]), observer{rows, 0});
		} catch (const std::exception &) {
			return 0;
		}
		return evaluations;
	}

	static long dopri5(const struct task *task, double *rows)
	{
		return integrate(odeint::make_dense_output(task->atol, task->rtol, odeint::runge_kutta_dopri5<state>()),
		                 task, rows);
	}

	static long fehlberg78(const struct task *task, double *rows)
	{
		return integrate(odeint::make_controlled(task->atol, task->rtol, odeint::runge_kutta_fehlberg78<state>()),
		                 task, rows);
	}

	static long bulirsch_stoer(const struct task *task, double *rows)
	{
		return integrate(odeint::bulirsch_stoer<state>(task->atol, task->rtol), task, rows);
	}

	static long bulirsch_stoer_dense(const struct task *task, double *rows)
	{
		return integrate(odeint::bulirsch_stoer_dense_out<state>(task->atol, task->rtol), task, rows);
	}
};

template <class problem> struct stiff {
	typedef boost::numeric::ublas::vector<double> state;
	typedef boost::numeric::ublas::matrix<double> matrix;

	struct equations {
		long *evaluations;
		void operator()(const state &y, state &out, double t) const
		{
			if (++*evaluations > PEER_EVALUATIONS)
				throw std::runtime_error("too many evaluations");
			problem::rhs(t, &y[0], &out[0]);
		}
	};

	struct derivative {
		void operator()(const state &y, matrix &J, const double &t, state &by_time) const
		{
			J.clear();
			problem::jacobian(t, &y[0], &J(0, 0), problem::n, 1);
			by_time.clear();
		}
	};

	static long rosenbrock4(const struct task *task, double *rows)
	{
		long evaluations = 0, count = 0;
		state y(problem::n);
		std::copy(task->start, task->start + problem::n, y.begin());
		try {
			odeint::integrate_times(odeint::make_dense_output(task->atol, task->rtol, odeint::rosenbrock4<double>()),
			                        std::make_pair(equations{&evaluations}, derivative()), y, task->times,
			                        task->times + task->count + 1, 1e-4 * (task->times[1] - task->times[0]),
			                        [&](const state &x, double) {
				if (count++ > 0) /* the first is the start */
					rows = std::copy(x.begin(), x.end(), rows);
			});
		} catch (const std::exception &) {
			return 0;
		}
		return evaluations;
	}
};

#define P(name, states, ...) \
	struct name { \
		enum { n = states }; \
		static void rhs(double t, const double *y, double *out) { name##_rhs(t, y, out); } \
	};
PROBLEMS(P)
#undef P
#define P(name, states, ...) \
	struct name { \
		enum { n = states }; \
		static void rhs(double t, const double *y, double *out) { name##_rhs(t, y, out); } \
		static void jacobian(double t, const double *y, double *J, ptrdiff_t rows, ptrdiff_t columns) \
		{ \
			name##_jacobian(t, y, J, rows, columns); \
		} \
	};
STIFF_PROBLEMS(P)
#undef P

#define P(name, ...) \
	{with<name>::dopri5, with<name>::fehlberg78, with<name>::bulirsch_stoer, with<name>::bulirsch_stoer_dense},
long (*const runs[][4])(const struct task *, double *) = {PROBLEMS(P)};
#undef P
#define P(name, ...) stiff<name>::rosenbrock4,
long (*const stiff_runs[])(const struct task *, double *) = {STIFF_PROBLEMS(P)};
#undef P

void *open_session(const struct task *task, int kind)
{
	if (kind != ROSENBROCK4)
		return task->problem < EASY_COUNT ? new session{*task, runs[task->problem][kind]} : nullptr;
	if (task->problem < EASY_COUNT || task->n > SMALL)
		return nullptr;
	return new session{*task, stiff_runs[task->problem - EASY_COUNT]};
}

long solve(void *self, double *rows)
{
	const session *s = static_cast<session *>(self);
	return s->run(&s->task, rows);
}

void close_session(void *self)
{
	delete static_cast<session *>(self);
}

} /* namespace */

extern "C" __attribute__((visibility("default"))) const struct peer_method peer_methods[] = {
	{"odeint dopri5", DOPRI5, open_session, solve, close_session},
	{"odeint fehlberg78", FEHLBERG78, open_session, solve, close_session},
	{"odeint bulirsch_stoer", BULIRSCH_STOER, open_session, solve, close_session},
	{"odeint bulirsch_stoer dense", BULIRSCH_STOER_DENSE, open_session, solve, close_session},
	{"odeint rosenbrock4", ROSENBROCK4, open_session, solve, close_session},
	{nullptr, 0, nullptr, nullptr, nullptr},
};
