/* Kernels that single methods want, made of the right-hand side when a method is
 * first used: see struct variant in lib/system.h.
 *
 * A variant is made in a copy of the program's space, because the kernels that are
 * there already read the space's tables: it never changes once it is compiled. */
#include "jit/compile.h"

#include "lib/graph/adjoint.h"
#include "lib/graph/coefficients.h"
#include "lib/graph/compact.h"
#include "lib/graph/effort.h"
#include "lib/graph/fused_step.h"
#include "lib/graph/hessian.h"
#include "lib/graph/jacobian_way.h"
#include "lib/graph/linearisation.h"
#include "lib/graph/newton.h"
#include "lib/graph/parity.h"
#include "lib/graph/passes.h"
#include "lib/graph/products.h"
#include "lib/graph/scalar.h"
#include "lib/graph/shared.h"
#include "lib/graph/switches.h"
#include "lib/graph/tangent.h"
#include "lib/graph/time_array.h"
#include "lib/graph/unroll.h"
#include "lib/graph/zeros.h"
#include "lib/math/math.h"

#include <string.h>

/* Fills `made`, a program without blocks, from the primal program `rhs` in the same
 * space; leaves it empty where the system does better without. */
typedef ojit_status maker(struct program *made, struct program *rhs, const struct variant *variant,
                          struct oj_error *error);

/* Fused multiply-adds where lib/math has them too: machine code is made for this machine. */
static ojit_status make_taylor(struct program *made, struct program *rhs, const struct variant *variant,
                               struct oj_error *error)
{
	return oj_taylor_program(made, rhs, variant->order, oj_math_best() != OJ_MATH_SSE2, error);
}

static ojit_status make_step(struct program *made, struct program *rhs, const struct variant *variant,
                             struct oj_error *error)
{
	return oj_fused_step(made, rhs, &variant->recipe, error);
}

static ojit_status make_extra(struct program *made, struct program *rhs, const struct variant *variant,
                              struct oj_error *error)
{
	return oj_fused_extra(made, rhs, &variant->recipe, error);
}

static ojit_status make_switches(struct program *made, struct program *rhs, const struct variant *variant,
                                 struct oj_error *error)
{
	(void)variant;
	return oj_switches_program(made, rhs, error);
}

static maker *const makers[VARIANT_TANGENT] = {
	[VARIANT_TAYLOR] = make_taylor,
	[VARIANT_STEP] = make_step,
	[VARIANT_EXTRA] = make_extra,
	[VARIANT_SWITCHES] = make_switches,
};

/* Kernels of one variant: the first, and a faster one of the same program where it was
 * wanted so often that this pays. */
enum { MAKES = 2 };
struct variant_made {
	struct variant variant;
	_Atomic(const struct kernel *) best;
	atomic_uint_fast64_t evaluations, due; /* made (again) when there are so many; UINT64_MAX: never */
	int makes;                             /* of the slots, that are filled */
	struct pattern pattern; /* of a Jacobian */
	bool has_program;
	struct space space;
	struct program program; /* without blocks: there is nothing to compute */
	struct kernel_slot slots[MAKES];
	struct variant_made *next; /* never changes */
};

static void drop_variant(ojit_context *context, struct variant_made *made)
{
	for (int i = 0; i < MAKES; i++)
		oj_slot_drop(context, &made->slots[i]);
	oj_pattern_drop(&made->pattern, context);
	oj_program_drop(&made->program);
	oj_space_drop(&made->space);
	oj_memory_put(context, made, sizeof *made);
}

void oj_variants_drop(struct ojit_program *program)
{
	struct variant_made *made = atomic_load(&program->variants), *next;
	for (; made; made = next) {
		next = made->next;
		drop_variant(program->system.context, made);
	}
	atomic_store(&program->variants, NULL);
}

