/* What was written out flat is found again: the number of blocks does not depend on
 * the size of the model, nothing goes through tables where the family is affine, and
 * no bit changes, whatever the form. */
#include "lib/graph/passes.h"
#include "tests/support_sanitizer.h"
#include "tests/support_bits.h"
#include "tests/support_kernels.h"
#include "tests/support_model.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- texts */

struct flat { /* a text being written */
	FILE *file;
	char *text;
	size_t length;
};

static void flat_open(struct flat *f)
{
	f->file = open_memstream(&f->text, &f->length);
	cr_assert_not_null(f->file);
}

static const char *flat_close(struct flat *f)
{
	fclose(f->file);
	return f->text;
}

#ifdef SANITIZED
enum { FAMILIES = 12 }; /* each takes six times as long */
#else
enum { FAMILIES = 40 };
#endif
enum order { ORDERED, TAKING_TURNS };

/* u1 .. un, and what stands beyond the ends. */
static void print_cell(FILE *file, const char *name, int i, int n, const char *beyond)
{
	if (i < 1 || i > n)
		fprintf(file, "%s", beyond);
	else
		fprintf(file, "%s%d", name, i);
}

static void print_diffusion(FILE *file, const char *name, int i, int n, const char *beyond)
{
	fprintf(file, " + c*(");
	print_cell(file, name, i - 1, n, beyond);
	fprintf(file, " - 2*%s%d + ", name, i);
	print_cell(file, name, i + 1, n, beyond);
	fprintf(file, ")\n");
}

static void write_brusselator(FILE *file, int n, enum order order)
{
	fprintf(file, "param A = 1, B = 3, al = 0.02\nlet c = al*%d\n", (n + 1) * (n + 1));
	for (int k = 0; k < 2 * n; k++) {
		int i = order == ORDERED ? k % n + 1 : k / 2 + 1, second = order == ORDERED ? k / n : k % 2;
		fprintf(file, "init %c%d = %g\n", second ? 'v' : 'u', i, second ? 3 : 1 + 0.01 * i);
		if (second)
			fprintf(file, "v%d' = B*u%d - u%d^2*v%d", i, i, i, i);
		else
			fprintf(file, "u%d' = A + u%d^2*v%d - (B + 1)*u%d", i, i, i, i);
		print_diffusion(file, second ? "v" : "u", i, n, second ? "B/A" : "A");
	}
}

static int mirrored(int i, int n)
{
	return i < 1 ? 2 : i > n ? n - 1 : i;
}

static int wrapped(int i, int n)
{
	return (i + n - 1) % n + 1;
}

static void print_diffusion2(FILE *file, char name, int i, int j, int n, int (*beyond)(int i, int n))
{
	fprintf(file, " + D*(%c_%d_%d + %c_%d_%d + %c_%d_%d + %c_%d_%d - 4*%c_%d_%d)\n", name, beyond(i - 1, n), j, name,
	        beyond(i + 1, n), j, name, i, beyond(j - 1, n), name, i, beyond(j + 1, n), name, i, j);
}

static void write_brusselator2(FILE *file, int n, enum order order, int (*beyond)(int i, int n))
{
	fprintf(file, "param A = 3.4, B = 1, D = 0.8\n");
	for (int k = 0; k < 2 * n * n; k++) {
		int cell = order == ORDERED ? k % (n * n) : k / 2, second = order == ORDERED ? k / (n * n) : k % 2;
		int i = cell / n + 1, j = cell % n + 1;
		fprintf(file, "init %c_%d_%d = %g\n", second ? 'v' : 'u', i, j, 1 + 0.01 * (second ? i : j));
		if (second)
			fprintf(file, "v_%d_%d' = A*u_%d_%d - u_%d_%d^2*v_%d_%d", i, j, i, j, i, j, i, j);
		else
			fprintf(file, "u_%d_%d' = B + u_%d_%d^2*v_%d_%d - (A + 1)*u_%d_%d", i, j, i, j, i, j, i, j);
		print_diffusion2(file, second ? 'v' : 'u', i, j, n, beyond);
	}
}

