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
 * error below 1e-4 counts as that much.  HW IV.8: with prediction by no more than
 * safety ratio (old/err^2)^(1/q), old at least 1e-2. */
Test(solvers_control, accepted_steps_follow_the_formula_with_the_methods_exponents)
{
	static const double errors[] = {0.9, 0.3, 1e-2, 1e-3, 1e-6, 0.5, 1e-12, 1};
	for (size_t r = 0; r < oj_method_count(); r++) {
		struct method m = oj_method_at(r);
		const struct controller *c = &m.control;
		struct control control;
		double old = 1e-4, ratio = 0;
		if (m.stepper->propose)
			continue;
		oj_control_begin(&control, c);
		for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
			double alpha = 1 / c->error_order - 0.75 * c->beta;
			double wanted = c->safety * pow(errors[i], -alpha) * pow(old, c->beta);
			double predicted = c->safety * ratio * pow(fmax(old, 1e-2) / (errors[i] * errors[i]), 1 / c->error_order);
			if (c->predicts && ratio > 0)
				wanted = fmin(wanted, predicted);
			ratio = oj_control_accept(&control, errors[i] * errors[i]);
			expect_near(ratio, limited(wanted, c->shrink, c->grow), wanted > 0.25 && wanted < 4 ? 0.01 : 0.03, m.info.name,
			            errors[i]);
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

/* Every step is to be three quarters of the last, and the error says so only afterwards. */
Test(solvers_control, steps_that_get_shorter_and_shorter_are_foreseen)
{
	const struct controller numbers = {.error_order = 5, .safety = 0.9, .shrink = 0.2, .grow = 6};
	int rejected[2] = {0, 0};
	for (int predicts = 0; predicts < 2; predicts++) {
		struct controller c = numbers;
		struct control control;
		double h = 1, right = 1;
		c.predicts = predicts;
		oj_control_begin(&control, &c);
		for (int accepted = 0; accepted < 40;) {
			double error = pow(h / right, 5);
			if (error > 1) {
				h *= oj_control_reject(&control, error * error);
				rejected[predicts]++;
				continue;
			}
			h *= oj_control_accept(&control, error * error);
			right *= 0.75;
			accepted++;
		}
	}
	cr_expect_gt(rejected[0], 30, "%d", rejected[0]);
	cr_expect_lt(rejected[1], 8, "%d", rejected[1]);
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

/* Of implicit methods: one error alone at first, then two, the shorter of both; nothing changes
 * for less than a fifth. */
Test(solvers_control, implicit_steps_follow_two_errors_and_keep_their_length)
{
	const struct controller numbers = {.error_order = 4, .safety = 0.9, .shrink = 0.2, .grow = 8};
	struct pace pace;
	oj_pace_begin(&pace);
	cr_expect_eq(pace.proposed, 0);
	oj_pace_accept(&pace, &numbers, 2, 1e-2, 1);
	expect_near(pace.proposed / 2, 0.9 * pow(1e-2, -0.25), 1e-8, "first", 1e-2);
	oj_pace_accept(&pace, &numbers, 3, 0.1, 0.8);
	double alone = 0.9 * 0.8 * pow(0.1, -0.25), both = 0.9 * 3 / 2 * pow(1e-2 / (0.1 * 0.1), 0.25);
	cr_assert(alone > 1.2 && both > alone);
	expect_near(pace.proposed / 3, alone, 1e-8, "second", 0.1);
	oj_pace_accept(&pace, &numbers, 3, 0.3, 1);
	both = 0.9 * pow(0.1 / (0.3 * 0.3), 0.25);
	cr_assert(both < 1 && 0.9 * pow(0.3, -0.25) > 1);
	expect_near(pace.proposed / 3, both, 1e-8, "third", 0.3);
	pace.rejected = true;
	oj_pace_accept(&pace, &numbers, 1, 1e-4, 1);
	cr_expect_eq(pace.proposed, 1, "no growth after a rejection");
	oj_pace_begin(&pace);
	oj_pace_accept(&pace, &numbers, 1, pow(0.9 / 1.1, 4), 1);
	cr_expect_eq(pace.proposed, 1, "a tenth more is not worth new factors");
	oj_pace_begin(&pace);
	oj_pace_accept(&pace, &numbers, 1, 1e-12, 1);
	expect_near(pace.proposed, 8, 1e-8, "limit", 1e-12);
}
