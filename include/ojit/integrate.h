/* Integrating a program step by step.
 *
 * An integrator stands at a time of a solution and is moved by calls: a step, as many
 * steps as a time takes, exactly to a time.  Between the calls the solution can be
 * looked at anywhere in the steps that are recorded, states and parameters can be
 * changed, and the integrator can be copied, for two ways to go on.
 *
 *     ojit_integrator *integrator = ojit_integrator_new(program);
 *     ojit_integrator_begin(integrator, NULL, 0, INFINITY, OJIT_RECORD_LAST);
 *     for (double t = 0; t < 20; t += 0.1) {
 *             if (ojit_integrator_run_to(integrator, t, y) != OJIT_OK)
 *                     return puts(ojit_integrator_error(integrator).text), 1;
 *             draw(y);
 *     }
 *     ojit_integrator_free(integrator);
 *
 * Steps are those of ojit_solver_run: with the same values, options and end they are
 * the same to the bit, and so is what is read inside of them.  Looking never changes
 * a step.  A program may be shared by any number of threads; an integrator, with the
 * solver inside it, belongs to one thread at a time.  Vectors have their elements in
 * the order in which ojit_solver_name names them. */
#ifndef OJIT_INTEGRATE_H
#define OJIT_INTEGRATE_H

#include <ojit/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ojit_integrator ojit_integrator;

/* ---- making ---- */

/* An integrator on `program`, which must outlive it.  NULL when out of memory; any
 * other failure is kept, and then every call on it returns that failure's status. */
OJIT_API ojit_integrator *ojit_integrator_new(ojit_program *program);
/* One with the values that were set on `solver`, of which it is independent. */
OJIT_API ojit_integrator *ojit_integrator_from(const ojit_solver *solver);
/* One that stands where `integrator` stands, knows what it recorded, and would take
 * the same steps to the bit; they are independent of each other, and may go on in
 * different threads.  What was recorded is copied; only the options' check and user are
 * shared.  NULL when out of memory. */
OJIT_API ojit_integrator *ojit_integrator_copy(const ojit_integrator *integrator);
OJIT_API void ojit_integrator_free(ojit_integrator *integrator); /* NULL is allowed */

/* The failure of the integrator's last failing call; status OJIT_OK: it succeeded.
 * Statuses that every call below can return: OJIT_ARGUMENT for a time or an option
 * that makes no sense (nothing was done), OJIT_OUT_OF_MEMORY, and OJIT_ENDED: the
 * integration ended before it came where it was sent; outcome and message say why, and
 * all that was reached is there. */
OJIT_API ojit_error ojit_integrator_error(const ojit_integrator *integrator);

/* The solver inside, which is the integrator's own and must not be run or freed: its
 * values are what ojit_solver_set and the like change, and its vectors have names.
 *
 * Initial values and tolerances: initial values count at the next begin; tolerances
 * from the next step on.  Parameters take effect at the present time, with the next call
 * that moves the integrator or reads observables: derivatives are evaluated anew and
 * the length of the next step is chosen anew, as in an integration that begins there.
 * ojit_solver_below_atol speaks of the integration so far. */
OJIT_API ojit_solver *ojit_integrator_solver(ojit_integrator *integrator);

/* ---- beginning ---- */

/* Which steps can be looked into.
 *
 * OJIT_RECORD_NONE: none, only the present time is known.
 * OJIT_RECORD_LAST: the last one, at no cost.  After a step that failed, the present
 *   time alone.
 * OJIT_RECORD_ALL: all since the beginning.  A step takes 8 (3 + n v) bytes for n states,
 *   in blocks of 64 KiB or of one step, whichever is more.  Of a Runge-Kutta method, v is 1
 *   and the number of stages that its interpolant reads: 5 for bs3, 7 for dopri5, 8 for
 *   tsit5, 13 for dop853; of auto the most of what it chooses from, and 8 bytes more;
 *   ojit_integrator_step_bytes tells it of any method.  Each change of
 *   parameters takes 8 bytes a parameter and a value derived from parameters.  A
 *   method whose interpolant needs extra stages evaluates them in every step (dop853:
 *   3 beside 12), with the parameters of that step.  `memory_limit` of the options
 *   bounds all of it: when it is reached, no step is taken, and the outcome is
 *   OJIT_INTERRUPTED. */
typedef enum ojit_recording { OJIT_RECORD_NONE, OJIT_RECORD_LAST, OJIT_RECORD_ALL } ojit_recording;