static void write_kuramoto(FILE *file, int n)
{
	fprintf(file, "param K = 0.5\n");
	for (int i = 1; i <= n; i++) {
		fprintf(file, "param w%d = %g\ninit t%d = %g\nt%d' = w%d + K/%d*(", i, 0.1 + 0.003 * i, i, 0.7 * i, i, i, n);
		for (int j = 1, any = 0; j <= n; j++)
			if (j != i)
				fprintf(file, "%ssin(t%d - t%d)", any++ ? " + " : "", j, i);
		fprintf(file, ")\n");
	}
}

/* Products whose operands come in the order of their elements, i before j or not. */
static void write_pairs(FILE *file, int n)
{
	for (int i = 1; i <= n; i++) {
		fprintf(file, "init y%d = %g\ny%d' = atan(y%d*y%d) - (", i, 0.1 * i, i, i, i % n + 1);
		for (int j = 1, any = 0; j <= n; j++)
			if (j != i)
				fprintf(file, "%shypot(y%d*y%d, sin(y%d))", any++ ? " + " : "", i, j, j);
		fprintf(file, ")\n");
	}
}

/* Every pair with a number of its own. */
static void write_weights(FILE *file, int n)
{
	for (int i = 0; i < n; i++) {
		fprintf(file, "init x%d = %g\nx%d' = ", i, 0.01 * i, i);
		for (int j = 0, any = 0; j < n; j++)
			if (j != i)
				fprintf(file, "%s%d*sin((%g)*x%d - x%d)", any++ ? " + " : "", 1 + (i * 7 + j) % 5,
				        (i * 5 + j * 3) % 11 - 5.5, j, i);
		fprintf(file, "\n");
	}
}

/* Products over all others. */
static void write_products(FILE *file, int n)
{
	for (int i = 0; i < n; i++) {
		fprintf(file, "init x%d = %g\nx%d' = 0.1 - ", i, 0.01 * i, i);
		for (int j = 0, any = 0; j < n; j++)
			if (j != i)
				fprintf(file, "%s(1.5 - x%d - 2*x%d)", any++ ? "*" : "", i, j);
		fprintf(file, "\n");
	}
}

/* Bodies that attract one another: three sums need one distance. */
static void write_bodies(FILE *file, int n)
{
	for (int i = 0; i < n; i++)
		for (int axis = 0; axis < 3; axis++) {
			char c = "xyz"[axis];
			fprintf(file, "init %c%d = %g, v%c%d = 0\n%c%d' = v%c%d\nv%c%d' = ", c, i, 0.3 * i + axis * axis, c, i, c, i,
			        c, i, c, i);
			for (int j = 0, any = 0; j < n; j++)
				if (j != i)
					fprintf(file, "%s(%c%d - %c%d)/((x%d - x%d)^2 + (y%d - y%d)^2 + (z%d - z%d)^2)^1.5",
					        any++ ? " + " : "", c, j, c, i, j, i, j, i, j, i);
			fprintf(file, "\n");
		}
}

/* Heat in a cube whose faces are at 0 degrees. */
static void write_cube(FILE *file, int n)
{
	for (int cell = 0; cell < n * n * n; cell++) {
		int at[3] = {cell / n / n, cell / n % n, cell % n};
		fprintf(file, "init q_%d_%d_%d = %g\nq_%d_%d_%d' = -6*q_%d_%d_%d", at[0], at[1], at[2], 0.01 * cell, at[0],
		        at[1], at[2], at[0], at[1], at[2]);
		for (int side = 0; side < 6; side++) {
			int to[3] = {at[0], at[1], at[2]};
			to[side / 2] += side % 2 ? 1 : -1;
			bool inside = to[side / 2] >= 0 && to[side / 2] < n;
			if (inside)
				fprintf(file, " + q_%d_%d_%d", to[0], to[1], to[2]);
			else
				fprintf(file, " + 0");
		}
		fprintf(file, "\n");
	}
}

