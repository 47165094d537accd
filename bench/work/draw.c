/* Curves drawn: by gnuplot, else in characters. */
#include "bench/work/curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool have_gnuplot(void)
{
	FILE *pipe = popen("command -v gnuplot", "r");
	char path[256];
	bool found = pipe && fgets(path, sizeof path, pipe);
	return pipe && pclose(pipe) == 0 && found;
}

static bool draw_svg(const struct curve *curves, int count, const char *path, const char *title)
{
	FILE *plot = popen("gnuplot", "w");
	if (!plot)
		return false;
	fprintf(plot, "set terminal svg size 900,640 noenhanced background 'white'\nset output '%s'\nset title \"%s\"\n"
	        "set logscale xy\nset xrange [*:*] reverse\nset format '10^{%%L}'\nset key outside\nset grid\n"
	        "set termoption enhanced\nset xlabel 'error'\nset ylabel 'microseconds'\nplot ", path, title);
	const char *comma = "";
	for (int k = 0; k < count; k++) {
		if (curves[k].count == 0)
			continue;
		fprintf(plot, "%s'-' using 1:2 with linespoints %s title \"%s\" noenhanced", comma,
		        curves[k].side == OJIT_SIDE ? "lw 3" : curves[k].side == ASIDE ? "dt 3" : "dt 2", curves[k].name);
		comma = ", ";
	}
	fprintf(plot, "\n");
	for (int k = 0; k < count; k++) {
		if (curves[k].count == 0)
			continue;
		for (int i = 0; i < curves[k].count; i++)
			fprintf(plot, "%.6g %.6g\n", curves[k].points[i].error, 1e6 * curves[k].points[i].seconds);
		fprintf(plot, "e\n");
	}
	return pclose(plot) == 0;
}

enum { WIDTH = 96, HEIGHT = 32 };

struct frame {
	double left, right, low, high; /* decimal logarithms of error and of microseconds */
	char cells[HEIGHT][WIDTH + 1];
};

static void fit(struct frame *f, const struct curve *curves, int count)
{
	*f = (struct frame){INFINITY, -INFINITY, INFINITY, -INFINITY, {{0}}};
	for (int k = 0; k < count; k++) {
		for (int i = 0; i < curves[k].count; i++) {
			double x = log10(curves[k].points[i].error), y = log10(1e6 * curves[k].points[i].seconds);
			f->left = fmin(f->left, x), f->right = fmax(f->right, x);
			f->low = fmin(f->low, y), f->high = fmax(f->high, y);
		}
	}
	for (int row = 0; row < HEIGHT; row++)
		memset(f->cells[row], ' ', WIDTH);
}

/* Errors fall to the right, as in work-precision diagrams. */
static void put_curve(struct frame *f, const struct curve *curve, char letter)
{
	for (int i = 0; i < curve->count; i++) {
		double x = log10(curve->points[i].error), y = log10(1e6 * curve->points[i].seconds);
		int column = (int)((f->right - x) / (f->right - f->left) * (WIDTH - 1) + 0.5);
		int row = (int)((f->high - y) / (f->high - f->low) * (HEIGHT - 1) + 0.5);
		f->cells[row][column] = letter;
	}
}

static bool draw_text(const struct curve *curves, int count, const char *path, const char *title)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct frame f;
	FILE *file = fopen(path, "w");
	if (!file)
		return false;
	fit(&f, curves, count);
	for (int k = 0; k < count && f.right > f.left && f.high > f.low; k++)
		put_curve(&f, &curves[k], letters[(size_t)k % (sizeof letters - 1)]);
	fprintf(file, "%s\nmicroseconds 1e%.1f .. 1e%.1f upwards, errors 1e%.1f .. 1e%.1f to the right\n\n", title, f.low,
	        f.high, f.right, f.left);
	for (int row = 0; row < HEIGHT; row++)
		fprintf(file, "|%s\n", f.cells[row]);
	for (int k = 0; k < count; k++)
		fprintf(file, "%c %s\n", letters[(size_t)k % (sizeof letters - 1)], curves[k].name);
	return fclose(file) == 0;
}

bool curve_draw(const struct curve *curves, int count, const char *directory, const char *name, const char *title)
{
	char path[4096];
	bool svg = have_gnuplot();
	snprintf(path, sizeof path, "%s/%s.%s", directory, name, svg ? "svg" : "txt");
	return svg ? draw_svg(curves, count, path, title) : draw_text(curves, count, path, title);
}