/* Tables are static: the same address is the same table. */
static bool is_same(const struct variant *a, const struct variant *b)
{
	const struct step_recipe *x = &a->recipe, *y = &b->recipe;
	return a->kind == b->kind && a->order == b->order && a->of == b->of && a->by == b->by &&
	       a->with_value == b->with_value && a->scalar == b->scalar && a->columns == b->columns && a->strong == b->strong &&
	       x->stages == y->stages && x->c == y->c && x->a == y->a && x->b == y->b && x->e[0] == y->e[0] &&
	       x->e[1] == y->e[1];
}

static struct variant_made *find(struct ojit_program *program, const struct variant *v)
{
	struct variant_made *made = atomic_load_explicit(&program->variants, memory_order_acquire);
	while (made && !is_same(&made->variant, v))
		made = made->next;
	return made;
}

/* ---- when ---- */

/* Evaluations by one method before its whole step is compiled, and before it is
 * optimised.  Calls of single stages lose about 5 ns an evaluation against it (a step of
 * Lorenz by tsit5: 102 ns, compiled 68), so 500,000 of them lose what compiling takes, 2
 * to 4 ms; optimising gains from nothing to 5 ns more (Lorenz; Arenstorf by vern9) and
 * takes 15 to 50 ms.  So who solves once and briefly does not wait, and nobody spends much
 * more than twice the time he has to.  Evaluations are counted, and no clock is read, so
 * that the same calls make the same kernels.  Extra stages are asked for by who has a whole step
 * and looked inside of steps, and are compiled at once. */
enum { STEP_DUE = 500000, STEP_AGAIN = 10000000 };

/* The interpreter takes longer over a sum than the solvers' own loops. */
static bool wants_steps(const struct settings *settings)
{
	return settings->executor != OJIT_INTERPRETER && !(settings->without & WITHOUT_STEP);
}

static ojit_status first_due(struct ojit_program *program, const struct variant *v, uint64_t *due, struct oj_error *error)
{
	bool pays = false, step = v->kind == VARIANT_STEP;
	*due = 0;
	if (!step && v->kind != VARIANT_EXTRA)
		return OJIT_OK;
	if (wants_steps(&program->settings))
		TRY(oj_fused_step_pays(&program->lowered.primal, &v->recipe, &pays, error));
	if (!pays || (step && program->settings.executor != OJIT_OPTIMISED))
		*due = pays ? STEP_DUE : UINT64_MAX;
	return OJIT_OK;
}

/* Steps by a Taylor series before its loops are optimised: that takes 20 us a node, and
 * gains 0.2 ns or more a node and turn of eight lanes (all pairs of 100 oscillators, 1.2 ms
 * a step, are optimised after 75 steps; the outer planets, 4 us a step, after 40,000).
 * Straight code takes 35 us and gains about 0.05 ns a node. */
enum { NODE_TURNS = 100000, LANES = 8, STRAIGHT_AGAIN = 1000000 };

static bool count_series(const struct program *program, uint64_t *due)
{
	double nodes = 0, turns = 0;
	struct expr_list list = {0};
	bool ok = true, loops = false;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		list.list.count = 0;
		ok = oj_block_reach(program->space, block, true, &list);
		nodes += (double)list.list.count;
		turns += (double)list.list.count * (double)((oj_block_points(block) + LANES - 1) / LANES);
		loops = loops || block->rank > 0;
	}
	VECTOR_DROP(program->space->context, &list.list);
	*due = loops && turns > 0 ? (uint64_t)(NODE_TURNS * nodes / turns) + 1 : STRAIGHT_AGAIN;
	return ok;
}

/* Evaluations of an interpreted matrix before it is compiled: those that take as long as
 * compiling, about 2 ms and 50 us a node against 15 ns an operation. */
#define COMPILE_START 2e6
#define COMPILE_NODE 5e4
#define INTERPRETED_OPERATION 15.0

