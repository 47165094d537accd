/* See exact.h.  Reductions run from left to right whatever their order: at this precision
 * that is of no interest. */
#include "jit/mpfr/exact.h"

#include "jit/mpfr/edges.h"
#include "jit/mpfr/operators.h"
#include "jit/mpfr/sizes.h"
#include "lib/graph/plan.h"
#include "lib/math/math.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- numbers, their limbs behind them in one piece of memory ---- */

struct number_piece {
	struct exact_number *numbers;
	size_t count, bytes;
};

static size_t limb_bytes(int bits)
{
	return (mpfr_custom_get_size(bits) + 15) & ~(size_t)15;
}

static void begin_number(struct exact_number *number, int bits, void *limbs)
{
	memset(number, 0, sizeof *number);
	mpfr_custom_init(limbs, bits);
	mpfr_custom_init_set(number->value, MPFR_ZERO_KIND, 0, bits, limbs);
}

static bool make_piece(ojit_context *context, struct number_piece *piece, size_t count, int bits)
{
	size_t head = (count * sizeof *piece->numbers + 15) & ~(size_t)15;
	piece->bytes = head + count * limb_bytes(bits);
	piece->count = count;
	piece->numbers = count ? oj_memory_get(context, piece->bytes) : NULL;
	for (size_t k = 0; piece->numbers && k < count; k++)
		begin_number(&piece->numbers[k], bits, (char *)piece->numbers + head + k * limb_bytes(bits));
	return piece->numbers || count == 0;
}

static void drop_piece(ojit_context *context, struct number_piece *piece)
{
	oj_memory_put(context, piece->numbers, piece->numbers ? piece->bytes : 0);
}

enum { CHUNK = 64 }; /* elements of a vector that are made together */

struct exact {
	ojit_context *context;
	int bits;
	bool failed;
	struct { VECTOR(struct number_piece) chunks; } vectors[ROLE_COUNT];
	bool met_time;
	enum exact_sides sides;
	VECTOR(signed char) kept; /* sides */
	size_t met;               /* that many, in these runs */
	double part;              /* of an axis, to be run, and what chooses it */
	uint64_t seed;
	double most;              /* additions, before a run is given up */
	struct number_piece own; /* the time, and a number that stands in after a failure */
};

struct exact *oj_exact_new(ojit_context *context, int bits)
{
	struct exact *x = oj_memory_get(context, sizeof *x);
	if (!x)
		return NULL;
	*x = (struct exact){.context = context, .bits = bits, .part = 1, .most = INFINITY};
	if (make_piece(context, &x->own, 2, bits))
		return x;
	oj_memory_put(context, x, sizeof *x);
	return NULL;
}

void oj_exact_forget(struct exact *x)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		for (size_t k = 0; k < x->vectors[role].chunks.count; k++)
			drop_piece(x->context, &x->vectors[role].chunks.at[k]);
		VECTOR_DROP(x->context, &x->vectors[role].chunks);
	}
}

void oj_exact_free(struct exact *x)
{
	if (!x)
		return;
	oj_exact_forget(x);
	drop_piece(x->context, &x->own);
	VECTOR_DROP(x->context, &x->kept);
	oj_memory_put(x->context, x, sizeof *x);
}

void oj_exact_sides(struct exact *x, enum exact_sides sides)
{
	x->sides = sides;
	x->met = 0;
	if (sides == SIDES_KEPT)
		x->kept.count = 0;
}

void oj_exact_sample(struct exact *x, double part, uint64_t seed, double most)
{
	x->part = part;
	x->seed = seed;
	x->most = most;
}

/* Is it another side than the one that was kept? */
static bool is_other_side(struct exact *x, int side)
{
	if (x->sides == SIDES_KEPT && !VECTOR_PUSH(x->context, &x->kept, (signed char)side))
		x->failed = true;
	if (x->sides != SIDES_COMPARED || x->met >= x->kept.count)
		return false;
	return x->kept.at[x->met++] != (signed char)side;
}

/* Also where a division takes what is infinite for 0: nothing tells how fast it gets there. */
static bool is_at_edge(struct exact *x, enum op op, const mpfr_srcptr *operands, mpfr_srcptr value)
{
	bool other = is_other_side(x, oj_edge_side(op, operands, value));
	return other || (x->sides == SIDES_COMPARED && op == OP_DIV && mpfr_inf_p(operands[1]));
}

