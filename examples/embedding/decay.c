/* A model handed over as text, solved for several values of a parameter: compiled
 * once, and nothing after. */
#include <ojit/ojit.h>

#include <stdio.h>

static const char text[] =
	"param rate = 1\n"
	"init  x = 1\n"
	"x' = -rate*x\n";

static int complain(const char *message)
{
	fprintf(stderr, "%s\n", message);
	return 1;
}

static int solve(ojit_program *program)
{
	ojit_solver *solver = ojit_solver_new(program);
	int failed = !solver;
	for (int i = 1; !failed && i <= 3; i++) {
		if (ojit_solver_set(solver, OJIT_PARAMETERS, "rate", i) != OJIT_OK ||
		    ojit_solver_run(solver, NULL, 0, 1, ojit_output_final()) != OJIT_OK)
			failed = complain(ojit_solver_error(solver).text);
		else
			printf("rate %d: x(1) = %.4f\n", i, ojit_solver_last_states(solver)[0]);
	}
	ojit_solver_free(solver);
	return failed;
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program = NULL;
	int failed = 0;
	if (ojit_model_read_text(model, text, sizeof text - 1, "decay") != OJIT_OK ||
	    ojit_program_compile(model, NULL, &program) != OJIT_OK)
		failed = complain(ojit_model_error(model).text);
	else
		failed = solve(program);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return failed;
}