static bool count_matrix(const struct program *program, uint64_t *due)
{
	double nodes = 0, operations = oj_program_effort(program);
	struct expr_list list = {0};
	bool ok = operations >= 0;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		list.list.count = 0;
		ok = oj_block_reach(program->space, &program->blocks.at[b], true, &list);
		nodes += (double)list.list.count;
	}
	VECTOR_DROP(program->space->context, &list.list);
	*due = (uint64_t)((COMPILE_START + COMPILE_NODE * nodes) / (INTERPRETED_OPERATION * (operations + 1))) + 1;
	return ok;
}

static ojit_status next_due(const struct ojit_program *program, const struct variant_made *made, uint64_t *due,
                            struct oj_error *error)
{
	*due = UINT64_MAX;
	if (made->makes == MAKES || program->settings.executor != OJIT_AUTOMATIC)
		return OJIT_OK;
	if (made->variant.kind == VARIANT_JACOBIAN && made->makes == 1 && !made->slots[0].code &&
	    !count_matrix(&made->program, due))
		return oj_fail_memory(error);
	if (made->variant.kind == VARIANT_STEP || made->variant.kind == VARIANT_EXTRA)
		*due = STEP_AGAIN;
	if (made->variant.kind == VARIANT_TAYLOR && !count_series(&made->program, due))
		return oj_fail_memory(error);
	return OJIT_OK;
}

/* ---- making ---- */

static int64_t inputs(const struct lowered *lowered, unsigned by, unsigned one)
{
	return by & one ? lowered->lengths[one == BY_STATES ? FAMILY_STATES : FAMILY_PARAMETERS] : 0;
}

static int64_t elements(const struct lowered *lowered, const struct variant *v)
{
	return lowered->lengths[v->of == KERNEL_RHS ? FAMILY_STATES : FAMILY_OUTPUTS];
}

static ojit_status differentiate_by_time(struct program *made, struct program *program, int64_t rows,
                                         struct pattern *pattern, struct oj_error *error)
{
	uint32_t array = oj_time_array(made->space);
	struct jacobian_request request = {ROLE_SEED, rows, 1};
	if (array == UINT32_MAX)
		return oj_fail_memory(error);
	TRY(oj_time_to_array(program, array, error));
	TRY(oj_jacobian_program(made, program, NULL, &request, pattern, error));
	TRY(oj_array_to_time(program, array, error));
	return oj_array_to_time(made, array, error);
}

/* The program of one element, and of nothing that it does not need. */
static ojit_status take_row(struct program *program, int64_t element, struct oj_error *error)
{
	struct program row;
	oj_program_init(&row, program->space, program->kind);
	ojit_status status = oj_scalar_program(&row, program, element, error);
	if (status == OJIT_OK && (!oj_drop_unread(&row) || oj_program_layout(&row) != OJIT_OK))
		status = oj_fail_memory(error);
	if (status != OJIT_OK) {
		oj_program_drop(&row);
		return status;
	}
	oj_program_drop(program);
	*program = row;
	return OJIT_OK;
}

/* A Jacobian, and what is made of one; `values`: the program as it was. */
static ojit_status differentiate_all(struct program *made, struct program *program, const struct program *prepare,
                                     const struct program *values, const struct lowered *lowered,
                                     const struct settings *settings, const struct variant *v,
                                     struct pattern *pattern, struct oj_error *error)
{
	struct jacobian_request request = {v->by & BY_STATES ? ROLE_STATE : ROLE_PARAMETER, v->scalar ? 1 : elements(lowered, v),
	                                   inputs(lowered, v->by, v->by)};
	if (v->scalar)
		TRY(take_row(program, v->scalar - 1, error));
	TRY(oj_keep_shared_sums(program, 2, error));
	TRY(v->by == BY_TIME ? differentiate_by_time(made, program, request.rows, pattern, error)
	                     : oj_jacobian_by_way(made, program, prepare, &request, settings->jacobian,
	                                          settings->explanation, pattern, error));
	if (v->kind == VARIANT_NEWTON)
		TRY(oj_newton_program(made, pattern, error));
	return v->with_value ? oj_linearisation_program(made, values, request.rows, error) : OJIT_OK;
}