struct exact_number *oj_exact_time(struct exact *x)
{
	return &x->own.numbers[0];
}

bool oj_exact_met_time(const struct exact *x)
{
	return x->met_time;
}

static struct exact_number *fail_element(struct exact *x)
{
	x->failed = true;
	return &x->own.numbers[1];
}

struct exact_number *oj_exact_element(struct exact *x, enum array_role role, int64_t k)
{
	assert(k >= 0);
	size_t chunk = (size_t)k / CHUNK;
	while (x->vectors[role].chunks.count <= chunk)
		if (!VECTOR_PUSH(x->context, &x->vectors[role].chunks, (struct number_piece){0}))
			return fail_element(x);
	struct number_piece *piece = &x->vectors[role].chunks.at[chunk];
	if (!piece->numbers && !make_piece(x->context, piece, CHUNK, x->bits))
		return fail_element(x);
	return &piece->numbers[k % CHUNK];
}

void oj_exact_set(struct exact_number *number, double value)
{
	mpfr_set_d(number->value, value, MPFR_RNDN);
	number->size = fabs(value);
	number->marks = 0;
}

static void copy(struct exact_number *to, const struct exact_number *from)
{
	mpfr_set(to->value, from->value, MPFR_RNDN);
	to->size = from->size;
	to->marks = from->marks;
}

/* ---- plans ---- */

struct exact_plan {
	ojit_context *context;
	const struct program *program;
	int bits;
	size_t count;
	double work, whole;
	mpfr_operator operators[OP_COUNT];
	struct number_piece slots;                  /* as many as the block with most has */
	struct number_piece spare;                  /* a result in the making, and an exponent */
	struct plan plans[];
};

void oj_exact_plan_free(struct exact_plan *p)
{
	if (!p)
		return;
	for (size_t b = 0; b < p->count; b++)
		oj_plan_drop(&p->plans[b]);
	drop_piece(p->context, &p->slots);
	drop_piece(p->context, &p->spare);
	oj_memory_put(p->context, p, sizeof *p + p->program->blocks.count * sizeof p->plans[0]);
}

static bool plan_blocks(struct exact_plan *p)
{
	size_t slots = 0;
	for (; p->count < p->program->blocks.count; p->count++) {
		struct plan *plan = &p->plans[p->count];
		if (oj_plan_init(plan, p->program->space, &p->program->blocks.at[p->count]) != OJIT_OK)
			return false;
		slots = plan->slot_count > slots ? plan->slot_count : slots;
	}
	return make_piece(p->context, &p->slots, slots, p->bits) && make_piece(p->context, &p->spare, 2, p->bits);
}

ojit_status oj_exact_plan(const struct program *program, int bits, struct exact_plan **out)
{
	ojit_context *context = program->space->context;
	size_t blocks = program->blocks.count;
	struct exact_plan *p = oj_memory_get(context, sizeof *p + blocks * sizeof p->plans[0]);
	*out = NULL;
	if (!p)
		return OJIT_OUT_OF_MEMORY;
	memset(p, 0, sizeof *p);
	p->context = context;
	p->program = program;
	p->bits = bits;
	for (int op = 0; op < OP_COUNT; op++)
		p->operators[op] = oj_mpfr_find(oj_op_info[op].text);
	if (!plan_blocks(p)) {
		oj_exact_plan_free(p);
		return OJIT_OUT_OF_MEMORY;
	}
	*out = p;
	return OJIT_OK;
}

double oj_exact_work(const struct exact_plan *p)
{
	return p->work;
}

double oj_exact_whole(const struct exact_plan *p)
{
	return p->whole;
}

/* One run of one block. */
struct run {
	struct exact *x;
	struct exact_plan *p;
	const struct plan *plan;
	const struct space *space;
	const struct graph *g;
	struct exact_number *values;
	size_t block;
	bool puts_out; /* the block does, and nothing else */
	int64_t index[LEVELS];
};

/* Differences are of values alone. */
static bool is_sized(const struct run *run)
{
	return run->x->sides != SIDES_COMPARED;
}

/* ---- integers ---- */

