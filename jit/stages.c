/* A look inside: the text after any stage of compiling. */
#include "jit/compile.h"

#include "lib/graph/effort.h"
#include "lib/graph/coefficients.h"
#include "lib/math/math.h"

#include <string.h>

const char *const *ojit_stages(void)
{
	static const char *const stages[] = {
		"model", "program", "simplify", "split", "roll", "separate", "inline", "fuse", "hoist", "pairs",
		"expand", "partition", "prepare", "jac", "newton", "jvp", "vjp", "hvp", "hess", "taylor",
		"ir", "ir-optimised", "asm", NULL,
	};
	return stages;
}

static bool is_one_of(const char *stage, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(stage, *names))
			return true;
	return false;
}

static ojit_status list_code(const struct program *program, const struct settings *settings,
                             const char *stage, struct text *text, struct oj_error *error)
{
	const struct backend *backend;
	TRY(oj_backend_open(program->space->context, &backend, error));
	struct target target = oj_program_target(settings, backend);
	struct object none = {0};
	return backend->translate(program, &target, &none, stage, text, error);
}

/* The stage's derivative by all states, Hessians of the weighted sum; kind VARIANT_KINDS:
 * it is another stage. */
static struct variant derivative_of(const char *stage, int kind)
{
	static const char *const names[VARIANT_KINDS] = {
		[VARIANT_TANGENT] = "jvp", [VARIANT_ADJOINT] = "vjp", [VARIANT_JACOBIAN] = "jac",
		[VARIANT_NEWTON] = "newton",
		[VARIANT_HESSIAN_PRODUCT] = "hvp", [VARIANT_HESSIAN] = "hess",
	};
	struct variant variant = {.kind = VARIANT_TANGENT, .order = 1, .of = (enum kernel_kind)kind, .by = BY_STATES,
	                          .columns = BY_STATES};
	while (variant.kind < VARIANT_KINDS && strcmp(stage, names[variant.kind]))
		variant.kind++;
	return variant;
}

static bool is_matrix(const struct variant *variant)
{
	return variant->kind == VARIANT_JACOBIAN || variant->kind == VARIANT_NEWTON;
}

/* What a product or a Hessian takes, beside what it is made of; matrices tell of their ways themselves. */
static ojit_status explain_effort(const struct program *made, const struct program *of, const struct variant *variant,
                                  struct text *text, struct oj_error *error)
{
	static const char *const names[VARIANT_KINDS] = {
		[VARIANT_TANGENT] = "tangent in one direction", [VARIANT_ADJOINT] = "adjoint",
		[VARIANT_HESSIAN_PRODUCT] = "Hessian product in one direction", [VARIANT_HESSIAN] = "Hessian",
	};
	double effort = oj_program_effort(made), value = oj_program_effort(of);
	if (effort < 0 || value < 0)
		return oj_fail_memory(error);
	oj_text_format(text, "# %s by states: %.0f operations, %.2f times the %.0f of what it is of; %lld numbers kept on the way\n",
	               names[variant->kind], effort, value > 0 ? effort / value : 0, value, (long long)made->scratch);
	return OJIT_OK;
}

static ojit_status print_derivative(ojit_model *model, const struct settings *settings, const struct variant *variant,
                                    struct text *text)
{
	struct oj_error *error = &model->error;
	struct lowered lowered = {0};
	struct pattern pattern = {0};
	struct program made = {0};
	struct space space = {0};
	if (variant->of != KERNEL_RHS && variant->of != KERNEL_OUTPUTS)
		return oj_fail(error, OJIT_ARGUMENT, "there are derivatives of the right-hand side and of observables, "
		               "not of initial values");
	if (variant->kind == VARIANT_NEWTON && variant->of != KERNEL_RHS)
		return oj_fail(error, OJIT_ARGUMENT, "there is a Newton matrix of the right-hand side only");
	ojit_status status = oj_compile(model, settings, 0, NULL, &lowered, error);
	if (status == OJIT_OK && oj_space_copy(&space, &lowered.space) != OJIT_OK)
		status = oj_fail_memory(error);
	if (status == OJIT_OK) {
		oj_program_init(&made, &space, variant->of);
		status = oj_derive(&made, &lowered, settings, variant, &pattern, error);
	}
	const struct program *of = variant->of == KERNEL_RHS ? &lowered.primal : &lowered.primal_outputs;
	if (status == OJIT_OK && settings->explanation && !is_matrix(variant))
		status = explain_effort(&made, of, variant, settings->explanation, error);
	if (status == OJIT_OK)
		oj_program_print(&made, text);
	oj_pattern_drop(&pattern, model->context);
	oj_program_drop(&made);
	oj_space_drop(&space);
	oj_lowered_drop(&lowered);
	return status;
}