/* A reaction in the plane with everything multiplied out: ten terms that differ. */
static void write_expanded(FILE *file, int n)
{
	static const int steps[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
	fprintf(file, "param a = 1, b = 2, d = 0.1\n");
	for (int cell = 0; cell < n * n; cell++) {
		int i = cell / n, j = cell % n;
		fprintf(file, "init u_%d_%d = %g\nu_%d_%d' = b + exp(u_%d_%d)*u_%d_%d - b*u_%d_%d - sin(u_%d_%d) + a", i, j,
		        0.01 * cell, i, j, i, j, i, j, i, j, i, j);
		for (int k = 0; k < 4; k++)
			fprintf(file, " + d*u_%d_%d", wrapped(i + steps[k][0] + 1, n) - 1, wrapped(j + steps[k][1] + 1, n) - 1);
		fprintf(file, " - 4*d*u_%d_%d\n", i, j);
	}
}

/* The nine cells around each, with weights. */
static void write_nine(FILE *file, int n)
{
	for (int cell = 0; cell < n * n; cell++) {
		int i = cell / n, j = cell % n;
		fprintf(file, "init u_%d_%d = %g\nu_%d_%d' = 0.5*u_%d_%d", i, j, 0.01 * cell, i, j, i, j);
		for (int k = 0; k < 9; k++)
			fprintf(file, " + %d*u_%d_%d", k % 2 ? 4 : k == 4 ? -20 : 1, wrapped(i + k / 3, n) - 1,
			        wrapped(j + k % 3, n) - 1);
		fprintf(file, "\n");
	}
}

/* Sums over up to seven neighbours on each side, cut off at the ends. */
static void write_band(FILE *file, int n)
{
	fprintf(file, "param k = 0.1\n");
	for (int i = 1; i <= n; i++) {
		fprintf(file, "init x%d = %g\nx%d' = -x%d + k*(", i, 0.01 * i, i, i);
		for (int j = i - 7, any = 0; j <= i + 7; j++)
			if (j >= 1 && j <= n)
				fprintf(file, "%stanh(x%d - 0.5*x%d)", any++ ? " + " : "", j, i);
		fprintf(file, ")\n");
	}
}

/* ---------------------------------------------------------------- counting */

struct counts { size_t blocks, tables, axes; }; /* axes: of the box of most axes */

static struct counts count(const struct program *program)
{
	struct counts c = {.blocks = program->blocks.count};
	struct expr_list list = {0};
	for (size_t b = 0; b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		c.axes = block->rank > c.axes ? block->rank : c.axes;
		cr_assert(oj_block_reach(program->space, block, true, &list));
		for (size_t s = 0; s < block->stores.count; s++)
			for (uint32_t k = 0; k < program->space->arrays.at[block->stores.at[s].array].rank; k++)
				cr_assert(oj_reach(&program->space->graph, &block->stores.at[s].index[k], 1, true, &list));
	}
	for (size_t i = 0; i < list.list.count; i++)
		c.tables += oj_is(&program->space->graph, list.list.at[i], OP_TABLE);
	VECTOR_DROP(program->space->context, &list.list);
	return c;
}

/* The right-hand side after the passes up to and with `last`. */
static struct counts count_after(const char *text, const char *last)
{
	struct support_model m;
	struct pass_options options = {0};
	support_model_open(&m, text, "flat");
	struct program *program = &m.lowered.programs[KERNEL_RHS];
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		cr_assert_eq(pass->run(program, &options, &m.error), OJIT_OK, "%s", oj_error_public(&m.error).text);
		if (!strcmp(pass->name, last))
			break;
	}
	struct counts c = count(program);
	support_model_close(&m);
	return c;
}

struct form {
	const char *name;
	void (*write)(FILE *file, int n);
	int small, large;
	size_t axes, blocks; /* of the largest box; of the program after roll, and after fuse */
	size_t fused;
};

