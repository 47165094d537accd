/* A ball that bounces: an integrator is stepped, looked into and turned round.
 *
 * A step that ends below the ground is looked into for the time at which it met the
 * ground, and the ball goes on from there with four fifths of its speed, upwards. */
#include <ojit/ojit.h>

#include <math.h>
#include <stdio.h>

static const char text[] =
	"param g = 9.81\n"
	"init  height = 1, speed = 0\n"
	"height' = speed\n"
	"speed' = -g\n";

static int complain(const char *message)
{
	fprintf(stderr, "%s\n", message);
	return 1;
}

/* When in the last step the ball met the ground, by bisection; y: the states then. */
static ojit_status find_ground(ojit_integrator *ball, double *t, double y[2])
{
	double above, below;
	ojit_integrator_range(ball, &above, &below);
	for (int i = 0; i < 60; i++) {
		double middle = above + (below - above) / 2;
		ojit_status status = ojit_integrator_interpolate(ball, middle, y);
		if (status != OJIT_OK)
			return status;
		*(y[0] > 0 ? &above : &below) = middle;
	}
	*t = below;
	return ojit_integrator_interpolate(ball, below, y);
}

static ojit_status bounce(ojit_integrator *ball)
{
	double t, y[2];
	ojit_status status = find_ground(ball, &t, y);
	if (status != OJIT_OK)
		return status;
	printf("t = %.4f: met the ground at %.4f\n", t, -y[1]);
	y[0] = 0;
	y[1] *= -0.8;
	return ojit_integrator_restart(ball, t, y);
}

static int play(ojit_program *program)
{
	ojit_integrator *ball = ojit_integrator_new(program);
	ojit_status status = ball ? ojit_integrator_begin(ball, NULL, 0, 2, OJIT_RECORD_LAST) : OJIT_OUT_OF_MEMORY;
	while (status == OJIT_OK && ojit_integrator_time(ball) < 2) {
		status = ojit_integrator_step(ball, INFINITY);
		if (status == OJIT_OK && ojit_integrator_states(ball)[0] < 0)
			status = bounce(ball);
	}
	if (status == OJIT_OK)
		printf("t = 2: at height %.4f\n", ojit_integrator_states(ball)[0]);
	else
		complain(ball ? ojit_integrator_error(ball).text : "out of memory");
	ojit_integrator_free(ball);
	return status != OJIT_OK;
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program = NULL;
	int failed = 0;
	if (ojit_model_read_text(model, text, sizeof text - 1, "ball") != OJIT_OK ||
	    ojit_program_compile(model, NULL, &program) != OJIT_OK)
		failed = complain(ojit_model_error(model).text);
	else
		failed = play(program);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return failed;
}
