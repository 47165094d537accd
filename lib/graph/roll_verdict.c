/* Pass roll: is a group worth its loops, and what is told about it.
 *
 * A group is weighed twice: before its blocks are made, against the least that a loop
 * could cost, and after, when it is known what is affine and what has to be gathered.
 * Then the blocks stay, or are taken back and their rows become straight code.
 *
 * The explanation is made of comments of the text form, so that with the program
 * behind it it can still be read back. */
#include "lib/graph/roll.h"

enum { DIGITS = 3 };

static struct cost straight_cost(const struct roller *r, const struct item *items, uint32_t count)
{
	double operations = 0, work = 0, waits = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct mark *m = &r->marks[items[i].node];
		operations += m->work;
		work += m->cost;
		waits += items[i].choice == RAGGED ? items[i].terms : 0;
	}
	return oj_cost_straight(count, operations, work, waits);
}

/* Straight code so short is translated without optimising, sooner than any loop. */
bool oj_roll_is_long(const struct roller *r)
{
	enum { SHORT_PROGRAM = 64 }; /* as jit/llvm/cut.c has it */
	double work = 0;
	for (size_t i = 0; i < r->items.count; i++)
		work += r->marks[r->items.at[i].node].cost;
	return r->all || work > SHORT_PROGRAM;
}

/* Of `rows` items like `like`, or of sums of `terms` terms. */
static struct cost straight_like(const struct roller *r, const struct item *like, uint32_t rows, size_t terms)
{
	const struct mark *m = &r->marks[like->node];
	double times = terms ? (double)terms / like->terms : rows;
	return oj_cost_straight(rows, m->work * times, m->cost * times, (double)terms);
}

bool oj_roll_may_pay(const struct roller *r, const struct item *like, uint32_t rows, size_t terms)
{
	enum { ALL_ROWS = 8, ALL_TERMS = 64 }; /* what is rolled whether it pays or not */
	const struct mark *m = &r->marks[like->node];
	if (r->all)
		return rows >= ALL_ROWS || terms >= ALL_TERMS;
	if (rows < 2 && terms == 0)
		return false;
	struct cost least = terms ? oj_cost_least_sums(rows, (double)terms) : oj_cost_least(rows, m->work, m->cost);
	return oj_cost_total(least) < oj_cost_total(straight_like(r, like, rows, terms));
}

/* ---------------------------------------------------------------- what is told */

static void print_amount(struct text *text, double value, const char *unit)
{
	char digits[32];
	oj_number_print(digits, value, DIGITS);
	oj_text_format(text, "%s %s", digits, unit);
}

static void print_cost(struct text *text, const char *what, struct cost cost)
{
	oj_text_format(text, "#   %s: ", what);
	print_amount(text, cost.run * 1e-3, "us an evaluation, ");
	print_amount(text, cost.make * 1e-3, "ms to translate\n");
}

static const char *name_of(const struct roller *r, const struct item *item)
{
	uint32_t array = r->program->blocks.at[item->block].stores.at[item->store].array;
	return r->space->arrays.at[array].name;
}

static void print_size(struct text *text, const struct roller *r, const struct item *items, uint32_t count)
{
	uint32_t least = UINT32_MAX, most = 0;
	size_t terms = 0;
	for (uint32_t i = 0; i < count; i++) {
		least = items[i].terms < least ? items[i].terms : least;
		most = items[i].terms > most ? items[i].terms : most;
		terms += items[i].terms;
	}
	bool kept = items->store == UINT32_MAX, sum = oj_is(r->g, items->node, OP_ADD);
	oj_text_format(text, "# group %zu: %u %s", r->told.groups, (unsigned)count, kept ? "shared values" : "results");
	if (items->choice == RAGGED)
		oj_text_format(text, ", %s of %u to %u %s of one shape, %zu in all", sum ? "sums" : "products",
		               (unsigned)least, (unsigned)most, sum ? "terms" : "factors", terms);
	else
		oj_text_string(text, " of one shape");
	if (!kept)
		oj_text_format(text, ", such as %s", name_of(r, items));
	oj_text_string(text, "\n");
}

