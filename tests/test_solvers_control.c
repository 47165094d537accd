/* The controller, which is handed squares of errors, against its formula, with the numbers
 * of every method. */
#include "solvers/control.h"

#include <criterion/criterion.h>
#include <math.h>

static double limited(double x, double low, double high)
{
	return fmax(low, fmin(high, x));
}

static void expect_near(double found, double wanted, const char *method, double error)
{
	cr_expect_lt(fabs(found - wanted), 1e-9 * wanted, "%s, error %g: %.12g, not %.12g", method, error, found,
	             wanted);
}

/* HNW IV.2: h grows by safety err^-alpha old^beta with alpha = 1/q - 0.75 beta; an old
 * error below 1e-4 counts as that much. */
Test(solvers_control, accepted_steps_follow_the_formula_with_the_methods_exponents)
{
	static const double errors[] = {0.9, 0.3, 1e-2, 1e-3, 1e-6, 0.5, 1e-12, 1};
	for (size_t r = 0; r < oj_method_count(); r++) {
		struct method m = oj_method_at(r);
		const struct controller *c = &m.control;
		struct control control;
		double old = 1e-4;
		if (m.stepper->propose)
			continue;
		oj_control_begin(&control, c);
		for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
			double alpha = 1 / c->error_order - 0.75 * c->beta;
			double wanted = c->safety * pow(errors[i], -alpha) * pow(old, c->beta);
			expect_near(oj_control_accept(&control, errors[i] * errors[i]), limited(wanted, c->shrink, c->grow),
			            m.info.name, errors[i]);
			old = fmax(errors[i], 1e-4);
		}
		cr_expect_eq(oj_control_accept(&control, 0), c->grow);
	}
}

Test(solvers_control, rejected_steps_shrink_by_the_error_alone_and_the_next_does_not_grow)
{
	static const double errors[] = {1.0001, 2, 100, 1e10};
	for (size_t r = 0; r < oj_method_count(); r++) {
		struct method m = oj_method_at(r);
		const struct controller *c = &m.control;
		struct control control;
		if (m.stepper->propose)
			continue;
		oj_control_begin(&control, c);
		for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
			double wanted = c->safety * pow(errors[i], -1 / c->error_order);
			expect_near(oj_control_reject(&control, errors[i] * errors[i]), limited(wanted, c->shrink, 1), m.info.name,
			            errors[i]);
			cr_expect_eq(oj_control_accept(&control, 1e-16), 1, "%s", m.info.name);
			cr_expect_gt(oj_control_accept(&control, 1e-16), 1, "%s", m.info.name);
		}
		double most = oj_control_reject(&control, NAN);
		cr_expect(most > 0 && most <= c->shrink, "%s", m.info.name);
		cr_expect_eq(oj_control_reject(&control, INFINITY), most);
	}
}
