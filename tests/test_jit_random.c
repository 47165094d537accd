/* Random programs: whatever expressions, boxes and ranges come together, machine
 * code agrees with the interpreter.  The seeds are fixed; OJIT_SEEDS=first:count
 * tries others. */
#include "tests/support_jit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { REACH = 256, TABLE = 31, DEPTH = 3 };

struct dice {
	struct support_program p;
	struct graph *g;
	uint64_t state;
	uint32_t line, grid, table; /* arrays and a table that indices below reach */
	unsigned levels;            /* index variables in scope */
	int nested;                 /* reductions around */
};

static unsigned roll(struct dice *d, unsigned sides)
{
	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(d->state >> 33) % sides;
}

/* Between about -60 and 60 for any indices in scope. */
static ojit_expr random_integer(struct dice *d, int depth)
{
	struct graph *g = d->g;
	unsigned choice = roll(d, depth > 0 ? 9 : 3);
	if (choice <= 1 && d->levels)
		return oj_integer_offset(g, oj_index(g, roll(d, d->levels)), (int)roll(d, 5) - 2);
	if (choice <= 2)
		return oj_integer(g, (int)roll(d, 16) - 4);
	ojit_expr a = random_integer(d, depth - 1), b = random_integer(d, depth - 1);
	switch (choice) {
	case 3:
	case 4:
		return oj_integer_wrap(g, oj_integer_add(g, a, oj_integer_scale(g, b, (int)roll(d, 7) - 3)), -3,
		                       1 + roll(d, 40));
	case 5:
		return oj_integer_min(g, a, b);
	case 6:
		return oj_integer_max(g, a, b);
	case 7:
		return support_jit_table1(&d->p, d->table, oj_integer_wrap(g, a, 0, TABLE));
	default:
		return oj_integer_add(g, oj_integer_wrap(g, a, 0, 12), oj_integer_scale(g, oj_integer_wrap(g, b, 0, 9), -1));
	}
}

static ojit_expr random_load(struct dice *d)
{
	struct graph *g = d->g;
	ojit_expr a = random_integer(d, 1), b = random_integer(d, 1);
	if (roll(d, 3))
		return support_jit_load1(&d->p, d->line, oj_integer_add(g, a, oj_integer_scale(g, b, (int)roll(d, 4) - 1)));
	return support_jit_load2(&d->p, d->grid, oj_integer_wrap(g, a, 0, 11), b);
}

static ojit_expr random_real(struct dice *d, int depth);

static ojit_expr random_truth(struct dice *d, int depth)
{
	unsigned choice = roll(d, 4);
	if (choice == 0)
		return oj_make2(d->g, OP_ILT + roll(d, 4), random_integer(d, 1), random_integer(d, 1));
	if (choice == 1 || depth <= 0)
		return oj_make2(d->g, OP_LT + roll(d, 4), random_real(d, depth - 1), random_real(d, depth - 1));
	ojit_expr a = random_truth(d, depth - 1), b = random_truth(d, depth - 1);
	return choice == 2 ? oj_make2(d->g, OP_AND, a, b) : oj_make2(d->g, OP_OR, a, oj_make1(d->g, OP_NOT, b));
}

static ojit_expr random_reduction(struct dice *d, int depth)
{
	ojit_expr lo = random_integer(d, roll(d, 2)), end = random_integer(d, roll(d, 2));
	enum reduction_kind kind = roll(d, 4);
	enum reduction_order order = roll(d, 2);
	unsigned level = d->levels++;
	d->nested++;
	ojit_expr body = random_real(d, depth - 1);
	d->nested--;
	d->levels--;
	return support_jit_reduce(&d->p, kind, order, level, lo, end, body);
}

static ojit_expr random_real(struct dice *d, int depth)
{
	static const enum op unary[] = {OP_NEG, OP_ABS, OP_FLOOR, OP_ROUND, OP_SIN, OP_TANH, OP_NEG};
	static const enum op binary[] = {OP_MIN, OP_MAX, OP_DIV, OP_ATAN2};
	struct graph *g = d->g;
	unsigned choice = roll(d, depth > 0 ? 12 : 4);
	if (choice == 0)
		return roll(d, 2) ? oj_time(g) : oj_literal(g, (double)roll(d, 9) - 4.5);
	if (choice == 1)
		return oj_make1(g, OP_ITOF, random_integer(d, 1));
	if (choice <= 3)
		return random_load(d);
	if (choice <= 5)
		return oj_make1(g, unary[roll(d, 7)], random_real(d, depth - 1));
	if (choice == 6)
		return oj_make2(g, binary[roll(d, 4)], random_real(d, depth - 1), random_real(d, depth - 1));
	if (choice == 7)
		return oj_make3(g, OP_IF, random_truth(d, 1), random_real(d, depth - 1), random_real(d, depth - 1));
	if (choice <= 9 && d->nested < 2)
		return random_reduction(d, depth);
	ojit_expr operands[4];
	uint32_t count = 2 + roll(d, 3);
	for (uint32_t i = 0; i < count; i++)
		operands[i] = random_real(d, depth - 1);
	return oj_make(g, roll(d, 3) ? OP_ADD : OP_MUL, count, operands);
}

/* A block of random rank and extents, with one or two stores. */
static void random_block(struct dice *d)
{
	int64_t lo[2], end[2], base[2], extent[2];
	uint32_t rank = roll(d, 3);
	ojit_expr index[2];
	int64_t points = 1;
	for (uint32_t k = 0; k < rank; k++) {
		lo[k] = base[k] = (int)roll(d, 5) - 2;
		extent[k] = 1 + roll(d, rank == 1 ? 35 : 14);
		end[k] = lo[k] + extent[k];
		index[k] = oj_index(d->g, k);
		points *= extent[k];
	}
	struct block *block = oj_program_block(&d->p.program, rank, lo, end, 0);
	d->levels = rank;
	for (unsigned stores = 1 + roll(d, 2); stores > 0; stores--) {
		uint32_t out = oj_space_array(&d->p.space, "out", ROLE_OUT, rank, base, extent, d->p.used[ROLE_OUT]);
		d->p.used[ROLE_OUT] += points;
		cr_assert(oj_block_store(&d->p.space, block, out, random_real(d, DEPTH), index));
	}
}

static void check_seed(unsigned seed)
{
	struct dice d = {.state = seed};
	int32_t entries[TABLE];
	char name[32];
	support_jit_open(&d.p);
	d.g = d.p.g;
	for (int k = 0; k < TABLE; k++)
		entries[k] = (int)roll(&d, 40) - 9;
	d.table = support_jit_table(&d.p, 0, TABLE, entries);
	d.line = support_jit_array(&d.p, ROLE_STATE, -REACH, 2 * REACH);
	d.grid = support_jit_matrix(&d.p, ROLE_PARAMETER, 0, 11, -REACH, 2 * REACH);
	for (unsigned blocks = 1 + roll(&d, 3); blocks > 0; blocks--)
		random_block(&d);
	snprintf(name, sizeof name, "seed %u", seed);
	support_jit_agree(&d.p, name, INPUTS_PLAIN);
	support_jit_close(&d.p);
}

Test(jit_random, random_programs_agree_with_the_interpreter)
{
	unsigned first = 1, count = 40;
	const char *seeds = getenv("OJIT_SEEDS");
	if (seeds)
		cr_assert_eq(sscanf(seeds, "%u:%u", &first, &count), 2);
	for (unsigned seed = first; seed < first + count; seed++)
		check_seed(seed);
}
