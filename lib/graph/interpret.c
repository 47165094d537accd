/* See interpret.h.  Values live in slots, 8 bytes each, in the caller's scratch
 * behind the program's TEMP arrays; reductions of order TREE8 have their eight
 * partial sums behind the slots. */
#include "lib/graph/interpret.h"

#include "lib/graph/interpret_parts.h"
#include "lib/math/math.h"

#include <math.h>

/* One run of one block. */
struct run {
	const struct block_plan *block;
	const struct plan *plan;
	const struct space *space;
	const struct kernel_args *args;
	const double *base[ROLE_COUNT];
	const double *given; /* parameters that are not 0 here are not stored; NULL: all are */
	union value *values;
	int64_t index[LEVELS];
};

double oj_evaluate(enum op op, double a, double b, double c)
{
	double operands[4] = {a, b, c, 0};
	switch (op) {
#define INSTR(value) return value
#define MATH(function) return oj_math_scalar(OJ_MATH_##function, operands)
#define LEAF break
#define EXPAND break
#define OP(tag, text, arity, type, way, bound) \
	case OP_##tag:                         \
		way;
#include "lib/graph/ops.def"
#undef OP
	case OP_COUNT:
		break;
	}
	return NAN;
}

double oj_evaluate_many(enum op op, const double *operands, uint32_t arity)
{
	if (op == OP_ADD || op == OP_MUL) {
		double value = operands[0];
		for (uint32_t i = 1; i < arity; i++)
			value = op == OP_ADD ? value + operands[i] : value * operands[i];
		return value;
	}
	if (arity > 3)
		return oj_math_scalar(oj_op_info[op].math, operands);
	return oj_evaluate(op, operands[0], arity > 1 ? operands[1] : 0, arity > 2 ? operands[2] : 0);
}

int64_t oj_interpreted_element(const int64_t *base, const int64_t *extent, uint32_t rank, int64_t offset,
                               const union value *values, const uint32_t *slots)
{
	int64_t at = 0;
	for (uint32_t k = 0; k < rank; k++)
		at = at * extent[k] + (values[slots[k]].integer - base[k]);
	return offset + at;
}

static int64_t evaluate_affine(const struct graph *g, const struct node *n, const union value *values,
                               const uint32_t *operands)
{
	const int64_t *c = g->coefficients.at + n->ref.id;
	uint64_t sum = (uint64_t)c[0]; /* wraps as machine code does */
	for (uint32_t i = 0; i < n->arity; i++)
		sum += (uint64_t)c[1 + i] * (uint64_t)values[operands[i]].integer;
	return (int64_t)sum;
}

static int64_t evaluate_wrap(const struct graph *g, const struct node *n, int64_t value)
{
	int64_t lo = g->coefficients.at[n->ref.id], count = g->coefficients.at[n->ref.id + 1];
	int64_t rest = (value - lo) % count;
	return lo + (rest < 0 ? rest + count : rest);
}

int64_t oj_interpreted_integer(const struct space *space, const struct node *n, const int32_t *tables,
                               const int64_t *index, const union value *v, const uint32_t *o)
{
	const struct graph *g = &space->graph;
	switch ((enum op)n->op) {
	case OP_INTEGER:
		return n->integer;
	case OP_INDEX:
		return index[n->integer];
	case OP_AFFINE:
		return evaluate_affine(g, n, v, o);
	case OP_WRAP:
		return evaluate_wrap(g, n, v[o[0]].integer);
	case OP_TABLE: {
		const struct table *t = &space->tables.at[n->ref.id];
		return tables[oj_interpreted_element(t->base, t->extent, t->rank, t->offset, v, o)];
	}
	case OP_IMIN:
		return v[o[0]].integer < v[o[1]].integer ? v[o[0]].integer : v[o[1]].integer;
	case OP_IMAX:
		return v[o[0]].integer > v[o[1]].integer ? v[o[0]].integer : v[o[1]].integer;
	case OP_ILT:
		return v[o[0]].integer < v[o[1]].integer;
	case OP_ILE:
		return v[o[0]].integer <= v[o[1]].integer;
	case OP_IEQ:
		return v[o[0]].integer == v[o[1]].integer;
	case OP_INE:
		return v[o[0]].integer != v[o[1]].integer;
	default:
		return n->op == OP_TRUE;
	}
}

static union value evaluate_number(const struct node *n, const union value *values, const uint32_t *o)
{
	double few[4];
	if (n->op == OP_ADD || n->op == OP_MUL) {
		double sum = values[o[0]].real;
		for (uint32_t i = 1; i < n->arity; i++)
			sum = n->op == OP_ADD ? sum + values[o[i]].real : sum * values[o[i]].real;
		return (union value){.real = sum};
	}
	for (uint32_t i = 0; i < n->arity; i++)
		few[i] = values[o[i]].real;
	return (union value){.real = oj_evaluate_many(n->op, few, n->arity)};
}