static int64_t element(const int64_t *base, const int64_t *extent, uint32_t rank, int64_t offset,
                       const struct exact_number *values, const uint32_t *slots)
{
	int64_t at = 0;
	for (uint32_t k = 0; k < rank; k++)
		at = at * extent[k] + values[slots[k]].integer - base[k];
	return offset + at;
}

static int64_t affine(const struct run *run, const struct node *n, const uint32_t *o)
{
	const int64_t *c = run->g->coefficients.at + n->ref.id;
	int64_t sum = c[0];
	for (uint32_t i = 0; i < n->arity; i++)
		sum += c[1 + i] * run->values[o[i]].integer;
	return sum;
}

static int64_t wrapped(const struct run *run, const struct node *n, int64_t value)
{
	int64_t lo = run->g->coefficients.at[n->ref.id], count = run->g->coefficients.at[n->ref.id + 1];
	int64_t rest = (value - lo) % count;
	return lo + (rest < 0 ? rest + count : rest);
}

static int64_t in_table(const struct run *run, const struct node *n, const uint32_t *o)
{
	const struct table *t = &run->space->tables.at[n->ref.id];
	return run->space->table_data.at[element(t->base, t->extent, t->rank, t->offset, run->values, o)];
}

static int64_t integer(const struct run *run, const struct node *n, const uint32_t *o)
{
	const struct exact_number *v = run->values;
	int64_t a = n->arity > 0 ? v[o[0]].integer : 0, b = n->arity > 1 ? v[o[1]].integer : 0;
	switch ((enum op)n->op) {
	case OP_INDEX:
		return run->index[n->integer];
	case OP_AFFINE:
		return affine(run, n, o);
	case OP_WRAP:
		return wrapped(run, n, a);
	case OP_TABLE:
		return in_table(run, n, o);
	case OP_IMIN:
		return a < b ? a : b;
	case OP_IMAX:
		return a > b ? a : b;
	default:
		return n->integer;
	}
}

/* ---- truths ---- */

/* Doubles with errors of up to 2^9 roundings may stand on either side of `limit`. */
static bool is_near(double distance, double size, unsigned marks)
{
	return (marks & TRUTH_ROUNDED) && !isinf(distance) && !(fabs(distance) > 0x1p-44 * size);
}

static double difference(struct run *run, const struct exact_number *a, const struct exact_number *b)
{
	mpfr_ptr spare = run->p->spare.numbers[0].value;
	mpfr_sub(spare, a->value, b->value, MPFR_RNDN);
	return mpfr_get_d(spare, MPFR_RNDN);
}

static bool compare(enum op op, const struct exact_number *a, const struct exact_number *b)
{
	switch (op) {
	case OP_LT:
		return mpfr_less_p(a->value, b->value);
	case OP_LE:
		return mpfr_lessequal_p(a->value, b->value);
	case OP_EQ:
		return mpfr_equal_p(a->value, b->value);
	default:
		return !mpfr_equal_p(a->value, b->value);
	}
}

static void of_numbers(struct run *run, enum op op, struct exact_number *to, const struct exact_number *a,
                       const struct exact_number *b)
{
	unsigned marks = a->marks | b->marks;
	to->integer = compare(op, a, b);
	if (is_sized(run) && is_near(difference(run, a, b), a->size + b->size, marks))
		marks |= TRUTH_SWITCH;
	to->marks = marks | (is_other_side(run->x, (int)to->integer) ? TRUTH_KINK : 0);
}

static void truth(struct run *run, const struct node *n, struct exact_number *to, const uint32_t *o)
{
	const struct exact_number *none = to, *a = n->arity > 0 ? &run->values[o[0]] : none;
	const struct exact_number *b = n->arity > 1 ? &run->values[o[1]] : none;
	switch ((enum op)n->op) {
	case OP_LT: case OP_LE: case OP_EQ: case OP_NE:
		of_numbers(run, n->op, to, a, b);
		return;
	case OP_ILT:
		to->integer = a->integer < b->integer;
		break;
	case OP_ILE:
		to->integer = a->integer <= b->integer;
		break;
	case OP_IEQ:
		to->integer = a->integer == b->integer;
		break;
	case OP_INE:
		to->integer = a->integer != b->integer;
		break;
	case OP_AND:
		to->integer = a->integer && b->integer;
		break;
	case OP_OR:
		to->integer = a->integer || b->integer;
		break;
	case OP_NOT:
		to->integer = !a->integer;
		break;
	default:
		to->integer = n->op == OP_TRUE;
	}
	to->marks = (a == none ? 0 : a->marks) | (b == none ? 0 : b->marks);
}

