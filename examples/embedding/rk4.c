/* An integrator of one's own: the classical Runge-Kutta method calls the right-hand side as
 * a plain function, one jump a stage. */
#include <ojit/ojit.h>

#include <stdio.h>

static const char text[] =
	"param omega = 2\n"
	"init  x = 1, v = 0\n"
	"x' = v\n"
	"v' = -omega^2*x\n";

static int complain(const char *message)
{
	fprintf(stderr, "%s\n", message);
	return 1;
}

/* y[2] from t to t + h. */
static void step(ojit_function f, double t, double h, double *y)
{
	double k[4][2], at[2];
	static const double node[] = {0, 0.5, 0.5, 1};
	for (int s = 0; s < 4; s++) {
		for (int i = 0; i < 2; i++)
			at[i] = s ? y[i] + node[s] * h * k[s - 1][i] : y[i];
		f.call(f.data, t + node[s] * h, at, NULL, k[s]);
	}
	for (int i = 0; i < 2; i++)
		y[i] += h / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

/* Half a turn of the oscillator, for two frequencies: the function stays, parameters change. */
static int swing(ojit_evaluator *e)
{
	ojit_function f;
	if (ojit_evaluator_function(e, OJIT_FUNCTION_VALUE, OJIT_RHS, 0, 1, &f) != OJIT_OK)
		return complain(ojit_evaluator_error(e).text);
	for (double omega = 1; omega <= 2; omega++) {
		double y[2] = {1, 0}, h = 3.14159265358979 / omega / 100;
		if (ojit_evaluator_parameters(e, &omega) != OJIT_OK)
			return complain(ojit_evaluator_error(e).text);
		for (int n = 0; n < 100; n++)
			step(f, n * h, h, y);
		printf("omega %g: x = %.6f\n", omega, y[0]);
	}
	return 0;
}

static int evaluate(ojit_program *program)
{
	ojit_evaluator *e = ojit_evaluator_new(program);
	int failed = e ? swing(e) : complain("out of memory");
	ojit_evaluator_free(e);
	return failed;
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program = NULL;
	int failed = 0;
	if (ojit_model_read_text(model, text, sizeof text - 1, "rk4") != OJIT_OK ||
	    ojit_program_compile(model, NULL, &program) != OJIT_OK)
		failed = complain(ojit_model_error(model).text);
	else
		failed = evaluate(program);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return failed;
}