static ojit_status differentiate_scalar(struct program *made, const struct program *program,
                                        const struct program *prepare, const struct lowered *lowered, enum law law,
                                        const struct variant *v, struct pattern *pattern, struct oj_error *error)
{
	struct scalar_request request = {
		.element = v->scalar - 1, .weights = v->scalar ? 0 : elements(lowered, v), .law = law,
		.strong = v->strong,
		.states = inputs(lowered, v->by, BY_STATES), .parameters = inputs(lowered, v->by, BY_PARAMETERS),
	};
	if (v->kind == VARIANT_ADJOINT)
		return oj_gradient_program(made, program, prepare, &request, error);
	if (v->kind == VARIANT_HESSIAN_PRODUCT)
		return oj_hessian_product(made, program, prepare, &request, v->order, error);
	enum array_role role = v->columns & BY_STATES ? ROLE_STATE : ROLE_PARAMETER;
	return oj_hessian_program(made, program, prepare, &request, role, inputs(lowered, v->columns, v->columns),
	                          pattern, error);
}

static ojit_status differentiate(struct program *made, struct program *program, struct program *prepare,
                                 struct program *values, const struct lowered *lowered,
                                 const struct settings *settings, const struct variant *v, struct pattern *pattern,
                                 struct oj_error *error)
{
	int64_t states = inputs(lowered, v->by, BY_STATES), parameters = inputs(lowered, v->by, BY_PARAMETERS);
	struct tangent_request tangent = {states, parameters, v->by & BY_TIME, v->order, v->strong, .before = 0};
	TRY(oj_drop_zeros(prepare, NULL, NULL, error));
	TRY(oj_drop_zeros(program, prepare, v->with_value ? values : NULL, error));
	TRY(oj_products_to_trees(program, error));
	TRY(oj_products_to_trees(prepare, error));
	if (v->kind == VARIANT_TANGENT)
		return oj_tangent_program(made, program, prepare, &tangent, error);
	if (v->kind == VARIANT_ADJOINT || v->kind == VARIANT_HESSIAN_PRODUCT) {
		TRY(oj_keep_shared_sums(program, 1, error));
		TRY(oj_keep_shared_sums(prepare, 1, error));
	}
	if (v->kind == VARIANT_ADJOINT || v->kind == VARIANT_HESSIAN_PRODUCT || v->kind == VARIANT_HESSIAN)
		return differentiate_scalar(made, program, prepare, lowered, settings->law, v, pattern, error);
	return differentiate_all(made, program, prepare, values, lowered, settings, v, pattern, error);
}

/* Sweeps go by node numbers, so what else was in the space is forgotten first: else bits could
 * depend on it.  Conditions on indices are the derivative's to be decided yet. */
ojit_status oj_derive(struct program *made, const struct lowered *lowered, const struct settings *settings,
                      const struct variant *variant, struct pattern *pattern, struct oj_error *error)
{
	const struct program *of = variant->of == KERNEL_RHS ? &lowered->primal : &lowered->primal_outputs;
	struct pass_options options = {.law = settings->law};
	struct program program = {0}, prepare = {0}, values = {0}, *const sources[] = {&program, &prepare, &values};
	bool ok = oj_program_copy(&program, of, made->space) == OJIT_OK &&
	          oj_program_copy(&prepare, &lowered->primal_prepare, made->space) == OJIT_OK &&
	          oj_program_copy(&values, of, made->space) == OJIT_OK &&
	          oj_space_compact(made->space, sources, sizeof sources / sizeof *sources) == OJIT_OK;
	ojit_status status = ok ? differentiate(made, &program, &prepare, &values, lowered, settings, variant, pattern, error)
	                        : oj_fail_memory(error);
	oj_program_drop(&program);
	oj_program_drop(&prepare);
	oj_program_drop(&values);
	TRY(status);
	TRY(oj_pass_simplify(made, &options, error));
	TRY(oj_even_differences(made, error));
	TRY(oj_pass_split(made, &options, error));
	/* Where nothing is rolled and the model has no loops of its own, its derivatives have none. */
	return lowered->loopless[variant->of] ? oj_unroll(made, error) : OJIT_OK;
}