/* Coefficients to the order that the model's tolerance asks for. */
static ojit_status print_taylor(ojit_model *model, const struct settings *settings, int kind, struct text *text)
{
	struct oj_error *error = &model->error;
	struct lowered lowered = {0};
	struct program made = {0};
	if (kind != KERNEL_RHS)
		return oj_fail(error, OJIT_ARGUMENT, "there are Taylor coefficients of the right-hand side only");
	ojit_status status = oj_compile(model, settings, 0, NULL, &lowered, error);
	if (status == OJIT_OK) {
		oj_program_init(&made, &lowered.space, KERNEL_RHS);
		int order = oj_taylor_order(lowered.rtol > 0 ? lowered.rtol : OJ_DEFAULT_RTOL, lowered.lengths[FAMILY_STATES]);
		status = oj_taylor_program(&made, &lowered.primal, order, oj_math_best() != OJ_MATH_SSE2, error);
	}
	if (status == OJIT_OK && oj_program_layout(&made) != OJIT_OK)
		status = oj_fail_memory(error);
	if (status == OJIT_OK)
		oj_program_print(&made, text);
	oj_program_drop(&made);
	oj_lowered_drop(&lowered);
	return status;
}

static ojit_status print_stage(ojit_model *model, struct settings *settings, int kind, const char *stage,
                               struct text *text)
{
	static const char *const code[] = {"ir", "ir-optimised", "asm", NULL};
	struct oj_error *error = &model->error;
	struct lowered lowered = {0};
	bool machine = is_one_of(stage, code);
	struct variant derivative = derivative_of(stage, kind);
	if (!strcmp(stage, "model")) {
		oj_model_print(model, text);
		return OJIT_OK;
	}
	if (derivative.kind != VARIANT_KINDS)
		return print_derivative(model, settings, &derivative, text);
	if (!strcmp(stage, "taylor"))
		return print_taylor(model, settings, kind, text);
	bool prepare = !strcmp(stage, "prepare");
	if (prepare)
		kind = KERNEL_PREPARE;
	ojit_status status = oj_compile(model, settings, kind, machine || prepare ? NULL : stage, &lowered, error);
	if (status == OJIT_OK && machine)
		status = list_code(&lowered.programs[kind], settings, stage, text, error);
	else if (status == OJIT_OK)
		oj_program_print(&lowered.programs[kind], text);
	oj_lowered_drop(&lowered);
	return status;
}

static ojit_status check_request(ojit_model *model, ojit_kernel kernel, const char *stage)
{
	struct oj_error *error = &model->error;
	if (error->status != OJIT_OK)
		return error->status;
	if ((unsigned)kernel >= OJIT_KERNEL_COUNT)
		return oj_fail(error, OJIT_ARGUMENT, "there is no kernel %d; see ojit_kernel", (int)kernel);
	if (!stage || !is_one_of(stage, ojit_stages()))
		return oj_fail(error, OJIT_ARGUMENT, "there is no stage '%s'; `ojit dump --help` lists them",
		               stage ? stage : "NULL");
	return OJIT_OK;
}

