/* See jacobian_way.h. */
#include "lib/graph/jacobian_way.h"

#include "lib/graph/coloured.h"
#include "lib/graph/effort.h"

struct choice {
	const struct program *program, *prepare;
	const struct jacobian_request *request;
	enum jacobian_way way;
	struct text *explanation;
	const struct pattern *pattern;
	struct colouring colouring;
	double direct, least, coloured; /* operations; coloured is at least `least`, < 0: not counted */
};

static ojit_status make_coloured(const struct choice *c, struct program *made, const struct program *program,
                                 const struct program *prepare, struct oj_error *error)
{
	return oj_coloured_program(made, program, prepare, c->request->role == ROLE_STATE, c->pattern, &c->colouring,
	                           error);
}

/* In a copy of the space, which is thrown away: what is counted only leaves nothing behind. */
static ojit_status count_coloured(struct choice *c, struct oj_error *error)
{
	struct space space = {0};
	struct program program = {0}, prepare = {0}, made = {0};
	oj_program_init(&made, &space, c->program->kind);
	bool ok = oj_space_copy(&space, c->program->space) == OJIT_OK &&
	          oj_program_copy(&program, c->program, &space) == OJIT_OK &&
	          (!c->prepare || oj_program_copy(&prepare, c->prepare, &space) == OJIT_OK);
	ojit_status status = ok ? make_coloured(c, &made, &program, c->prepare ? &prepare : NULL, error)
	                        : oj_fail_memory(error);
	if (status == OJIT_OK && (c->coloured = oj_program_effort(&made)) < 0)
		status = oj_fail_memory(error);
	oj_program_drop(&made);
	oj_program_drop(&program);
	oj_program_drop(&prepare);
	oj_space_drop(&space);
	return status;
}

/* What tangents take at the least: in every direction each load of an input loads a seed and
 * each element is stored; each entry is loaded and stored.  < 0: out of memory. */
static double least_of_coloured(const struct choice *c)
{
	double loads = oj_program_loads(c->program, c->request->role);
	double direction = (double)c->pattern->rows + loads;
	return loads < 0 ? -1 : direction * (double)c->colouring.colours + 2.0 * (double)c->pattern->entries;
}

static void explain(const struct choice *c, bool coloured)
{
	static const char *const by[] = {[ROLE_STATE] = "states", [ROLE_PARAMETER] = "parameters"};
	struct text *text = c->explanation;
	int64_t lower, upper;
	oj_pattern_bandwidths(c->pattern, &lower, &upper);
	oj_text_format(text, "# Jacobian by %s: %lld entries in %lld rows and %lld columns, %lld below and %lld above the "
	               "diagonal; columns of %lld colours\n", by[c->request->role], (long long)c->pattern->entries,
	               (long long)c->pattern->rows, (long long)c->pattern->columns, (long long)lower, (long long)upper,
	               (long long)c->colouring.colours);
	oj_text_format(text, "# formulas of the entries: %.0f operations\n", c->direct);
	if (c->coloured >= 0)
		oj_text_format(text, "# tangents in %lld directions: %.0f operations\n", (long long)c->colouring.colours,
		               c->coloured);
	else
		oj_text_format(text, "# tangents in %lld directions: no less than %.0f operations\n",
		               (long long)c->colouring.colours, c->least);
	oj_text_format(text, "# -> %s%s\n", coloured ? "tangents" : "formulas",
	               c->way == JACOBIAN_AUTOMATIC ? "" : ", as was asked for");
}

static ojit_status choose(struct choice *c, struct program *made, struct oj_error *error)
{
	c->direct = oj_program_effort(made);
	c->least = least_of_coloured(c);
	c->coloured = -1;
	if (c->direct < 0 || c->least < 0)
		return oj_fail_memory(error);
	if (c->way == JACOBIAN_AUTOMATIC && c->least < c->direct)
		TRY(count_coloured(c, error));
	bool coloured = c->way == JACOBIAN_COLOURED || (c->coloured >= 0 && c->coloured < c->direct);
	if (coloured) {
		struct space *space = made->space;
		int kind = made->kind;
		oj_program_drop(made);
		oj_program_init(made, space, kind);
		TRY(make_coloured(c, made, c->program, c->prepare, error));
		if (c->coloured < 0 && (c->coloured = oj_program_effort(made)) < 0)
			return oj_fail_memory(error);
	}
	if (c->explanation)
		explain(c, coloured);
	return OJIT_OK;
}

ojit_status oj_jacobian_by_way(struct program *made, const struct program *program, const struct program *prepare,
                               const struct jacobian_request *request, enum jacobian_way way,
                               struct text *explanation, struct pattern *pattern, struct oj_error *error)
{
	ojit_context *context = program->space->context;
	TRY(oj_jacobian_program(made, program, prepare, request, pattern, error));
	if (way == JACOBIAN_DIRECT && !explanation)
		return OJIT_OK;
	size_t size = (size_t)(pattern->columns + 1) * sizeof(int64_t);
	int64_t *colour = oj_memory_get(context, size);
	struct choice choice = {.program = program, .prepare = prepare, .request = request, .way = way,
	                        .explanation = explanation, .pattern = pattern, .colouring = {.colour = colour}};
	ojit_status status = colour && oj_pattern_colour(pattern, context, colour, &choice.colouring.colours)
		? choose(&choice, made, error) : oj_fail_memory(error);
	oj_memory_put(context, colour, size);
	if (status != OJIT_OK) {
		oj_pattern_drop(pattern, context);
		*pattern = (struct pattern){0};
	}
	return status;
}