/* ---- numbers ---- */

static void settle(struct exact_number *to)
{
	if (mpfr_regular_p(to->value) && mpfr_get_exp(to->value) > 1024)
		to->marks |= TRUTH_OVERFLOW;
	if (isinf(to->size) && mpfr_number_p(to->value))
		to->marks |= TRUTH_OVERFLOW;
}

static double as_double(const struct exact_number *number)
{
	return mpfr_get_d(number->value, MPFR_RNDN);
}

/* to = a + b or a * b; `to` may be `a`. */
static void combine_two(struct run *run, bool sum, struct exact_number *to, const struct exact_number *a,
                        const struct exact_number *b)
{
	mpfr_ptr result = run->p->spare.numbers[0].value;
	(sum ? mpfr_add : mpfr_mul)(result, a->value, b->value, MPFR_RNDN);
	double size = !is_sized(run) ? 0
	            : sum ? oj_size_of_sum(mpfr_get_d(result, MPFR_RNDN), a->size, b->size)
	                  : oj_size_of_product(as_double(a), a->size, as_double(b), b->size);
	to->marks = a->marks | b->marks | TRUTH_ROUNDED;
	to->size = size;
	mpfr_set(to->value, result, MPFR_RNDN);
	settle(to);
}

static void many(struct run *run, const struct node *n, struct exact_number *to, const uint32_t *o)
{
	combine_two(run, n->op == OP_ADD, to, &run->values[o[0]], &run->values[o[1]]);
	for (uint32_t i = 2; i < n->arity; i++)
		combine_two(run, n->op == OP_ADD, to, to, &run->values[o[i]]);
}

static void choose(struct exact_number *to, const struct exact_number *condition, const struct exact_number *yes,
                   const struct exact_number *no)
{
	copy(to, condition->integer ? yes : no);
	bool numbers = mpfr_number_p(yes->value) && mpfr_number_p(no->value);
	if (numbers && (condition->marks & (TRUTH_SWITCH | TRUTH_KINK)))
		to->size = fmax(yes->size, no->size);
	to->marks |= condition->marks;
}

/* The lesser or greater: what is not chosen has no part in it, unless it is not a number. */
static void extreme(struct run *run, enum op op, struct exact_number *to, const struct exact_number *a,
                    const struct exact_number *b)
{
	mpfr_srcptr both[] = {a->value, b->value};
	mpfr_ptr result = run->p->spare.numbers[0].value;
	run->p->operators[op](result, both, 2);
	bool first = mpfr_equal_p(result, a->value) || mpfr_nan_p(a->value);
	copy(to, first ? a : b);
	if (is_other_side(run->x, first))
		to->marks |= TRUTH_KINK;
}

/* Where an operator jumps, and double may take the other side. */
static bool is_at_jump(enum op op, const double *a, const struct exact_number *const *operands)
{
	double whole = rint(a[0]), half = floor(a[0]) + 0.5;
	switch (op) {
	case OP_FLOOR: case OP_CEIL:
		return is_near(a[0] - whole, operands[0]->size, operands[0]->marks);
	case OP_ROUND:
		return is_near(a[0] - half, operands[0]->size, operands[0]->marks);
	case OP_SIGN: case OP_HEAVISIDE:
		return is_near(a[0], operands[0]->size, operands[0]->marks);
	case OP_MOD:
		whole = a[0] / a[1];
		return is_near(whole - rint(whole), (operands[0]->size + fabs(whole) * operands[1]->size) / fabs(a[1]),
		               operands[0]->marks | operands[1]->marks);
	default:
		return false;
	}
}