static void print_content(struct text *text, const struct weighed *w)
{
	const struct loop_content *c = &w->content;
	const struct { unsigned count; const char *what; } parts[] = {
		{w->loops, "loops"}, {w->values, "rows beside them"}, {c->operations, "operations"},
		{c->shared, "loads for all rows"}, {c->affine, "loads at equal distances"},
		{c->table, "loads by table"}, {c->numbers, "loads of numbers kept as data"},
	};
	const char *before = "#   ";
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].count == 0)
			continue;
		oj_text_format(text, "%s%s: %u", before, parts[i].what, parts[i].count);
		before = ", ";
	}
	oj_text_string(text, "\n");
}

static void tell_group(struct roller *r, const struct item *items, uint32_t count, const struct weighed *w,
                       bool rolls)
{
	struct text *text = r->told.text;
	if (!text)
		return;
	print_size(text, r, items, count);
	print_content(text, w);
	print_cost(text, "rolled", w->rolled);
	print_cost(text, "straight", w->straight);
	oj_text_format(text, "#   %s: together ", rolls ? "rolled" : "stays straight");
	print_amount(text, oj_cost_total(rolls ? w->rolled : w->straight) * 1e-3, "ms, otherwise ");
	print_amount(text, oj_cost_total(rolls ? w->straight : w->rolled) * 1e-3, "ms\n");
}

void oj_roll_tell(struct roller *r, struct text *text)
{
	static const char *const reasons[REASONS] = {
		[ALONE] = "of a shape that no other has",
		[LITTLE] = "in groups too small for any loop",
		[DEARER] = "in groups whose loops would cost more",
		[NEEDED] = "stored where loops of the model read them",
		[SHORT] = "of a program that is short as it is",
	};
	oj_text_string(text, "# roll: as little as can be of one translation and 100000 evaluations together\n");
	if (r->refused)
		oj_text_string(text, "# nothing is rolled: the program reads what it writes, or shapes only seem equal\n");
	oj_text_string(text, r->told.text ? oj_text_get(r->told.text) : "");
	oj_text_format(text, "# rolled groups: %zu of %zu\n", r->refused ? 0 : r->rolled, r->told.groups);
	for (int reason = 0; reason < REASONS; reason++)
		if (r->told.straight[reason] && !r->refused)
			oj_text_format(text, "# values that stay straight, %s: %u\n", reasons[reason],
			               r->told.straight[reason]);
}

/* ---------------------------------------------------------------- weighing */

/* The blocks of `rows` rows; what is in no loop costs its share of straight code. */
static bool weigh(const struct roller *r, size_t first, uint32_t rows, struct weighed *w)
{
	bool ok = true;
	int64_t rolled = 0;
	for (size_t b = first; ok && b < r->done.blocks.count; b++) {
		const struct block *block = &r->done.blocks.at[b];
		if (block->rank == 0)
			continue;
		w->loops++;
		rolled += oj_block_points(block);
		ok = oj_cost_loop(r->space, block, &w->rolled, &w->content);
	}
	w->values = (unsigned)(rows - rolled);
	w->rolled.run += w->values * w->straight.run / rows;
	w->rolled.make += w->values * w->straight.make / rows;
	return ok;
}

bool oj_roll_part_pays(const struct roller *r, const struct item *like, uint32_t rows, size_t first, bool *pays)
{
	struct weighed w = {.straight = straight_like(r, like, rows, 0)};
	bool ok = weigh(r, first, rows, &w);
	*pays = r->all || oj_cost_total(w.rolled) < oj_cost_total(w.straight);
	return ok;
}

bool oj_roll_weigh(struct roller *r, const struct item *items, uint32_t count, size_t first, bool *rolls)
{
	struct weighed w = {.straight = straight_cost(r, items, count)};
	if (!weigh(r, first, count, &w))
		return false;
	r->told.groups++;
	*rolls = r->all || (w.loops > 0 && oj_cost_total(w.rolled) < oj_cost_total(w.straight));
	tell_group(r, items, count, &w, *rolls);
	if (*rolls)
		r->rolled++;
	else
		r->told.straight[DEARER] += count;
	return true;
}