static union value evaluate(struct run *run, const struct step *step)
{
	const struct node *n = oj_node(&run->space->graph, step->node);
	const uint32_t *o = run->plan->operands.at + step->operands;
	const union value *v = run->values;
#define INT(number) ((union value){.integer = (number)})
	switch ((enum op)n->op) {
	case OP_LITERAL:
		return (union value){.real = n->real};
	case OP_TIME:
		return (union value){.real = *run->args->t};
	case OP_LOAD: {
		const struct array *a = &run->space->arrays.at[n->ref.id];
		return (union value){.real = run->base[a->role][oj_interpreted_element(a->base, a->extent, a->rank, a->offset, v, o)]};
	}
	case OP_ITOF:
		return (union value){.real = (double)v[o[0]].integer};
	case OP_INTEGER: case OP_INDEX: case OP_AFFINE: case OP_WRAP: case OP_TABLE: case OP_IMIN: case OP_IMAX:
	case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE: case OP_TRUE: case OP_FALSE:
		return INT(oj_interpreted_integer(run->space, n, run->args->tables, run->index, v, o));
	case OP_LT:
		return INT(v[o[0]].real < v[o[1]].real);
	case OP_LE:
		return INT(v[o[0]].real <= v[o[1]].real);
	case OP_EQ:
		return INT(v[o[0]].real == v[o[1]].real);
	case OP_NE:
		return INT(v[o[0]].real != v[o[1]].real);
	case OP_AND:
		return INT(v[o[0]].integer & v[o[1]].integer);
	case OP_OR:
		return INT(v[o[0]].integer | v[o[1]].integer);
	case OP_NOT:
		return INT(!v[o[0]].integer);
	case OP_IF:
		return v[o[0]].integer ? v[o[1]] : v[o[2]];
	default:
		return evaluate_number(n, v, o);
	}
#undef INT
}

static double combine(enum reduction_kind kind, double a, double b)
{
	switch (kind) {
	case REDUCE_SUM:
		return a + b;
	case REDUCE_PROD:
		return a * b;
	case REDUCE_MIN:
		return oj_minimum(a, b);
	case REDUCE_MAX:
		return oj_maximum(a, b);
	}
	return NAN;
}

static void run_steps(struct run *run, uint32_t r);

static enum reduction_kind kind_of(struct run *run, const struct member *member)
{
	return oj_node(&run->space->graph, member->node)->reduction.kind;
}

static void run_sequential(struct run *run, uint32_t r, int64_t lo, int64_t end)
{
	const struct region *region = &run->plan->regions.at[r];
	const struct member *members = region->members.at;
	for (size_t m = 0; m < region->members.count; m++)
		run->values[members[m].slot] = run->values[members[m].start];
	for (int64_t i = lo; i < end; i++) {
		run->index[region->level] = i;
		run_steps(run, r);
		for (size_t m = 0; m < region->members.count; m++) {
			double *sum = &run->values[members[m].slot].real;
			*sum = combine(kind_of(run, &members[m]), *sum, run->values[members[m].body].real);
		}
	}
}

static void run_tree(struct run *run, uint32_t r, int64_t lo, int64_t end)
{
	const struct region *region = &run->plan->regions.at[r];
	const struct member *members = region->members.at;
	union value *partials = run->values + run->block->partials[r];
	for (size_t m = 0; m < region->members.count; m++)
		for (int k = 0; k < 8; k++)
			partials[8 * m + k].real = oj_reduction_identity(kind_of(run, &members[m]), true);
	for (int64_t i = lo; i < end; i++) {
		run->index[region->level] = i;
		run_steps(run, r);
		for (size_t m = 0; m < region->members.count; m++) {
			double *sum = &partials[8 * m + (i - lo) % 8].real;
			*sum = combine(kind_of(run, &members[m]), *sum, run->values[members[m].body].real);
		}
	}
	for (size_t m = 0; m < region->members.count; m++) {
		enum reduction_kind kind = kind_of(run, &members[m]);
		union value *p = partials + 8 * m;
		for (int width = 4; width >= 1; width /= 2)
			for (int k = 0; k < width; k++)
				p[k].real = combine(kind, p[k].real, p[k + width].real);
		run->values[members[m].slot].real = combine(kind, run->values[members[m].start].real, p[0].real);
	}
}

static void run_region(struct run *run, uint32_t r)
{
	const struct region *region = &run->plan->regions.at[r];
	if (region->reduction) {
		int64_t lo = run->values[region->lo].integer, end = run->values[region->end].integer;
		(region->order == TREE8 ? run_tree : run_sequential)(run, r, lo, end);
		return;
	}
	const struct block *block = run->plan->block;
	for (int64_t i = block->lo[region->level]; i < block->end[region->level]; i++) {
		run->index[region->level] = i;
		run_steps(run, r);
	}
}

static void run_store(struct run *run, const struct step *step)
{
	const struct array *a = &run->space->arrays.at[run->plan->block->stores.at[step->store].array];
	const uint32_t *slot = run->plan->operands.at + step->operands;
	double *base = (double *)run->base[a->role];
	int64_t at = oj_interpreted_element(a->base, a->extent, a->rank, a->offset, run->values, slot + 1);
	if (!run->given || a->role != ROLE_PARAMETER || run->given[at] == 0)
		base[at] = run->values[slot[0]].real;
}