/* The size and the marks of what operator n made of its operands. */
static void measure(const struct node *n, struct exact_number *to,
                    const struct exact_number *const *operands)
{
	double a[SIZE_OPERANDS] = {0}, sizes[SIZE_OPERANDS] = {0};
	for (uint32_t i = 0; i < n->arity; i++) {
		a[i] = as_double(operands[i]);
		sizes[i] = operands[i]->size;
	}
	if (n->op == OP_POWI)
		a[1] = (double)n->integer;
	to->size = oj_size(n->op, a, sizes, as_double(to));
	to->marks |= is_at_jump(n->op, a, operands) ? TRUTH_SWITCH : 0;
	settle(to);
}

/* An operator of fixed arity. */
static void operate(struct run *run, const struct node *n, struct exact_number *to, const uint32_t *o)
{
	const struct exact_number *operands[SIZE_OPERANDS];
	mpfr_srcptr values[SIZE_OPERANDS];
	int count = (int)n->arity;
	unsigned marks = oj_op_info[n->op].way == WAY_INSTR && oj_op_info[n->op].bound == 0 ? 0 : TRUTH_ROUNDED;
	for (int i = 0; i < count; i++) {
		operands[i] = &run->values[o[i]];
		values[i] = operands[i]->value;
		marks |= operands[i]->marks;
	}
	if (n->op == OP_POWI) {
		mpfr_set_si(run->p->spare.numbers[1].value, (long)n->integer, MPFR_RNDN);
		values[count++] = run->p->spare.numbers[1].value;
	}
	run->p->operators[n->op](to->value, values, count);
	to->marks = marks;
	if (oj_has_edges(n->op) && is_at_edge(run->x, n->op, values, to->value))
		to->marks |= TRUTH_KINK;
	if (is_sized(run))
		measure(n, to, operands);
	enum { FUNCTION = 60 }; /* additions */
	run->p->work += oj_op_info[n->op].way == WAY_INSTR ? 1 : FUNCTION;
}

static void load(struct run *run, const struct node *n, struct exact_number *to, const uint32_t *o)
{
	const struct array *a = &run->space->arrays.at[n->ref.id];
	int64_t at = element(a->base, a->extent, a->rank, a->offset, run->values, o);
	if (a->role == ROLE_DATA)
		oj_exact_set(to, run->space->data.at[at]);
	else
		copy(to, oj_exact_element(run->x, a->role, at));
}

static void number(struct run *run, const struct node *n, struct exact_number *to, const uint32_t *o)
{
	struct exact_number *v = run->values;
	switch ((enum op)n->op) {
	case OP_LITERAL:
		oj_exact_set(to, n->real);
		break;
	case OP_TIME:
		run->x->met_time = true;
		copy(to, oj_exact_time(run->x));
		break;
	case OP_LOAD:
		load(run, n, to, o);
		break;
	case OP_ITOF:
		oj_exact_set(to, (double)v[o[0]].integer);
		break;
	case OP_IF:
		choose(to, &v[o[0]], &v[o[1]], &v[o[2]]);
		break;
	case OP_ADD: case OP_MUL:
		many(run, n, to, o);
		break;
	case OP_MIN: case OP_MAX:
		extreme(run, n->op, to, &v[o[0]], &v[o[1]]);
		break;
	default:
		operate(run, n, to, o);
	}
}

/* ---- steps ---- */

static void run_node(struct run *run, const struct step *step)
{
	const struct node *n = oj_node(run->g, step->node);
	const uint32_t *o = run->plan->operands.at + step->operands;
	struct exact_number *to = &run->values[step->slot];
	run->p->work += n->arity > 2 ? n->arity - 1 : 1;
	switch (oj_op_info[n->op].type) {
	case INTEGER:
		to->integer = integer(run, n, o);
		to->marks = 0;
		break;
	case TRUTH:
		truth(run, n, to, o);
		break;
	case REAL:
		number(run, n, to, o);
	}
}

static void run_store(struct run *run, const struct step *step)
{
	const struct array *a = &run->space->arrays.at[run->plan->block->stores.at[step->store].array];
	const uint32_t *slot = run->plan->operands.at + step->operands;
	int64_t at = element(a->base, a->extent, a->rank, a->offset, run->values, slot + 1);
	copy(oj_exact_element(run->x, a->role, at), &run->values[slot[0]]);
}

static void run_steps(struct run *run, uint32_t r);

