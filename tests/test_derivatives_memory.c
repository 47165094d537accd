/* Every allocation of making derivatives fails once: reported, nothing left. */
#include "lib/graph/adjoint.h"
#include "lib/graph/hessian.h"
#include "lib/graph/jacobian_way.h"
#include "lib/graph/linearisation.h"
#include "lib/graph/newton.h"
#include "lib/graph/tangent.h"
#include "lib/graph/time_array.h"
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
	struct tangent_request directions = {.states = states, .parameters = parameters, .time = true, .directions = 2};
	struct adjoint_request inputs = {.states = states, .parameters = parameters};
	struct program tangent, adjoint, jacobian;
	struct pattern pattern = {0};
	oj_program_init(&jacobian, &lowered->space, KERNEL_RHS);
	oj_program_init(&tangent, &lowered->space, KERNEL_RHS);
	oj_program_init(&adjoint, &lowered->space, KERNEL_RHS);
	ojit_status status = passes(rhs, prepare, "hoist", error);
	if (status == OJIT_OK)
		status = oj_tangent_program(&tangent, rhs, prepare, &directions, error);
	if (status == OJIT_OK)
		status = oj_adjoint_program(&adjoint, rhs, prepare, &inputs, error);
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

/* The Newton matrix with the right-hand side, and the derivative by time. */
static ojit_status matrices(struct lowered *lowered, struct oj_error *error)
{
	struct program *rhs = &lowered->programs[KERNEL_RHS], newton, by_time;
	int64_t states = lowered->lengths[FAMILY_STATES];
	struct pattern patterns[2] = {{0}, {0}};
	oj_program_init(&newton, &lowered->space, KERNEL_RHS);
	oj_program_init(&by_time, &lowered->space, KERNEL_RHS);
	ojit_status status = passes(rhs, &lowered->programs[KERNEL_PREPARE], "hoist", error);
	if (status == OJIT_OK)
		status = oj_jacobian_program(&newton, rhs, NULL, &(struct jacobian_request){ROLE_STATE, states, states},
		                             &patterns[0], error);
	if (status == OJIT_OK)
		status = oj_newton_program(&newton, &patterns[0], error);
	if (status == OJIT_OK)
		status = oj_linearisation_program(&newton, rhs, states, error);
	uint32_t array = status == OJIT_OK ? oj_time_array(&lowered->space) : UINT32_MAX;
	if (status == OJIT_OK)
		status = array == UINT32_MAX ? oj_fail_memory(error) : oj_time_to_array(rhs, array, error);
	if (status == OJIT_OK)
		status = oj_jacobian_program(&by_time, rhs, NULL, &(struct jacobian_request){ROLE_SEED, states, 1},
		                             &patterns[1], error);
	if (status == OJIT_OK)
		status = oj_array_to_time(&by_time, array, error);
	for (int k = 0; k < 2; k++)
		oj_pattern_drop(&patterns[k], lowered->space.context);
	oj_program_drop(&newton);
	oj_program_drop(&by_time);
	return status;
}

/* What is chosen by counting, and coloured tangents. */
static ojit_status ways(struct lowered *lowered, struct oj_error *error)
{
	static const enum jacobian_way all[] = {JACOBIAN_AUTOMATIC, JACOBIAN_COLOURED};
	struct program *rhs = &lowered->programs[KERNEL_RHS], *prepare = &lowered->programs[KERNEL_PREPARE];
	int64_t parameters = lowered->lengths[FAMILY_PARAMETERS];
	ojit_status status = passes(rhs, prepare, "hoist", error);
	for (size_t k = 0; status == OJIT_OK && k < sizeof all / sizeof *all; k++) {
		struct jacobian_request request = {ROLE_PARAMETER, lowered->lengths[FAMILY_STATES], parameters};
		struct pattern pattern = {0};
		struct program made;
		oj_program_init(&made, &lowered->space, KERNEL_RHS);
		status = oj_jacobian_by_way(&made, rhs, prepare, &request, all[k], NULL, &pattern, error);
		oj_program_drop(&made);
		oj_pattern_drop(&pattern, lowered->space.context);
	}
	return status;
}

/* A product with the Hessian, and the Hessian. */
static ojit_status second(struct lowered *lowered, struct oj_error *error)
{
	struct program *rhs = &lowered->programs[KERNEL_RHS], *prepare = &lowered->programs[KERNEL_PREPARE];
	int64_t states = lowered->lengths[FAMILY_STATES], parameters = lowered->lengths[FAMILY_PARAMETERS];
	struct scalar_request scalar = {.element = 0, .states = states, .parameters = parameters};
	struct program product, hessian;
	struct pattern pattern = {0};
	oj_program_init(&product, &lowered->space, KERNEL_RHS);
	oj_program_init(&hessian, &lowered->space, KERNEL_RHS);
	ojit_status status = passes(rhs, prepare, "hoist", error);
	if (status == OJIT_OK)
		status = oj_hessian_product(&product, rhs, prepare, &scalar, 2, error);
	if (status == OJIT_OK)
		status = oj_hessian_program(&hessian, rhs, prepare, &scalar, ROLE_PARAMETER, parameters, &pattern, error);
	oj_pattern_drop(&pattern, lowered->space.context);
	oj_program_drop(&product);
	oj_program_drop(&hessian);
	return status;
}

struct sweep_case {
	const char *text;
	ojit_status (*make)(struct lowered *lowered, struct oj_error *error);
	long lowered; /* allocations until there is a program; others sweep those */
};

static int differentiate(ojit_context *context, void *user)
{
	struct sweep_case *way = user;
	const char *text = way->text;
	struct lowered lowered = {0};
	struct oj_error error;
	oj_error_init(&error, context);
	ojit_model *model = ojit_model_new(context);
	ojit_status status = model ? ojit_model_read_text(model, text, strlen(text), NULL) : OJIT_OUT_OF_MEMORY;
	if (status == OJIT_OK && (status = oj_model_lower(model, &lowered, &error)) == OJIT_OK) {
		way->lowered = (long)ojit_context_counters(context).allocations;
		status = way->make(&lowered, &error);
	}
	cr_expect(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY);
	oj_lowered_drop(&lowered);
	ojit_model_free(model);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

static void sweep_model(const char *text, ojit_status (*make)(struct lowered *lowered, struct oj_error *error))
{
	struct sweep_case way = {text, make, 0};
	ojit_context *context = ojit_context_new(NULL);
	cr_assert(differentiate(context, &way), "%s", text);
	ojit_context_free(context);
	long culprit = 0, swept = watched_sweep_from(differentiate, &way, way.lowered + 1, &culprit);
	cr_expect_gt(swept, 0, "allocation %ld\n%s", culprit, text);
}

static void sweep(ojit_status (*make)(struct lowered *lowered, struct oj_error *error))
{
	for (size_t k = 0; k < derivative_model_count; k += 6)
		sweep_model(derivative_models[k], make);
}

Test(derivatives_memory, every_allocation_fails_once)
{
	sweep(both);
}

Test(derivatives_memory, every_allocation_of_what_is_made_of_jacobians_fails_once)
{
	sweep(matrices);
}

Test(derivatives_memory, every_allocation_of_choosing_a_way_fails_once)
{
	sweep(ways);
}

/* Of derived parameters, sums and choices. */
Test(derivatives_memory, every_allocation_of_second_derivatives_fails_once)
{
	sweep_model("param k = 0.7, q = k*k\ninit x = 0.2, u[i in 1..3] = i\n"
	            "x' = q*x*sum(i in 1..3, sin(u[i])) + if(x > 0, sqrt(x)*k, x)\nu[i in 1..3]' = x", second);
}
