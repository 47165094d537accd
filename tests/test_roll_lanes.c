/* Rows that share elements become boxes of eight: what they share is loaded once, what
 * is left over goes on as before, and no bit changes. */
#include "tests/support_allocator.h"
#include "tests/support_bits.h"
#include "tests/support_golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned draw(unsigned *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

struct network {
	unsigned rates, constants, species, partners;
};

/* Every rate is a constant times a species times one of a few partners, and is needed
 * by two species. */
static char *make_network(struct network n)
{
	char *text;
	size_t size;
	unsigned state = 3;
	FILE *out = open_memstream(&text, &size);
	for (unsigned k = 0; k < n.constants; k++)
		fprintf(out, "param k%u = %u/7\n", k, k + 1);
	for (unsigned r = 0; r < n.rates; r++) {
		unsigned k = draw(&state, n.constants), a = n.partners + draw(&state, n.species - n.partners);
		fprintf(out, "let r%u = k%u*s%u*s%u\n", r, k, a, draw(&state, n.partners));
	}
	for (unsigned s = 0; s < n.species; s++) {
		fprintf(out, "init s%u = %u\ns%u' = ", s, 1 + s % 3, s);
		for (unsigned r = s; r < 2 * n.rates; r += n.species)
			fprintf(out, " %s r%u", r % 3 ? "+" : "-", r < n.rates ? r : (r * 7) % n.rates);
		fputs("\n", out);
	}
	fclose(out);
	return text;
}

/* `groups` boxes of eight in what the network is rolled to, whose bits are held. */
static void check(struct network n, int groups)
{
	char *text = make_network(n), *rolled;
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "network.ojit");
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "roll", &rolled), OJIT_OK, "%s", ojit_model_error(model).text);
	int found = 0;
	for (const char *at = rolled; (at = strstr(at, ", 0..7] @")); at++)
		found++;
	cr_expect_eq(found, groups, "%u rates, %u constants", n.rates, n.constants);
	ojit_text_free(context, rolled);
	bits_agree(model, "network of shared elements", BITS_ALL, 4);
	ojit_model_free(model);
	ojit_context_free(context);
	free(text);
}

Test(roll_lanes, rows_that_share_two_elements_or_one_are_taken_by_eights)
{
	check((struct network){.rates = 1200, .constants = 6, .species = 90, .partners = 9}, 2);
}

Test(roll_lanes, rows_that_share_one_element_are_taken_by_eights)
{
	check((struct network){.rates = 500, .constants = 7, .species = 70, .partners = 69}, 1);
}

Test(roll_lanes, rows_that_share_little_stay_in_one_loop)
{
	check((struct network){.rates = 400, .constants = 60, .species = 150, .partners = 149}, 0);
}

/* The same in the text form of programs: rate r goes to out[r] and out[r + 1]. */
static char *make_program(unsigned rates)
{
	char *text;
	size_t size;
	unsigned state = 5, line = 0, before = 0;
	FILE *out = open_memstream(&text, &size);
	fputs("program rhs\n", out);
	for (unsigned k = 0; k < 5; k++)
		fprintf(out, "array k%u parameter at %u\n", k, k);
	for (unsigned s = 0; s < 40; s++)
		fprintf(out, "array s%u state at %u\n", s, s);
	for (unsigned r = 0; r < rates; r++)
		fprintf(out, "array d%u out at %u\n", r, r);
	for (unsigned r = 0; r < rates; r++, line += 4) {
		unsigned k = draw(&state, 5), a = draw(&state, 40), b = draw(&state, 40);
		fprintf(out, "block\n  %%%u = load k%u\n  %%%u = load s%u\n  %%%u = load s%u\n", line + 1, k, line + 2, a,
		        line + 3, b);
		fprintf(out, "  %%%u = mul %%%u %%%u %%%u\n", line + 4, line + 1, line + 2, line + 3);
		if (r)
			fprintf(out, "  %%%u = add %%%u %%%u\n  store d%u = %%%u\n", line + 5, before, line + 4, r - 1, line + 5);
		else
			fprintf(out, "  %%%u = exp %%%u\n  store d%u = %%%u\n", line + 5, line + 4, rates - 1, line + 5);
		before = line++ + 4;
	}
	fclose(out);
	return text;
}

static bool has_plane(const struct program *program)
{
	bool found = false;
	for (size_t b = 0; b < program->blocks.count; b++)
		found = found || program->blocks.at[b].rank == 2;
	return found;
}

static int roll_once(ojit_context *context, void *user)
{
	struct space space = {0};
	struct program program = {0};
	struct oj_error error;
	struct pass_options options = {.roll_all = true};
	oj_error_init(&error, context);
	ojit_status status = oj_space_init(&space, context);
	if (status == OJIT_OK)
		status = oj_program_read(&space, &program, user, &error);
	if (status == OJIT_OK)
		status = oj_pass_roll(&program, &options, &error);
	cr_expect(status == OJIT_OK ? has_plane(&program) : status == OJIT_OUT_OF_MEMORY);
	oj_program_drop(&program);
	oj_space_drop(&space);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

Test(roll_lanes, every_allocation_may_fail)
{
	char *text = make_program(340);
	long culprit = 0, swept = watched_sweep(roll_once, text, &culprit);
	cr_expect_gt(swept, 10, "call %ld", culprit);
	free(text);
}