static void ordered(FILE *file, int n) { write_brusselator(file, n, ORDERED); }
static void taking_turns(FILE *file, int n) { write_brusselator(file, n, TAKING_TURNS); }
static void mirror(FILE *file, int n) { write_brusselator2(file, n, ORDERED, mirrored); }
static void mirror_turns(FILE *file, int n) { write_brusselator2(file, n, TAKING_TURNS, mirrored); }
static void torus(FILE *file, int n) { write_brusselator2(file, n, ORDERED, wrapped); }
static void torus_turns(FILE *file, int n) { write_brusselator2(file, n, TAKING_TURNS, wrapped); }

static const struct form forms[] = {
	{"a Brusselator, ordered", ordered, 20, 50, 1, 8, 2},
	{"a Brusselator, taking turns", taking_turns, 20, 50, 1, 8, 2},
	{"a Brusselator in the plane", mirror, 12, 17, 2, 19, 6},
	{"a Brusselator in the plane, taking turns", mirror_turns, 12, 17, 2, 19, 6},
	{"a Brusselator on a torus", torus, 12, 17, 2, 19, 6},
	{"a Brusselator on a torus, taking turns", torus_turns, 12, 17, 2, 19, 6},
	{"Kuramoto", write_kuramoto, 14, 30, 1, 2, 1},
	{"pairs", write_pairs, 14, 30, 1, 4, 4},
	{"products", write_products, 14, 30, 1, 2, 1},
	{"bodies", write_bodies, 12, 20, 1, 4, 2},
	{"heat in a cube", write_cube, 12, 13, 3, 27, 20},
	{"a plane, multiplied out", write_expanded, 12, 17, 2, 12, 8},
	{"nine points", write_nine, 12, 17, 2, 9, 6},
	{"a band", write_band, 40, 60, 1, 6, 4},
};

static void compare(const struct form *form, const char *last, size_t expected)
{
	struct counts counts[2];
	for (int k = 0; k < 2; k++) {
		struct flat f;
		flat_open(&f);
		form->write(f.file, k ? form->large : form->small);
		counts[k] = count_after(flat_close(&f), last);
		free(f.text);
	}
	cr_expect_eq(counts[0].blocks, counts[1].blocks, "%s: %zu and %zu blocks after %s", form->name, counts[0].blocks,
	             counts[1].blocks, last);
	cr_expect_leq(counts[0].blocks, expected, "%s: %zu blocks after %s", form->name, counts[0].blocks, last);
	cr_expect_eq(counts[0].tables + counts[1].tables, 0, "%s: tables after %s", form->name, last);
	cr_expect_eq(counts[1].axes, form->axes, "%s: %zu axes", form->name, counts[1].axes);
}

Test(passes_roll, the_number_of_blocks_does_not_depend_on_the_size)
{
	for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
		compare(&forms[k], "roll", forms[k].blocks);
		compare(&forms[k], "fuse", forms[k].fused);
	}
}

/* Rates, some of which need a sum of all states, in sums of any length. */
static void write_network(FILE *file, int n)
{
	uint64_t dice = 5;
	fprintf(file, "param k = 0.5\nlet total = ");
	for (int i = 0; i < n; i++)
		fprintf(file, "%sy%d", i ? " + " : "", i);
	for (int i = 0; i < n; i++) {
		int terms = 5 + (int)(random_bits(&dice) % 9);
		fprintf(file, "\ninit y%d = 0.1\ny%d' = ", i, i);
		for (int k = 0; k < terms; k++) {
			int rate = (int)(random_bits(&dice) >> 33) % (2 * n), a = rate * 7 % n, b = rate * 11 % n;
			fprintf(file, "%s", k == 0 ? "" : random_bits(&dice) >> 40 & 1 ? " + " : " - ");
			if (rate % 3)
				fprintf(file, "k*y%d*y%d", a, b);
			else
				fprintf(file, "k*y%d/total", a);
		}
	}
	fprintf(file, "\n");
}

