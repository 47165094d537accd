/* Waiting: from a model's text to the first value of its right-hand side in
 * machine code, against clang making a shared object of the same equations in C.
 *
 * `compile` is a process that has compiled before, `first` a fresh process from
 * main on (the bench runs itself again), `size` the same model at growing N. */
#include "bench/bench.h"

#include <string.h>
#include <unistd.h>

static const char *const three_equations =
	"param s = 10, r = 28, b = 8/3\ninit x = 1, y = 1, z = 1\n"
	"x' = s*(y - x)\ny' = x*(r - z) - y\nz' = x*y - b*z\n";

/* Seconds from text to first value. */
static double first_value(ojit_context *context, const char *text, const char *file, const char *name, double value)
{
	double begin = bench_seconds();
	ojit_program *program = NULL;
	if (text) {
		ojit_model *model = ojit_model_new(context);
		ojit_model_read_text(model, text, strlen(text), "three.ojit");
		if (ojit_program_compile(model, NULL, &program) != OJIT_OK)
			bench_fail(ojit_model_error(model).text);
		ojit_model_free(model);
	} else {
		program = bench_program(context, file, name, value);
	}
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	size_t states = ojit_program_describe(program).states;
	double *y = calloc(2 * states, sizeof *y), *out = y + states;
	/* Computing the parameters is running the model, not compiling it, but the
	 * user waits for it too. */
	ojit_status status = ojit_evaluator_call(evaluator, OJIT_RHS, 0, y, out);
	double end = bench_seconds();
	if (status != OJIT_OK)
		bench_fail(ojit_evaluator_error(evaluator).text);
	free(y);
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	return end - begin;
}

static double clang_once(void)
{
	double begin = bench_seconds();
	if (system(OJIT_CLANG " -O2 -march=native -shared -fPIC -o /dev/null -x c - <<'C'\n"
	           "void f(double t, const double *y, double *o, const double *p)\n"
	           "{ o[0] = p[0]*(y[1]-y[0]); o[1] = y[0]*(p[1]-y[2])-y[1]; o[2] = y[0]*y[1]-p[2]*y[2]; }\nC"))
		bench_fail("clang failed");
	return bench_seconds() - begin;
}

static double peer_seconds(void)
{
	double times[5];
	for (int i = 0; i < 5; i++)
		times[i] = clang_once();
	return bench_median(times, 5);
}

static void warm(ojit_context *context, const char *what, const char *label, const char *text,
                 const char *file, const char *name, double value, double peer)
{
	double times[11];
	first_value(context, text, file, name, value);
	for (int i = 0; i < 11; i++)
		times[i] = first_value(context, text, file, name, value);
	bench_line(what, label, "ms", bench_median(times, 11) * 1e3, "clang -O2 -shared of three equations", peer * 1e3);
}

/* A fresh process: `compile --once` prints its own time from main on. */
static void cold(const char *self, double peer)
{
	double times[11];
	char command[4200];
	snprintf(command, sizeof command, "'%s' --once", self);
	for (int i = 0; i < 11; i++) {
		FILE *pipe = popen(command, "r");
		if (!pipe || fscanf(pipe, "%lf", &times[i]) != 1)
			bench_fail("the bench could not run itself");
		pclose(pipe);
	}
	bench_line("first", "three equations, main to first value", "ms", bench_median(times, 11) * 1e3,
	           "clang -O2 -shared of three equations", peer * 1e3);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *file, *name;
		double value;
	} cases[] = {
		{"lorenz.ojit", NULL, 0}, {"lotka_volterra.ojit", NULL, 0}, {"arenstorf.ojit", NULL, 0},
		{"pleiades.ojit", NULL, 0}, {"kuramoto.ojit", "N", 10}, {"kuramoto.ojit", "N", 1000},
		{"nbody_ring.ojit", NULL, 0}, {"brusselator1d.ojit", "N", 500}, {"brusselator2d.ojit", NULL, 0},
		{"burgers.ojit", NULL, 0}, {"advection.ojit", NULL, 0}, {"neural.ojit", NULL, 0},
		{"brusselator1d.ojit", "N", 10000}, {"brusselator1d.ojit", "N", 1000000},
		{"brusselator2d.ojit", "N", 1000},
	};
	ojit_context *context = ojit_context_new(NULL);
	if (argc > 1 && !strcmp(argv[1], "--once")) {
		printf("%.9f\n", first_value(context, three_equations, NULL, NULL, 0));
		ojit_context_free(context);
		return 0;
	}
	double peer = peer_seconds();
	cold(argv[0], peer);
	warm(context, "compile", "three equations", three_equations, NULL, NULL, 0, peer);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char label[128];
		snprintf(label, sizeof label, cases[i].name ? "%s, %s = %.0f" : "%s", cases[i].file, cases[i].name, cases[i].value);
		warm(context, "compile", label, NULL, cases[i].file, cases[i].name, cases[i].value, peer);
	}
	ojit_context_free(context);
	return 0;
}