static ojit_status make_method(struct ojit_program *program, struct variant_made *made, struct oj_error *error)
{
	struct program rhs = {0};
	ojit_status status = oj_program_copy(&rhs, &program->lowered.primal, &made->space) == OJIT_OK
		? makers[made->variant.kind](&made->program, &rhs, &made->variant, error)
		: oj_fail_memory(error);
	oj_program_drop(&rhs);
	return status;
}

static ojit_status make_program(struct ojit_program *program, struct variant_made *made, struct oj_error *error)
{
	const struct settings *settings = &program->settings;
	if (oj_space_copy(&made->space, &program->lowered.space) != OJIT_OK)
		return oj_fail_memory(error);
	oj_program_init(&made->program, &made->space, KERNEL_RHS);
	TRY(made->variant.kind < VARIANT_TANGENT
		? make_method(program, made, error)
		: oj_derive(&made->program, &program->lowered, &program->settings, &made->variant, &made->pattern, error));
	return oj_finish_variant(&made->program, made->variant.kind, settings, error);
}

/* A failure leaves the variant as it was before its program was made. */
static ojit_status ensure_program(struct ojit_program *program, struct variant_made *made, struct oj_error *error)
{
	if (made->has_program)
		return OJIT_OK;
	ojit_status status = make_program(program, made, error);
	made->has_program = status == OJIT_OK;
	if (status == OJIT_OK)
		return OJIT_OK;
	oj_program_drop(&made->program);
	oj_pattern_drop(&made->pattern, program->system.context);
	oj_space_drop(&made->space);
	memset(&made->pattern, 0, sizeof made->pattern);
	memset(&made->program, 0, sizeof made->program);
	memset(&made->space, 0, sizeof made->space);
	return status;
}

/* Is the next kernel one that walks the program? */
static bool is_interpreted(const struct ojit_program *program, const struct variant_made *made, bool hurry)
{
	if (program->settings.executor == OJIT_INTERPRETER)
		return true;
	return program->settings.executor == OJIT_AUTOMATIC && made->variant.kind == VARIANT_JACOBIAN && made->makes == 0 &&
	       !hurry;
}

static ojit_status fill(struct ojit_program *program, struct variant_made *made, bool hurry, struct oj_error *error)
{
	struct kernel_slot *slot = &made->slots[made->makes];
	enum pace pace = made->makes && made->slots[0].code ? PACE_THOROUGH : made->variant.kind < VARIANT_TANGENT ? PACE_SOON : PACE_AS_SET;
	TRY(ensure_program(program, made, error));
	if (made->program.blocks.count == 0)
		return OJIT_OK;
	if (made->variant.kind == VARIANT_SWITCHES)
		TRY(oj_slot_enclose(&made->program, slot, error));
	else
		TRY(is_interpreted(program, made, hurry) ? oj_slot_plan(&made->program, slot, error)
		                                         : oj_slot_translate(program, &made->program, pace, slot, error));
	made->makes++;
	atomic_store_explicit(&made->best, &slot->kernel, memory_order_release);
	return OJIT_OK;
}

/* Evaluations as good as made: who asks for a matrix and cannot ask again wants it compiled. */
#define HURRY (UINT64_MAX - 1)

/* Under the lock; others may have been quicker. */
static ojit_status make(struct ojit_program *program, struct variant_made *made, uint64_t evaluations,
                        struct oj_error *error)
{
	double begin = oj_seconds();
	uint64_t due = UINT64_MAX;
	if (evaluations < atomic_load_explicit(&made->due, memory_order_relaxed))
		return OJIT_OK;
	ojit_status status = fill(program, made, evaluations == HURRY, error);
	if (status == OJIT_OK)
		status = next_due(program, made, &due, error);
	if (status == OJIT_OK)
		atomic_store_explicit(&made->due, due, memory_order_release);
	program->seconds += oj_seconds() - begin;
	return status;
}

