/* lib/base/text.h: growing text, and numbers that survive the way through text
 * in any locale. */
#include "lib/base/text.h"
#include "tests/support_allocator.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double bits_as_double(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static uint64_t double_as_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* A xorshift generator: the same bit patterns on every run. */
static uint64_t next_bits(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

Test(base_text, additions_of_all_kinds_follow_one_another)
{
	ojit_context *context = ojit_context_new(NULL);
	struct text text;
	oj_text_init(&text, context);
	cr_assert_str_eq(oj_text_get(&text), "");
	oj_text_string(&text, "x = ");
	oj_text_double(&text, 0.1);
	oj_text_add(&text, ", and more", 5);
	oj_text_format(&text, "%s%d", "y", -3);
	cr_assert_str_eq(oj_text_get(&text), "x = 0.1, andy-3");
	cr_assert_eq(text.length, strlen(oj_text_get(&text)));
	for (int i = 0; i < 1000; i++)
		oj_text_format(&text, "%04d", i);
	cr_assert_eq(text.length, 15u + 4000u);
	cr_assert_str_eq(oj_text_get(&text) + text.length - 8, "09980999");
	oj_text_drop(&text);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0u);
	ojit_context_free(context);
}

static int write_a_page(ojit_context *context, void *user)
{
	(void)user;
	struct text text;
	oj_text_init(&text, context);
	for (int i = 0; i < 200; i++) {
		oj_text_format(&text, "line %d ", i);
		oj_text_double(&text, i / 3.0);
		oj_text_string(&text, "\n");
	}
	int success = !text.failed;
	oj_text_drop(&text);
	return success;
}

Test(base_text, text_remembers_that_memory_ran_out)
{
	long culprit = 0;
	long swept = watched_sweep(write_a_page, NULL, &culprit);
	cr_assert_gt(swept, 3, "swept %ld, culprit %ld", swept, culprit);
}

