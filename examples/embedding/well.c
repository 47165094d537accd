/* The bottom of a potential by Newton's method: gradient and Hessian of an observable are
 * all it takes, and nobody writes a derivative. */
#include <ojit/ojit.h>

#include <stdio.h>

static const char text[] =
	"init x = 0.7\n"
	"x' = 0\n"
	"out V = x^4 - 2*x^2\n";

static int complain(const char *message)
{
	fprintf(stderr, "%s\n", message);
	return 1;
}

/* From x[0] to where the gradient vanishes. */
static ojit_status descend(ojit_evaluator *e, double x[1])
{
	const ojit_scalar V = {.of = OJIT_OBSERVABLES, .element = 0};
	for (int step = 1; step <= 6; step++) {
		double slope, curvature; /* the Hessian's one entry */
		ojit_status status = ojit_evaluator_gradient(e, &V, OJIT_BY_STATES, 0, x, &slope);
		if (status == OJIT_OK)
			status = ojit_evaluator_hessian(e, &V, OJIT_BY_STATES, OJIT_BY_STATES, 0, x, &curvature);
		if (status != OJIT_OK)
			return status;
		x[0] -= slope / curvature;
		printf("step %d: x = %.6f\n", step, x[0]);
	}
	return OJIT_OK;
}

static int find_bottom(ojit_program *program)
{
	double x[1] = {0.7};
	ojit_evaluator *e = ojit_evaluator_new(program);
	if (!e)
		return complain("out of memory");
	int failed = descend(e, x) == OJIT_OK ? 0 : complain(ojit_evaluator_error(e).text);
	ojit_evaluator_free(e);
	return failed;
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program = NULL;
	int failed = 0;
	if (ojit_model_read_text(model, text, sizeof text - 1, "well") != OJIT_OK ||
	    ojit_program_compile(model, NULL, &program) != OJIT_OK)
		failed = complain(ojit_model_error(model).text);
	else
		failed = find_bottom(program);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return failed;
}