/* Under the lock; others may have been quicker. */
static ojit_status add(struct ojit_program *program, const struct variant *v, struct variant_made **out,
                       struct oj_error *error)
{
	uint64_t due;
	if ((*out = find(program, v)))
		return OJIT_OK;
	TRY(first_due(program, v, &due, error));
	struct variant_made *made = oj_memory_get(program->system.context, sizeof *made);
	if (!made)
		return oj_fail_memory(error);
	memset(made, 0, sizeof *made);
	made->variant = *v;
	made->next = atomic_load_explicit(&program->variants, memory_order_relaxed);
	atomic_init(&made->due, due);
	*out = made;
	atomic_store_explicit(&program->variants, made, memory_order_release);
	return OJIT_OK;
}

static ojit_status add_locked(struct ojit_program *program, const struct variant *v, struct variant_made **out,
                              struct oj_error *error)
{
	pthread_mutex_lock(&program->lock);
	ojit_status status = add(program, v, out, error);
	pthread_mutex_unlock(&program->lock);
	return status;
}

/* The lock is taken only where there is something to make. */
ojit_status oj_program_variant(struct system *system, const struct variant *variant, const struct kernel **kernel,
                               struct oj_error *error)
{
	struct ojit_program *program = (struct ojit_program *)system;
	struct variant_made *made = find(program, variant);
	*kernel = NULL;
	if (variant->kind < VARIANT_TANGENT && !makers[variant->kind])
		return OJIT_OK;
	if (!made)
		TRY(add_locked(program, variant, &made, error));
	uint64_t evaluations = atomic_fetch_add_explicit(&made->evaluations, variant->evaluations, memory_order_relaxed) +
	                       variant->evaluations;
	if (variant->kind == VARIANT_JACOBIAN && !variant->wait)
		evaluations = HURRY;
	if (evaluations >= atomic_load_explicit(&made->due, memory_order_acquire)) {
		pthread_mutex_lock(&program->lock);
		ojit_status status = make(program, made, evaluations, error);
		pthread_mutex_unlock(&program->lock);
		TRY(status);
	}
	uint64_t due = atomic_load_explicit(&made->due, memory_order_acquire);
	if (variant->wait)
		*variant->wait = due == UINT64_MAX ? UINT64_MAX : due > evaluations ? due - evaluations : 0;
	*kernel = atomic_load_explicit(&made->best, memory_order_acquire);
	return OJIT_OK;
}

ojit_status oj_program_draw_pattern(struct ojit_program *program, const struct variant *variant,
                                    const struct pattern **pattern, struct oj_error *error)
{
	struct variant_made *made;
	*pattern = NULL;
	pthread_mutex_lock(&program->lock);
	double begin = oj_seconds();
	ojit_status status = add(program, variant, &made, error);
	if (status == OJIT_OK)
		status = ensure_program(program, made, error);
	if (status == OJIT_OK)
		*pattern = &made->pattern;
	program->seconds += oj_seconds() - begin;
	pthread_mutex_unlock(&program->lock);
	return status;
}

const struct pattern *oj_program_pattern(struct system *system, const struct variant *variant)
{
	const struct variant_made *made = find((struct ojit_program *)system, variant);
	return made ? &made->pattern : NULL;
}

const struct program *oj_program_variant_source(struct system *system, const struct variant *variant)
{
	const struct variant_made *made = find((struct ojit_program *)system, variant);
	return made && made->program.blocks.count ? &made->program : NULL;
}

/* Counting lays out a plan, which no other may do in the same space at the same time. */
double oj_program_effort_of(struct system *system, const struct variant *variant)
{
	struct ojit_program *program = (struct ojit_program *)system;
	const struct program *source = variant ? oj_program_variant_source(system, variant)
	                                       : &program->lowered.programs[KERNEL_RHS];
	if (!source)
		return 0;
	pthread_mutex_lock(&program->lock);
	double effort = oj_program_effort(source);
	pthread_mutex_unlock(&program->lock);
	return effort;
}