Test(passes_roll, sums_of_terms_that_depend_on_one_another_differently_are_one_block)
{
	for (int n = 60; n <= 100; n += 20) {
		struct flat f;
		flat_open(&f);
		write_network(f.file, n);
		struct counts counts = count_after(flat_close(&f), "roll");
		cr_expect_leq(counts.blocks, 16, "%d states: %zu blocks", n, counts.blocks);
		free(f.text);
	}
}

static void hold_bits(const char *name, const char *text, size_t points)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "flat");
	bits_agree(model, name, BITS_PAIR, points);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* Of all derivatives, with pass roll and without it. */
static void hold_kernels(const char *name, const char *text)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "flat");
	kernels_agree(model, name, KERNELS_FLAT);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(passes_roll, the_named_forms_keep_their_bits)
{
	for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
		struct flat f;
		flat_open(&f);
		forms[k].write(f.file, forms[k].small);
		hold_bits(forms[k].name, flat_close(&f), 4);
		free(f.text);
	}
}

Test(passes_roll, derivatives_of_the_named_forms_keep_their_bits)
{
	for (size_t k = 0; k < sizeof forms / sizeof *forms; k += 2) {
		struct flat f;
		flat_open(&f);
		forms[k].write(f.file, forms[k].small * 2 / 3);
		hold_kernels(forms[k].name, flat_close(&f));
		free(f.text);
	}
}

/* Two shapes of terms one after another, in any lengths and of any elements. */
static void write_uneven(FILE *file, int n)
{
	uint64_t dice = 7;
	for (int i = 0; i < n; i++) {
		int first = 4 + (int)(random_bits(&dice) % (i % 3 ? 9 : 60)), second = 66 - first;
		fprintf(file, "init y%d = %g\ny%d' = -y%d + 0.5*(", i, 0.1 * i, i, i);
		for (int k = 0; k < first; k++)
			fprintf(file, "sin(y%d - (%d)*y%d) + ", (int)(random_bits(&dice) >> 40) % n,
			        k % 2 ? -70 * i - k : 70 * i + k + 2, (i + k) % n);
		for (int k = 0; k < second; k++)
			fprintf(file, "hypot(y%d, %d*y%d)%s", (int)(random_bits(&dice) >> 40) % n, 70 * i + k + 2, (i + k) % n,
			        k + 1 < second ? " + " : ")\n");
	}
}

Test(passes_roll, sums_with_numbers_of_their_own_keep_their_bits)
{
	for (int uneven = 0; uneven < 2; uneven++) {
		struct flat f;
		flat_open(&f);
		(uneven ? write_uneven : write_weights)(f.file, 20);
		hold_bits(uneven ? "uneven sums" : "weights", flat_close(&f), 4);
		free(f.text);
	}
}

/* Powers whose exponents differ, some of which are roots. */
static void write_powers(FILE *file, int n)
{
	static const char *const exponents[] = {"0.5", "1.5", "3.25", "-0.75"};
	for (int i = 0; i < n; i++) {
		fprintf(file, "init x%d = %g\nx%d' = (1 + x%d)^%s - x%d", i, 0.37 * i, i, i, exponents[i % 4], i);
		for (int k = 0; k < 12; k++)
			fprintf(file, " + x%d^%s", (5 * i + 3 * k) % n, exponents[(i + k / 3) % 4]);
		fprintf(file, "\n");
	}
}

/* Expand writes a root out, which rounds as the same exponent as data does. */
Test(passes_roll, exponents_of_which_some_are_roots_keep_their_bits)
{
	struct flat f;
	flat_open(&f);
	write_powers(f.file, 200);
	hold_bits("powers", flat_close(&f), 4);
	free(f.text);
}