Test(base_text, a_number_ends_where_it_ends)
{
	static const struct { const char *text; size_t length; double value; } cases[] = {
		{"1", 1, 1}, {"1..N", 1, 1}, {"3.", 2, 3}, {"3.x", 2, 3}, {".5", 2, 0.5},
		{"1.5..2", 3, 1.5}, {"1e3", 3, 1000}, {"1E-3", 4, 0.001}, {"1e", 1, 1},
		{"1e+", 1, 1}, {"2e5x", 3, 2e5}, {"1.e2", 4, 100}, {"0x10", 1, 0}, {"12,5", 2, 12},
		{"007", 3, 7}, {"1e400", 5, INFINITY}, {"1e-400", 6, 0}, {"4.9e-324", 8, 4.9e-324},
		{"", 0, 0}, {".", 0, 0}, {"..", 0, 0}, {"e5", 0, 0}, {"-1", 0, 0}, {"+1", 0, 0},
		{"nan", 0, 0}, {"inf", 0, 0}, {" 1", 0, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double value = 0;
		size_t length = oj_number_read(cases[i].text, strlen(cases[i].text), &value);
		cr_expect_eq(length, cases[i].length, "'%s': %zu", cases[i].text, length);
		if (length)
			cr_expect_eq(value, cases[i].value, "'%s': %.17g", cases[i].text, value);
	}
}

Test(base_text, a_number_is_not_read_past_its_length)
{
	double value = 0;
	cr_assert_eq(oj_number_read("12345", 3, &value), 3u);
	cr_assert_eq(value, 123.0);
	cr_assert_eq(oj_number_read("1.5", 2, &value), 2u);
	cr_assert_eq(value, 1.0);
	cr_assert_eq(oj_number_read("1e5", 2, &value), 1u);
}

/* MPFR's conversion of the same digits is the truth. */
Test(base_text, numbers_are_read_exactly_rounded)
{
	static const char *const hard[] = {
		"2.2250738585072011e-308", "2.2250738585072014e-308", "9007199254740993",
		"9007199254740992.99999999999999999999999999999999999999999",
		"9007199254740993.00000000000000000000000000000000000000001",
		"1.7976931348623158e308", "8.98846567431158e307", "0.1", "6.02214076e23",
		"2.4703282292062327208e-324", "2.4703282292062328e-324", "123456789012345678901234567890",
		("0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		 "00000000000000000000000000000000000000000000000000000000000000001234567890123456789"),
	};
	mpfr_t truth;
	mpfr_init2(truth, 2000);
	for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
		double value = 0;
		cr_expect_eq(oj_number_read(hard[i], strlen(hard[i]), &value), strlen(hard[i]));
		mpfr_set_str(truth, hard[i], 10, MPFR_RNDN);
		cr_expect_eq(value, mpfr_get_d(truth, MPFR_RNDN), "%s gave %.17g", hard[i], value);
	}
	mpfr_clear(truth);
}

static void expect_round_trips(int count)
{
	uint64_t state = 0x9E3779B97F4A7C15u;
	for (int i = 0; i < count; i++) {
		double value = fabs(bits_as_double(next_bits(&state))), back = 0;
		char buffer[32];
		int length = oj_number_shortest(buffer, value);
		cr_assert_eq((size_t)length, strlen(buffer));
		if (!isfinite(value))
			continue;
		cr_assert_eq(oj_number_read(buffer, (size_t)length, &back), (size_t)length, "'%s'", buffer);
		cr_assert_eq(double_as_bits(back), double_as_bits(value), "'%s'", buffer);
		length = oj_number_print(buffer, value, 17);
		cr_assert_eq(oj_number_read(buffer, (size_t)length, &back), (size_t)length, "'%s'", buffer);
		cr_assert_eq(double_as_bits(back), double_as_bits(value), "'%s'", buffer);
	}
}

Test(base_text, printed_numbers_read_back_to_the_bit)
{
	expect_round_trips(20000);
}

Test(base_text, the_shortest_form_is_short)
{
	static const struct { double value; const char *text; } cases[] = {
		{0.1, "0.1"}, {1, "1"}, {-2.5, "-2.5"}, {0, "0"}, {-0.0, "-0"}, {1e300, "1e+300"},
		{1.0 / 3, "0.3333333333333333"}, {DBL_MAX, "1.797693134862316e+308"},
		{DBL_TRUE_MIN, "4.94065645841247e-324"}, {NAN, "nan"}, {INFINITY, "inf"},
		{-INFINITY, "-inf"}, {5e-324 * 3, "1.48219693752374e-323"},
		{0.1 + 0.2, "0.30000000000000004"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char buffer[32];
		int length = oj_number_shortest(buffer, cases[i].value);
		cr_expect_eq((size_t)length, strlen(buffer));
		double back = strtod(buffer, NULL);
		if (cases[i].value == DBL_MAX)
			cr_expect_eq(back, DBL_MAX, "%s must not overflow", buffer);
		else
			cr_expect_str_eq(buffer, cases[i].text);
	}
}

Test(base_text, the_longest_number_fits_its_buffer)
{
	char buffer[32];
	memset(buffer, 'x', sizeof buffer);
	cr_assert_eq(oj_number_print(buffer, -2.2250738585072014e-308, 17), 24);
	cr_assert_str_eq(buffer, "-2.2250738585072014e-308");
}

/* Make `name` in a directory of its own, where the system has the sources of
 * its locales; false where it has not. */
static bool adopt_locale(const char *name)
{
	char directory[] = "/tmp/ojit-locale-XXXXXX", command[512];
	if (!mkdtemp(directory))
		return false;
	snprintf(command, sizeof command, "localedef -c -f UTF-8 -i %s %s/%s.UTF-8 >/dev/null 2>&1", name,
	         directory, name);
	bool made = system(command) == 0;
	char full[64];
	snprintf(full, sizeof full, "%s.UTF-8", name);
	setenv("LOCPATH", directory, 1);
	bool adopted = made && setlocale(LC_ALL, full);
	snprintf(command, sizeof command, "rm -rf %s", directory);
	if (system(command) != 0)
		return false;
	return adopted;
}

static void expect_numbers_in_locale(const char *name, const char *point)
{
	if (!adopt_locale(name))
		cr_skip_test("the locale %s cannot be made here; install the package 'locales'", name);
	cr_assert_str_eq(localeconv()->decimal_point, point, "%s", localeconv()->decimal_point);
	char buffer[32];
	cr_assert_eq(oj_number_print(buffer, 1.5, 17), 3);
	cr_assert_str_eq(buffer, "1.5");
	cr_assert_eq(oj_number_shortest(buffer, -1234567.25), 11);
	cr_assert_str_eq(buffer, "-1234567.25");
	double value = 0;
	cr_assert_eq(oj_number_read("1.5e3", 5, &value), 5u);
	cr_assert_eq(value, 1500.0);
	cr_assert_eq(oj_number_read("1,5", 3, &value), 1u, "a comma separates, it is no point");
	cr_assert_eq(value, 1.0);
	expect_round_trips(2000);
}

Test(base_text, a_german_host_changes_no_number)
{
	expect_numbers_in_locale("de_DE", ",");
}

Test(base_text, a_decimal_point_of_several_bytes_changes_no_number)
{
	expect_numbers_in_locale("ps_AF", "\xd9\xab");
}