/* Stand at t0 with the solver's initial values (the model's, unless others were set),
 * and forget all that was before.  No step passes `end`; where it is reached, a step
 * ends in it exactly, and the integration is over.  `end` before t0 goes backwards;
 * INFINITY or -INFINITY is a direction without an end.  `options` may be NULL, and is
 * copied; of its members `check` and `user` are used by later calls, and `step_limit`
 * bounds the attempts of one call.
 *
 * OJIT_ENDED where the start is not finite; it can be read nevertheless.  OJIT_ARGUMENT, OJIT_NAME
 * for a method, a linear solver or a state that there is not, and OJIT_UNSUPPORTED for options that
 * are for runs alone: nothing was done, and the integration before goes on.  Where the equations do
 * not suit what was asked for (OJIT_UNSUPPORTED for a Jacobian that cannot be made, OJIT_ARGUMENT for
 * a state that begins below 0 and is to stay above) there is no integration any more. */
OJIT_API ojit_status ojit_integrator_begin(ojit_integrator *integrator, const ojit_options *options,
                                           double t0, double end, ojit_recording recording);

/* ---- moving ---- */

/* One step, which does not pass `bound`: a time ahead, at which a step that would pass
 * it ends exactly.  INFINITY of either sign: only the end bounds it. */
OJIT_API ojit_status ojit_integrator_step(ojit_integrator *integrator, double bound);

/* As many steps as it takes until t is covered (none where it is), and the states at t
 * to y[states], NULL: nowhere.  The steps are the method's own: t does not change them,
 * and the present time is t or somewhat later.  Wants OJIT_RECORD_LAST or _ALL, for t lies
 * inside a step; where it lies before what is recorded, OJIT_ARGUMENT. */
OJIT_API ojit_status ojit_integrator_run_to(ojit_integrator *integrator, double t, double *y);

/* Steps until the present time is t exactly: the last of them is cut short, or all are
 * somewhat stretched, at most by a hundredth.  t must not lie behind the present time.
 * The step after a cut one is as long as the cut one was to be. */
OJIT_API ojit_status ojit_integrator_stop_at(ojit_integrator *integrator, double t);

/* Go on from (t, y) as an integration would that begins there: states were changed
 * from outside, or the way from t on is to be another.
 *
 * t may be the present time; a time in the recorded range, and then what was recorded
 * from there on is forgotten; or any other that is not beyond the end, and then all that
 * was recorded is forgotten.  y[states]; NULL: the states at t where t is in the
 * recorded range, else those at the present time.  Looked at, t has the new states from
 * now on.  Nothing is remembered but values: auto chooses its method again.  OJIT_ENDED where
 * y or its derivative is not finite, or y is beyond growth_limit. */
OJIT_API ojit_status ojit_integrator_restart(ojit_integrator *integrator, double t, const double *y);

/* ---- looking ---- */

/* The present time, and the states there: y[states], valid until the next call that
 * moves.  NAN and NULL before the first begin. */
OJIT_API double ojit_integrator_time(const ojit_integrator *integrator);
OJIT_API const double *ojit_integrator_states(const ojit_integrator *integrator);

/* The range of times that can be looked at, in the direction of integration: from the
 * beginning of the first recorded step to the present.  NAN before the first begin. */
OJIT_API void ojit_integrator_range(const ojit_integrator *integrator, double *from, double *to);

/* The states at a time in that range, in any order and as often as wanted, always with
 * the same bits.  OJIT_ARGUMENT outside of the range. */
OJIT_API ojit_status ojit_integrator_interpolate(ojit_integrator *integrator, double t, double *y);

/* The observables at a time in that range, with the parameters that held there, to
 * out[outputs]. */
OJIT_API ojit_status ojit_integrator_observe(ojit_integrator *integrator, double t, double *out);

/* What was done since the beginning.  `outcome` is OJIT_SUCCESS unless the last call
 * that moves ended early. After OJIT_NONFINITE, OJIT_STEP_TOO_SMALL, OJIT_OUTGROWN and OJIT_STEADY
 * only a restart or other parameters help; after any other the next call goes on. */
OJIT_API ojit_stats ojit_integrator_stats(const ojit_integrator *integrator);
/* Why the last call that moves ended early, as ojit_solver_message; "" if it did not. */
OJIT_API const char *ojit_integrator_message(const ojit_integrator *integrator);

/* Bytes that recording takes now, and bytes that a recorded step takes; 0 before the
 * first begin. */
OJIT_API size_t ojit_integrator_memory(const ojit_integrator *integrator);
OJIT_API size_t ojit_integrator_step_bytes(const ojit_integrator *integrator);

#ifdef __cplusplus
}
#endif
#endif