/* Long runs of terms without any element: time. */
static void write_times(FILE *file, int n)
{
	for (int i = 0; i < n; i++) {
		fprintf(file, "init x%d = %g\nx%d' = sin(x%d)*(t", i, 0.1 * i, i, i);
		for (int k = 0; k < 30 + i % 7; k++)
			fprintf(file, " + t");
		fprintf(file, ")\n");
	}
}

Test(passes_roll, sums_whose_terms_read_nothing_keep_their_bits)
{
	struct flat f;
	flat_open(&f);
	write_times(f.file, 40);
	hold_bits("times", flat_close(&f), 3);
	hold_kernels("times", f.text);
	free(f.text);
}

/* ---------------------------------------------------------------- random families */

/* A family over a grid written out flat.  What an equation looks like is drawn from
 * `seed` again for every cell, so all cells look alike but for their surroundings. */
struct grid_family {
	uint64_t seed, dice;
	int axes, extent[3], cells, species;
	enum edge { LITERAL_EDGE, MIRRORED_EDGE, WRAPPED_EDGE, FIRST_CELL_EDGE } edge;
	bool named; /* a let for every cell */
};

static unsigned draw(struct grid_family *f, unsigned sides)
{
	return (unsigned)(random_bits(&f->dice) >> 33) % sides;
}

static struct grid_family choose_family(uint64_t seed)
{
	static const int least[] = {9, 4, 3}, more[] = {30, 9, 3};
	struct grid_family f = {.dice = seed};
	f.axes = (int)draw(&f, 6);
	f.axes = f.axes < 3 ? 1 : f.axes < 5 ? 2 : 3;
	f.cells = 1;
	for (int a = 0; a < f.axes; a++)
		f.cells *= f.extent[a] = least[f.axes - 1] + (int)draw(&f, (unsigned)more[f.axes - 1]);
	f.species = 1 + (int)draw(&f, f.axes == 3 ? 2 : 3);
	f.edge = draw(&f, 4);
	f.named = draw(&f, 2);
	f.seed = f.dice;
	return f;
}

/* One of the states, `shift` cells away along an axis. */
static void print_state(FILE *file, const struct grid_family *f, int species, int cell, int axis, int shift)
{
	int stride = 1, extent = f->extent[axis];
	for (int a = axis + 1; a < f->axes; a++)
		stride *= f->extent[a];
	int at = cell / stride % extent, to = at + shift;
	if (to < 0 || to >= extent) {
		if (f->edge == LITERAL_EDGE) {
			fprintf(file, "0.5");
			return;
		}
		to = f->edge == WRAPPED_EDGE ? (to + extent) % extent
		   : f->edge == MIRRORED_EDGE ? (to < 0 ? -to : 2 * extent - 2 - to) : 0;
	}
	fprintf(file, "%c%d", "xyz"[species], cell + (to - at) * stride);
}

static void print_leaf(FILE *file, struct grid_family *f, int cell)
{
	unsigned species = draw(f, (unsigned)f->species), axis = draw(f, (unsigned)f->axes), shift = draw(f, 5);
	switch (draw(f, 9)) {
	case 0:
		fprintf(file, "%g", 0.25 * (1 + (double)shift));
		break;
	case 1:
		fprintf(file, "%g", 0.125 * (double)(1 + cell % 17)); /* a number of the cell's own */
		break;
	case 2:
		fprintf(file, "k%u", species);
		break;
	case 3:
		fprintf(file, "%c%d", "xyz"[species], shift < 2 ? 3 : cell); /* the same in all, or its own */
		break;
	case 4:
		if (f->named) {
			fprintf(file, "r%d", cell);
			break;
		}
		/* fallthrough */
	default:
		print_state(file, f, (int)species, cell, (int)axis, (int)shift - 2);
	}
}

