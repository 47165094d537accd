/* Kernels that single methods want, made of the right-hand side when a method is
 * first used: see struct variant in lib/system.h.
 *
 * A variant is made in a copy of the program's space, because the kernels that are
 * there already read the space's tables: it never changes once it is compiled. */
#include "jit/compile.h"

#include "lib/graph/adjoint.h"
#include "lib/graph/coefficients.h"
#include "lib/graph/jacobian.h"
#include "lib/graph/parity.h"
#include "lib/graph/tangent.h"
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

static maker *const makers[VARIANT_TANGENT] = {
	[VARIANT_TAYLOR] = make_taylor,
	[VARIANT_STEP] = NULL,
};

struct variant_made {
	struct variant variant;
	struct pattern pattern; /* of a Jacobian */
	struct space space;
	struct program program;
	struct kernel_slot slot;
	struct variant_made *next;
};

static void drop_variant(ojit_context *context, struct variant_made *made)
{
	oj_slot_drop(context, &made->slot);
	oj_pattern_drop(&made->pattern, context);
	oj_program_drop(&made->program);
	oj_space_drop(&made->space);
	oj_memory_put(context, made, sizeof *made);
}

void oj_variants_drop(struct ojit_program *program)
{
	struct variant_made *made = program->variants, *next;
	for (; made; made = next) {
		next = made->next;
		drop_variant(program->system.context, made);
	}
	program->variants = NULL;
}

static struct variant_made *find(const struct ojit_program *program, const struct variant *v)
{
	struct variant_made *made = program->variants;
	while (made && (made->variant.kind != v->kind || made->variant.order != v->order ||
	                made->variant.recipe != v->recipe || made->variant.of != v->of || made->variant.by != v->by))
		made = made->next;
	return made;
}

/* Conditions on indices are the derivative's to be decided yet. */
static ojit_status differentiate(struct program *made, const struct program *program, const struct program *prepare,
                                 const struct lowered *lowered, const struct variant *v, struct pattern *pattern,
                                 struct oj_error *error)
{
	const int64_t *lengths = lowered->lengths;
	int64_t states = v->by & BY_STATES ? lengths[FAMILY_STATES] : 0;
	int64_t parameters = v->by & BY_PARAMETERS ? lengths[FAMILY_PARAMETERS] : 0;
	int64_t rows = lengths[v->of == KERNEL_RHS ? FAMILY_STATES : FAMILY_OUTPUTS];
	struct tangent_request tangent = {states, parameters, v->by & BY_TIME, v->order};
	struct adjoint_request adjoint = {states, parameters};
	struct jacobian_request jacobian = {v->by & BY_STATES ? ROLE_STATE : ROLE_PARAMETER, rows, states + parameters};
	if (v->kind == VARIANT_TANGENT)
		return oj_tangent_program(made, program, prepare, &tangent, error);
	if (v->kind == VARIANT_ADJOINT)
		return oj_adjoint_program(made, program, prepare, &adjoint, error);
	return oj_jacobian_program(made, program, prepare, &jacobian, pattern, error);
}

ojit_status oj_derive(struct program *made, const struct lowered *lowered, const struct settings *settings,
                      const struct variant *variant, struct pattern *pattern, struct oj_error *error)
{
	const struct program *of = variant->of == KERNEL_RHS ? &lowered->primal : &lowered->primal_outputs;
	struct pass_options options = {.law = settings->law};
	struct program program = {0}, prepare = {0};
	bool ok = oj_program_copy(&program, of, made->space) == OJIT_OK &&
	          oj_program_copy(&prepare, &lowered->primal_prepare, made->space) == OJIT_OK;
	ojit_status status = ok ? differentiate(made, &program, &prepare, lowered, variant, pattern, error)
	                        : oj_fail_memory(error);
	oj_program_drop(&program);
	oj_program_drop(&prepare);
	TRY(status);
	TRY(oj_pass_simplify(made, &options, error));
	TRY(oj_even_differences(made, error));
	return oj_pass_split(made, &options, error);
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

static ojit_status fill(struct ojit_program *program, struct variant_made *made, struct oj_error *error)
{
	if (oj_space_copy(&made->space, &program->lowered.space) != OJIT_OK)
		return oj_fail_memory(error);
	oj_program_init(&made->program, &made->space, KERNEL_RHS);
	TRY(made->variant.kind < VARIANT_TANGENT
		? make_method(program, made, error)
		: oj_derive(&made->program, &program->lowered, &program->settings, &made->variant, &made->pattern, error));
	if (made->program.blocks.count == 0)
		return OJIT_OK;
	TRY(oj_finish_variant(&made->program, &program->settings, error));
	TRY(program->settings.executor == OJIT_INTERPRETER
		? oj_slot_plan(&made->program, &made->slot, error)
		: oj_slot_translate(program, &made->program, made->variant.kind == VARIANT_TAYLOR, &made->slot, error));
	atomic_store_explicit(&made->slot.ready, &made->slot.kernel, memory_order_release);
	return OJIT_OK;
}

static ojit_status make(struct ojit_program *program, const struct variant *variant, struct variant_made **out,
                        struct oj_error *error)
{
	ojit_context *context = program->system.context;
	struct variant_made *made = oj_memory_get(context, sizeof *made);
	if (!made)
		return oj_fail_memory(error);
	memset(made, 0, sizeof *made);
	made->variant = *variant;
	ojit_status status = fill(program, made, error);
	if (status != OJIT_OK) {
		drop_variant(context, made);
		return status;
	}
	made->next = program->variants;
	*out = program->variants = made;
	return OJIT_OK;
}

ojit_status oj_program_variant(struct system *system, const struct variant *variant, const struct kernel **kernel,
                               struct oj_error *error)
{
	struct ojit_program *program = (struct ojit_program *)system;
	ojit_status status = OJIT_OK;
	*kernel = NULL;
	if (variant->kind < VARIANT_TANGENT && !makers[variant->kind])
		return OJIT_OK;
	pthread_mutex_lock(&program->lock);
	struct variant_made *made = find(program, variant);
	if (!made) {
		double begin = oj_seconds();
		status = make(program, variant, &made, error);
		program->seconds += oj_seconds() - begin;
	}
	if (status == OJIT_OK)
		*kernel = atomic_load_explicit(&made->slot.ready, memory_order_acquire);
	pthread_mutex_unlock(&program->lock);
	return status;
}

const struct pattern *oj_program_pattern(struct system *system, const struct variant *variant)
{
	struct ojit_program *program = (struct ojit_program *)system;
	pthread_mutex_lock(&program->lock);
	const struct variant_made *made = find(program, variant);
	pthread_mutex_unlock(&program->lock);
	return made ? &made->pattern : NULL;
}