static void combine(struct run *run, const struct member *member)
{
	struct exact_number *result = &run->values[member->slot], *body = &run->values[member->body];
	enum reduction_kind kind = oj_node(run->g, member->node)->reduction.kind;
	if (kind == REDUCE_SUM || kind == REDUCE_PROD)
		combine_two(run, kind == REDUCE_SUM, result, result, body);
	else
		extreme(run, kind == REDUCE_MIN ? OP_MIN : OP_MAX, result, result, body);
}

static bool is_too_much(const struct run *run)
{
	return run->p->work > run->x->most;
}

static void run_reduction(struct run *run, uint32_t r)
{
	const struct region *region = &run->plan->regions.at[r];
	const struct member *members = region->members.at;
	int64_t lo = run->values[region->lo].integer, end = run->values[region->end].integer;
	for (size_t m = 0; m < region->members.count; m++)
		copy(&run->values[members[m].slot], &run->values[members[m].start]);
	for (int64_t i = lo; i < end && !is_too_much(run); i++) {
		run->index[region->level] = i;
		run_steps(run, r);
		for (size_t m = 0; m < region->members.count; m++)
			combine(run, &members[m]);
	}
}

static bool is_chosen(const struct run *run, int64_t i, int64_t lo, int64_t end)
{
	double operands[4] = {(double)run->x->seed, (double)run->block, (double)i, 0};
	uint64_t words[2] = {0};
	if (run->x->part >= 1 || i == lo || i == end - 1)
		return true;
	oj_math_random(operands, OJ_MATH_STREAM_UNIFORM, words);
	return (double)words[0] < run->x->part * 0x1p64;
}

/* The outermost axis of a block that puts out, or what is chosen of it. */
static void run_outermost(struct run *run, uint32_t r)
{
	const struct block *block = run->plan->block;
	double before = run->p->work, taken = 0;
	for (int64_t i = block->lo[0]; i < block->end[0] && !is_too_much(run); i++)
		if (is_chosen(run, i, block->lo[0], block->end[0])) {
			run->index[0] = i;
			run_steps(run, r);
			taken++;
		}
	double all = (double)(block->end[0] - block->lo[0]);
	if (taken > 0)
		run->p->whole += (run->p->work - before) * (all / taken - 1);
}

static void run_region(struct run *run, uint32_t r)
{
	const struct region *region = &run->plan->regions.at[r];
	const struct block *block = run->plan->block;
	if (region->reduction) {
		run_reduction(run, r);
		return;
	}
	if (region->level == 0 && run->puts_out) {
		run_outermost(run, r);
		return;
	}
	for (int64_t i = block->lo[region->level]; i < block->end[region->level] && !is_too_much(run); i++) {
		run->index[region->level] = i;
		run_steps(run, r);
	}
}

static void run_steps(struct run *run, uint32_t r)
{
	const struct region *region = &run->plan->regions.at[r];
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE)
			run_node(run, step);
		else if (step->kind == STEP_STORE)
			run_store(run, step);
		else
			run_region(run, step->region);
	}
}

static bool puts_out(const struct space *space, const struct block *block)
{
	bool all = true;
	for (size_t k = 0; k < block->stores.count; k++)
		all = all && space->arrays.at[block->stores.at[k].array].role == ROLE_OUT;
	return all;
}

ojit_status oj_exact_run(struct exact *x, struct exact_plan *p)
{
	enum { EXPONENTS = 16384 };
	mpfr_exp_t least = mpfr_get_emin(), greatest = mpfr_get_emax();
	struct run run = {.x = x, .p = p, .space = p->program->space, .g = &p->program->space->graph,
	                  .values = p->slots.numbers};
	p->work = p->whole = 0;
	mpfr_set_emin(-EXPONENTS);
	mpfr_set_emax(EXPONENTS);
	for (size_t b = 0; b < p->count && !is_too_much(&run); b++) {
		run.plan = &p->plans[b];
		run.block = b;
		run.puts_out = puts_out(run.space, run.plan->block);
		run_steps(&run, 0);
	}
	p->whole = is_too_much(&run) ? INFINITY : p->whole + p->work;
	mpfr_set_emin(least);
	mpfr_set_emax(greatest);
	ojit_status status = x->failed ? OJIT_OUT_OF_MEMORY : OJIT_OK;
	x->failed = false;
	return status;
}
