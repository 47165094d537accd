/* Sums whose terms have no factors but 1 and -1 keep the signs in their tables: the bits
 * are those of the sums as they were written, zeros, infinities and nans included. */
#include "tests/support_bits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned draw(unsigned *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* Species that gain and lose what `rates` products of two of them say; with `doubled`
 * some gain twice. */
static char *make_network(unsigned species, unsigned rates, bool doubled)
{
	char *text;
	size_t size;
	unsigned state = 7;
	FILE *out = open_memstream(&text, &size);
	fputs("param k = 0.3\n", out);
	for (unsigned r = 0; r < rates; r++) {
		unsigned a = draw(&state, species), b = draw(&state, species);
		fprintf(out, "let r%u = k*s%u*s%u\n", r, a, b);
	}
	for (unsigned s = 0; s < species; s++) {
		fprintf(out, "init s%u = %u\ns%u' = ", s, 1 + s % 3, s);
		for (unsigned k = 9 + draw(&state, 9); k > 0; k--) {
			const char *sign = draw(&state, 2) ? "+" : "-", *factor = doubled && !draw(&state, 9) ? "2*" : "";
			fprintf(out, " %s %sr%u", sign, factor, draw(&state, rates));
		}
		fputs("\n", out);
	}
	fclose(out);
	return text;
}

static void check_network(bool doubled)
{
	char *text = make_network(70, 150, doubled), *rolled;
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "network.ojit");
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "roll", &rolled), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_expect_not_null(strstr(rolled, "= imax "), "the signs are not in a table");
	cr_expect_not_null(strstr(rolled, "= ilt "));
	ojit_text_free(context, rolled);
	bits_agree(model, "network of signs", BITS_ALL, 7);
	ojit_model_free(model);
	ojit_context_free(context);
	free(text);
}

Test(roll_signs, signs_in_tables_change_no_bit)
{
	check_network(false);
}

Test(roll_signs, sums_with_other_factors_are_told_apart)
{
	check_network(true);
}