static void run_steps(struct run *run, uint32_t r)
{
	const struct region *region = &run->plan->regions.at[r];
	for (size_t s = 0; s < region->steps.count; s++) {
		const struct step *step = &region->steps.at[s];
		if (step->kind == STEP_NODE)
			run->values[step->slot] = evaluate(run, step);
		else if (step->kind == STEP_STORE)
			run_store(run, step);
		else
			run_region(run, step->region);
	}
}

static void run_block(const struct kernel_args *args, size_t block)
{
	const struct interpreter *interpreter = args->env;
	struct run run = {
		.block = &interpreter->blocks[block],
		.plan = &interpreter->blocks[block].plan,
		.space = interpreter->program->space,
		.args = args,
		.base = {[ROLE_STATE] = args->y, [ROLE_PARAMETER] = args->p, [ROLE_DERIVED] = args->d,
		         [ROLE_DISCRETE] = args->z, [ROLE_SEED] = args->seed, [ROLE_DATA] = args->data,
		         [ROLE_OUT] = args->out, [ROLE_TEMP] = args->scratch},
		.values = (union value *)(args->scratch + interpreter->program->scratch),
	};
	/* Defaults of parameters are the one program that stores into p. */
	if (interpreter->program->kind == KERNEL_PARAMETERS) {
		run.base[ROLE_PARAMETER] = args->out;
		run.given = args->seed;
	}
	run_steps(&run, 0);
}

static void run_all(const struct kernel_args *args)
{
	const struct interpreter *interpreter = args->env;
	for (size_t b = 0; b < interpreter->count; b++)
		run_block(args, b);
}

static ojit_status place_partials(ojit_context *context, struct block_plan *block)
{
	const struct plan *plan = &block->plan;
	block->partials = oj_memory_get(context, plan->regions.count * sizeof *block->partials);
	if (!block->partials)
		return OJIT_OUT_OF_MEMORY;
	block->slots = plan->slot_count;
	for (size_t r = 0; r < plan->regions.count; r++) {
		block->partials[r] = block->slots;
		if (plan->regions.at[r].order == TREE8)
			block->slots += 8 * (uint32_t)plan->regions.at[r].members.count;
	}
	return OJIT_OK;
}

/* Defaults of scalar parameters share a block in which some read others. */
static bool stores_in_order(const struct program *program, const struct block *block)
{
	bool flat = program->kind == KERNEL_PARAMETERS && block->rank == 0;
	for (size_t s = 0; flat && s < block->stores.count; s++)
		flat = oj_node(&program->space->graph, block->stores.at[s].value)->stage == 0;
	return flat;
}

static ojit_status plan_block(const struct program *program, const struct block *block, struct plan *plan)
{
	return stores_in_order(program, block) ? oj_plan_in_order(plan, program->space, block)
	                                       : oj_plan_init(plan, program->space, block);
}

static size_t bytes_of(size_t blocks)
{
	return sizeof(struct interpreter) + blocks * sizeof(struct block_plan);
}

ojit_status oj_interpreter_new(const struct program *program, struct interpreter **out)
{
	ojit_context *context = program->space->context;
	struct interpreter *interpreter = oj_memory_get(context, bytes_of(program->blocks.count));
	if (!interpreter)
		return OJIT_OUT_OF_MEMORY;
	*interpreter = (struct interpreter){.program = program};
	ojit_status status = OJIT_OK;
	for (size_t b = 0; status == OJIT_OK && b < program->blocks.count; b++) {
		struct block_plan *block = &interpreter->blocks[b];
		*block = (struct block_plan){0};
		status = plan_block(program, &program->blocks.at[b], &block->plan);
		if (status != OJIT_OK)
			break;
		interpreter->count++;
		status = place_partials(context, block);
		if (interpreter->slots < block->slots)
			interpreter->slots = block->slots;
	}
	if (status == OJIT_OK) {
		*out = interpreter;
		return OJIT_OK;
	}
	oj_interpreter_free(interpreter);
	return status;
}

void oj_interpreter_free(struct interpreter *interpreter)
{
	if (!interpreter)
		return;
	ojit_context *context = interpreter->program->space->context;
	for (size_t b = 0; b < interpreter->count; b++) {
		struct block_plan *block = &interpreter->blocks[b];
		oj_memory_put(context, block->partials, block->plan.regions.count * sizeof *block->partials);
		oj_plan_drop(&block->plan);
	}
	oj_memory_put(context, interpreter, bytes_of(interpreter->program->blocks.count));
}

struct kernel oj_interpreter_kernel(const struct interpreter *interpreter)
{
	const struct space *space = interpreter->program->space;
	return (struct kernel){
		.run = run_all,
		.data = space->data.at,
		.tables = space->table_data.at,
		.env = interpreter,
		.scratch = interpreter->program->scratch + interpreter->slots,
		.lanes = 1,
	};
}
