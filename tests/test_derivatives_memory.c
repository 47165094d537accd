/* Every allocation of making tangents, adjoints and Jacobians fails once: reported, nothing left. */
#include "lib/graph/adjoint.h"
#include "lib/graph/jacobian.h"
#include "lib/graph/tangent.h"
#include "tests/support_allocator.h"
#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <string.h>

static ojit_status passes(struct program *program, struct program *prepare, const char *last, struct oj_error *error)
{
	struct pass_options options = {.prepare = prepare};
	for (uint32_t k = 0; oj_passes[k].name; k++) {
		TRY(oj_passes[k].run(program, &options, error));
		if (!strcmp(oj_passes[k].name, last))
			break;
	}
	return OJIT_OK;
}

static ojit_status both(struct lowered *lowered, struct oj_error *error)
{
	struct program *rhs = &lowered->programs[KERNEL_RHS], *prepare = &lowered->programs[KERNEL_PREPARE];
	int64_t states = lowered->lengths[FAMILY_STATES], parameters = lowered->lengths[FAMILY_PARAMETERS];
	struct program tangent, adjoint, jacobian;
	struct pattern pattern = {0};
	oj_program_init(&jacobian, &lowered->space, KERNEL_RHS);
	oj_program_init(&tangent, &lowered->space, KERNEL_RHS);
	oj_program_init(&adjoint, &lowered->space, KERNEL_RHS);
	ojit_status status = passes(rhs, prepare, "hoist", error);
	if (status == OJIT_OK)
		status = oj_tangent_program(&tangent, rhs, prepare,
		                            &(struct tangent_request){states, parameters, true, 2}, error);
	if (status == OJIT_OK)
		status = oj_adjoint_program(&adjoint, rhs, prepare, &(struct adjoint_request){states, parameters}, error);
	if (status == OJIT_OK)
		status = passes(&adjoint, NULL, "split", error);
	if (status == OJIT_OK)
		status = oj_jacobian_program(&jacobian, rhs, prepare,
		                             &(struct jacobian_request){ROLE_STATE, states, states}, &pattern, error);
	oj_pattern_drop(&pattern, lowered->space.context);
	oj_program_drop(&jacobian);
	oj_program_drop(&tangent);
	oj_program_drop(&adjoint);
	return status;
}

static int differentiate(ojit_context *context, void *user)
{
	const char *text = user;
	struct lowered lowered = {0};
	struct oj_error error;
	oj_error_init(&error, context);
	ojit_model *model = ojit_model_new(context);
	ojit_status status = model ? ojit_model_read_text(model, text, strlen(text), NULL) : OJIT_OUT_OF_MEMORY;
	if (status == OJIT_OK && (status = oj_model_lower(model, &lowered, &error)) == OJIT_OK)
		status = both(&lowered, &error);
	cr_expect(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY);
	oj_lowered_drop(&lowered);
	ojit_model_free(model);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

Test(derivatives_memory, every_allocation_fails_once)
{
	for (size_t k = 0; k < derivative_model_count; k += 6) {
		long culprit = 0, swept = watched_sweep(differentiate, (void *)(uintptr_t)derivative_models[k], &culprit);
		cr_expect_gt(swept, 0, "allocation %ld\n%s", culprit, derivative_models[k]);
	}
}
