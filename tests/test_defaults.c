/* Defaults of parameters that are made of one another: what is set stands in for a
 * default wherever it is read, whatever the order of the text. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 60, TEXT = 1 << 14 };

/* Each from the one before, scalars, lets, an array and a sum between them, in an
 * order that helps nobody.  Parameter `given`, where there is such, is a number. */
static void write_chain(FILE *file, int given, double value)
{
	static const char *const forms[] = {
		"param p%d = sigmoid(p%d) + 1", "param p%d = 1.5 + (p%d + 0.25)^0.5", "param p%d = l + relu(p%d)",
		"param p%d = q/(1 + p%d)", "param p%d = w[2] - 0.5*p%d", "param p%d = p%d*p1 + p0^2",
	};
	fprintf(file, "init x = 1; x' = -x*p%d\nlet l = 0.5*p3 + p2\n", COUNT - 1);
	for (int k = 0; k < COUNT; k++) {
		int i = k * 7 % COUNT;
		if (i == given)
			fprintf(file, "param p%d = %.17g\n", i, value);
		else if (i < 4)
			fprintf(file, "param p%d = %d.25\n", i, i);
		else
			fprintf(file, i < 20 ? forms[i % 3] : forms[i % 6], i, i - 1), fprintf(file, "\n");
	}
	fprintf(file, "param q = sum(j in 1..3, w[j]*p5)\nparam w[j in 1..3] = p19*j + l\n");
}

struct made {
	ojit_context *context;
	ojit_model *model;
	ojit_program *program;
	ojit_solver *solver;
};

static struct made make(int given, double value)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	struct made made = {.context = ojit_context_new(NULL)};
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = OJIT_INTERPRETER;
	write_chain(file, given, value);
	fclose(file);
	made.model = ojit_model_new(made.context);
	ojit_model_read_text(made.model, text, length, NULL);
	cr_assert_eq(ojit_program_compile(made.model, &options, &made.program), OJIT_OK, "%s", ojit_model_error(made.model).text);
	made.solver = ojit_solver_new(made.program);
	free(text);
	return made;
}

static void drop(struct made *made)
{
	ojit_solver_free(made->solver);
	ojit_program_free(made->program);
	ojit_model_free(made->model);
	cr_expect_eq(ojit_context_counters(made->context).live_bytes, 0);
	ojit_context_free(made->context);
}

Test(defaults, what_is_set_counts_as_if_it_stood_in_the_text)
{
	struct made chain = make(-1, 0);
	size_t count = ojit_solver_count(chain.solver, OJIT_PARAMETERS);
	cr_assert_eq(count, COUNT + 4);
	for (int given = 0; given < COUNT; given++) {
		struct made fixed = make(given, 2.75 + given);
		char name[16];
		snprintf(name, sizeof name, "p%d", given);
		ojit_solver_reset(chain.solver, OJIT_PARAMETERS);
		cr_assert_eq(ojit_solver_set(chain.solver, OJIT_PARAMETERS, name, 2.75 + given), OJIT_OK);
		const double *set = ojit_solver_parameters(chain.solver), *written = ojit_solver_parameters(fixed.solver);
		cr_assert(set && written);
		cr_expect_eq(memcmp(set, written, count * sizeof *set), 0, "p%d", given);
		drop(&fixed);
	}
	drop(&chain);
}

static double parameter(const struct made *made, const char *name)
{
	size_t first, count;
	cr_assert_eq(ojit_solver_find(made->solver, OJIT_PARAMETERS, name, &first, &count), OJIT_OK);
	return ojit_solver_parameters(made->solver)[first];
}

/* p22 reads w[2], p21 reads q. */
Test(defaults, an_element_and_a_sum_that_are_set_are_what_others_read)
{
	struct made chain = make(-1, 0);
	double q = parameter(&chain, "q"), p5 = parameter(&chain, "p5");
	cr_assert_eq(ojit_solver_set(chain.solver, OJIT_PARAMETERS, "w[2]", 9), OJIT_OK);
	cr_expect_eq(parameter(&chain, "w[2]"), 9);
	cr_expect_neq(parameter(&chain, "w[1]"), 9);
	cr_expect_float_eq(parameter(&chain, "q"), (parameter(&chain, "w[1]") + 9 + parameter(&chain, "w[3]")) * p5, 1e-12);
	cr_expect_neq(parameter(&chain, "q"), q);
	cr_expect_eq(parameter(&chain, "p22"), 9 - 0.5 * parameter(&chain, "p21"));
	cr_assert_eq(ojit_solver_set(chain.solver, OJIT_PARAMETERS, "q", 3), OJIT_OK);
	cr_expect_eq(parameter(&chain, "p21"), 3 / (1 + parameter(&chain, "p20")));
	drop(&chain);
}