static void print_tree(FILE *file, struct grid_family *f, int cell, int depth)
{
	static const char *const between[] = {" + ", " - ", "*", "*", ", ", ", "};
	static const char *const before[] = {"(", "(", "(", "(", "max(", "hypot("};
	static const char *const around[] = {"sin(", "tanh(", "-(", "2*("};
	unsigned choice = depth > 0 ? draw(f, 11) : 10;
	if (choice < 6) {
		fprintf(file, "%s", before[choice]);
		print_tree(file, f, cell, depth - 1);
		for (unsigned more = 1 + draw(f, 2) * (choice < 3); more > 0; more--) {
			fprintf(file, "%s", between[choice]);
			print_tree(file, f, cell, depth - 1);
		}
		fprintf(file, ")");
	} else if (choice < 10) {
		fprintf(file, "%s", around[choice - 6]);
		print_tree(file, f, cell, depth - 1);
		fprintf(file, ")");
	} else {
		print_leaf(file, f, cell);
	}
}

/* A sum over other cells: all of them but some, or those near. */
static void print_sum(FILE *file, struct grid_family *f, int cell)
{
	unsigned kind = draw(f, 5), what = draw(f, 4), reach = 3 + draw(f, 9);
	static const char *const texts[] = {" + sin(x%d - x%d)", " - x%d*x%d", " + cos(x%d)*0.5*x%d", " + tanh(x%d + 2*x%d)"};
	for (int other = 0; kind < 3 && other < f->cells && f->cells < 60; other++) {
		if ((kind == 0 && other == cell) || (kind == 1 && abs(other - cell) > (int)reach) || (kind == 2 && other < cell))
			continue;
		fprintf(file, texts[other % 9 < 5 && what == 3 ? 2 : what], other, cell);
	}
}

static void print_equation(FILE *file, struct grid_family *f, int species, int cell)
{
	f->dice = f->seed + 1 + (uint64_t)species;
	fprintf(file, "init %c%d = %g\n%c%d' = ", "xyz"[species], cell, 0.1 + 0.01 * (cell % 29), "xyz"[species], cell);
	for (unsigned terms = 1 + draw(f, 4); terms > 0; terms--) {
		print_tree(file, f, cell, 1 + (int)draw(f, 3));
		fprintf(file, terms > 1 ? draw(f, 2) ? " + " : " - " : "");
	}
	print_sum(file, f, cell);
	fprintf(file, "\n");
}

static void print_name(FILE *file, struct grid_family *f, int cell)
{
	bool named = f->named;
	f->dice = f->seed;
	f->named = false;
	fprintf(file, "let r%d = ", cell);
	print_tree(file, f, cell, 2);
	fprintf(file, "\n");
	f->named = named;
}

/* Species by species, cell by cell, or in any order. */
static void write_family(FILE *file, struct grid_family *f, unsigned order)
{
	int count = f->cells * f->species, *at = calloc((size_t)count, sizeof *at);
	uint64_t shuffle = f->seed;
	fprintf(file, "param k0 = 0.5, k1 = 0.25, k2 = 2\n");
	for (int cell = 0; f->named && cell < f->cells; cell++)
		print_name(file, f, cell);
	for (int k = 0; k < count; k++) {
		int other = order == 2 ? (int)(random_bits(&shuffle) >> 33) % (k + 1) : k;
		at[k] = at[other];
		at[other] = k;
	}
	for (int k = 0; k < count; k++)
		print_equation(file, f, order == 1 ? at[k] % f->species : at[k] / f->cells,
		               order == 1 ? at[k] / f->species : at[k] % f->cells);
	free(at);
}

Test(passes_roll, random_families_written_out_keep_their_bits)
{
	for (uint64_t seed = 1; seed <= FAMILIES; seed++) {
		struct grid_family family = choose_family(seed);
		struct flat f;
		char name[40];
		flat_open(&f);
		write_family(f.file, &family, (unsigned)(seed % 3));
		snprintf(name, sizeof name, "family %d", (int)seed);
		hold_bits(name, flat_close(&f), 3);
		if (family.cells * family.species <= 30 && seed % 3) /* of larger ones derivatives take long */
			hold_kernels(name, f.text);
		free(f.text);
	}
}
