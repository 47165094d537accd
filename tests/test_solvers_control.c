/* The controller, which is handed squares of errors, against its formula, with the numbers
 * of every method. */
#include "solvers/control.h"
#include "solvers/rough.h"

#include <criterion/criterion.h>
#include <math.h>

static double limited(double x, double low, double high)
{
	return fmax(low, fmin(high, x));
}

static void expect_near(double found, double wanted, double within, const char *method, double error)
{
	cr_expect_lt(fabs(found - wanted), within * wanted, "%s, error %g: %.12g, not %.12g", method, error, found,
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
			            wanted > 0.25 && wanted < 4 ? 0.01 : 0.03, m.info.name, errors[i]);
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
			expect_near(oj_control_reject(&control, errors[i] * errors[i]), limited(wanted, c->shrink, 1), 1e-9,
			            m.info.name, errors[i]);
			cr_expect_eq(oj_control_accept(&control, 1e-16), 1, "%s", m.info.name);
			cr_expect_gt(oj_control_accept(&control, 1e-16), 1, "%s", m.info.name);
		}
		double most = oj_control_reject(&control, NAN);
		cr_expect(most > 0 && most <= c->shrink, "%s", m.info.name);
		cr_expect_eq(oj_control_reject(&control, INFINITY), most);
	}
}

Test(solvers_control, rough_powers_are_as_near_as_they_say_and_grow)
{
	double before = 0;
	for (double x = 1e-300; x < 1e300; x *= 1.0137)
		cr_expect_lt(fabs(oj_rough_logarithm(x) - log2(x)), 0.0432, "log2 %g", x);
	for (double x = -990; x < 990; x += 0.317)
		cr_expect_lt(fabs(oj_rough_power_of_two(x) / exp2(x) - 1), 0.0025, "2^%g", x);
	cr_expect_eq(oj_rough_power_of_two(1e9), oj_rough_power_of_two(1000));
	cr_expect_eq(oj_rough_power_of_two(-1e9), oj_rough_power_of_two(-1000));
	cr_expect_eq(oj_rough_power_of_256(0), 1);
	for (double u = -1.4; u < 100; u += 0.003) {
		double power = oj_rough_power_of_256(u), off = fabs(power / exp2(8 * u) - 1);
		cr_expect(fabs(u) > 0.15 || off < 0.001, "2^(8 %g): off by %g", u, off);
		cr_expect(fabs(u) > 0.42 || off < 0.04, "2^(8 %g): off by %g", u, off);
		cr_expect_gt(power, before, "%g", u);
		before = power;
	}
}
