/* See hessian.h. */
#include "lib/graph/hessian.h"

#include "lib/graph/adjoint.h"
#include "lib/graph/jacobian.h"
#include "lib/graph/passes.h"
#include "lib/graph/scalar.h"
#include "lib/graph/tangent.h"

#include <string.h>

static ojit_status adjoint_of(struct program *made, const struct program *program, const struct program *prepare,
                              const struct scalar_request *request, struct oj_error *error)
{
	struct adjoint_request adjoint = {request->states, request->parameters, .unit = request->element >= 0,
	                                  .strong = request->strong};
	struct program scalar;
	if (request->element < 0)
		return oj_adjoint_program(made, program, prepare, &adjoint, error);
	oj_program_init(&scalar, made->space, program->kind);
	ojit_status status = oj_scalar_program(&scalar, program, request->element, error);
	if (status == OJIT_OK)
		status = oj_adjoint_program(made, &scalar, prepare, &adjoint, error);
	oj_program_drop(&scalar);
	return status;
}

ojit_status oj_gradient_program(struct program *made, const struct program *program, const struct program *prepare,
                                const struct scalar_request *request, struct oj_error *error)
{
	struct pass_options options = {.law = request->law};
	TRY(adjoint_of(made, program, prepare, request, error));
	TRY(oj_pass_simplify(made, &options, error));
	return oj_pass_split(made, &options, error);
}

static void mark_stored(const struct program *program, unsigned char *stored)
{
	for (size_t b = 0; b < program->blocks.count; b++)
		for (size_t s = 0; s < program->blocks.at[b].stores.count; s++)
			stored[program->blocks.at[b].stores.at[s].array] = 1;
}

/* The gradient by parameters computes what prepare computes once more, and so will what
 * is made of both. */
static ojit_status drop_common(struct program *gradient, const struct program *prepare, struct oj_error *error)
{
	ojit_context *context = gradient->space->context;
	size_t count = gradient->space->arrays.count + 1;
	unsigned char *stored = oj_memory_get(context, count);
	if (!stored)
		return oj_fail_memory(error);
	memset(stored, 0, count);
	mark_stored(prepare, stored);
	for (size_t b = 0; b < gradient->blocks.count; b++) {
		struct block *block = &gradient->blocks.at[b];
		size_t kept = 0;
		for (size_t s = 0; s < block->stores.count; s++)
			if (!stored[block->stores.at[s].array])
				block->stores.at[kept++] = block->stores.at[s];
		block->stores.count = kept;
	}
	oj_memory_put(context, stored, count);
	return OJIT_OK;
}

ojit_status oj_hessian_product(struct program *made, const struct program *program, const struct program *prepare,
                               const struct scalar_request *request, int64_t directions, struct oj_error *error)
{
	struct tangent_request tangent = {request->states, request->parameters, .directions = directions,
	                                  .strong = request->strong, .before = request->weights};
	struct program gradient;
	oj_program_init(&gradient, made->space, program->kind);
	ojit_status status = oj_gradient_program(&gradient, program, prepare, request, error);
	if (status == OJIT_OK && prepare)
		status = drop_common(&gradient, prepare, error);
	if (status == OJIT_OK)
		status = oj_tangent_program(made, &gradient, prepare, &tangent, error);
	oj_program_drop(&gradient);
	return status;
}

ojit_status oj_hessian_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct scalar_request *request, enum array_role role, int64_t columns,
                               struct pattern *pattern, struct oj_error *error)
{
	struct jacobian_request jacobian = {role, request->states + request->parameters, columns};
	struct program gradient;
	oj_program_init(&gradient, made->space, program->kind);
	ojit_status status = oj_gradient_program(&gradient, program, prepare, request, error);
	if (status == OJIT_OK && prepare && role == ROLE_PARAMETER)
		status = drop_common(&gradient, prepare, error);
	if (status == OJIT_OK)
		status = oj_jacobian_program(made, &gradient, prepare, &jacobian, pattern, error);
	oj_program_drop(&gradient);
	return status;
}