/* The caller's own copy of a text that was made with `status`. */
static ojit_status hand_out(ojit_model *model, ojit_status status, const struct text *text, char **out)
{
	struct oj_error *error = &model->error;
	if (status == OJIT_OK && text->refused)
		status = oj_fail(error, OJIT_UNSUPPORTED, "an expression of the model is too long to be written out, "
		                 "for what it uses many times is written each time; name such parts with ojit_let");
	else if (status == OJIT_OK && text->failed)
		status = oj_fail_memory(error);
	if (status == OJIT_OK && (*out = oj_memory_get(model->context, text->length + 1)))
		memcpy(*out, oj_text_get(text), text->length + 1);
	return status == OJIT_OK && !*out ? oj_fail_memory(error) : status;
}

static const int kinds[OJIT_KERNEL_COUNT] = {
	[OJIT_RHS] = KERNEL_RHS, [OJIT_OBSERVABLES] = KERNEL_OUTPUTS, [OJIT_INITIAL] = KERNEL_INIT,
};

/* The pass of a stage that tells what it decides; what others are called goes to `known`. */
static const struct pass *find_explained(const char *stage, uint32_t *number, struct text *known)
{
	const struct pass *found = NULL;
	for (uint32_t p = 0; oj_passes[p].name; p++) {
		if (!oj_passes[p].explains)
			continue;
		oj_text_format(known, "%s%s", known->length ? ", " : "", oj_passes[p].name);
		if (!strcmp(stage, oj_passes[p].name)) {
			found = &oj_passes[p];
			*number = p;
		}
	}
	return found;
}

/* By what is made then, which is of no interest. */
static ojit_status explain_derivative(ojit_model *model, struct settings *settings, const struct variant *variant,
                                      struct text *text)
{
	struct text ignored;
	oj_text_init(&ignored, model->context);
	settings->explanation = text;
	ojit_status status = print_derivative(model, settings, variant, &ignored);
	oj_text_drop(&ignored);
	return status;
}

static ojit_status explain(ojit_model *model, struct settings *settings, int kind, const char *stage,
                           struct text *text)
{
	struct oj_error *error = &model->error;
	struct variant derivative = derivative_of(stage, kind);
	if (derivative.kind < VARIANT_KINDS)
		return explain_derivative(model, settings, &derivative, text);
	struct lowered lowered = {0};
	struct text known;
	uint32_t number = 0;
	oj_text_init(&known, model->context);
	const struct pass *pass = find_explained(stage, &number, &known);
	if (!pass)
		oj_fail(error, OJIT_ARGUMENT, "stage '%s' has nothing to explain; these have: %s, jac, newton, jvp, vjp, hvp, "
		        "hess", stage, oj_text_get(&known));
	else if (settings->without >> number & 1)
		oj_fail(error, OJIT_ARGUMENT, "pass '%s' is left out, so there is nothing to explain; leave it in", stage);
	oj_text_drop(&known);
	if (error->status != OJIT_OK)
		return error->status;
	settings->explanation = text;
	ojit_status status = oj_compile(model, settings, kind, stage, &lowered, error);
	oj_lowered_drop(&lowered);
	return status;
}

/* A text that `write` adds to, as the caller's own. */
typedef ojit_status writer(ojit_model *model, struct settings *settings, int kind, const char *stage, struct text *text);

static ojit_status write_text(ojit_model *model, const ojit_compile_options *options, ojit_kernel kernel,
                              const char *stage, writer *write, char **out)
{
	struct settings settings;
	struct text text;
	*out = NULL;
	TRY(check_request(model, kernel, stage));
	TRY(oj_settings(options, &settings, &model->error));
	oj_text_init(&text, model->context);
	ojit_status status = hand_out(model, write(model, &settings, kinds[kernel], stage, &text), &text, out);
	oj_text_drop(&text);
	return status;
}

ojit_status ojit_program_dump(ojit_model *model, const ojit_compile_options *options, ojit_kernel kernel,
                              const char *stage, char **out)
{
	return write_text(model, options, kernel, stage, print_stage, out);
}

ojit_status ojit_program_explain(ojit_model *model, const ojit_compile_options *options, ojit_kernel kernel,
                                 const char *stage, char **out)
{
	return write_text(model, options, kernel, stage, explain, out);
}

void ojit_text_free(ojit_context *context, char *text)
{
	if (text)
		oj_memory_put(context, text, strlen(text) + 1);
}
