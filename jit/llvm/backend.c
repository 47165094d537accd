/* LLVM as a code generator: the table that libojit-llvm exports, and the way from a
 * program to an object: cut, translate each module, join the pieces. */
#include "jit/llvm/crew.h"
#include "jit/llvm/load.h"
#include "jit/llvm/machine.h"
#include "jit/llvm/object.h"
#include "jit/llvm/translation.h"

#include <string.h>

static ojit_status check_listing(const char *what, struct oj_error *error)
{
	if (!strcmp(what, "ir") || !strcmp(what, "ir-optimised") || !strcmp(what, "asm"))
		return OJIT_OK;
	return oj_fail(error, OJIT_ARGUMENT, "no listing is called '%s'; ask for ir, ir-optimised or asm", what);
}

static ojit_status check_target(const struct target *target, struct oj_error *error)
{
	int lanes = target->lanes;
	if (lanes == 1 || lanes == 2 || lanes == 4 || lanes == 8)
		return OJIT_OK;
	return oj_fail(error, OJIT_ARGUMENT, "code cannot have %d lanes; ask for 1, 2, 4 or 8", lanes);
}

static ojit_status list(const struct program *program, const struct target *target, const struct cut *cut,
                        const char *what, struct text *text, struct oj_error *error)
{
	for (uint32_t module = 0; module < cut->levels.count; module++)
		TRY(oj_module_translate(program, target, cut, module, NULL, what, text, error));
	return OJIT_OK;
}

static void drop_pieces(ojit_context *context, struct object *pieces, size_t count)
{
	for (size_t piece = 0; piece < count; piece++)
		oj_memory_put(context, pieces[piece].bytes, pieces[piece].size);
	oj_memory_put(context, pieces, count * sizeof *pieces);
}

/* A lone piece is the object. */
static ojit_status join(const struct cut *cut, struct object *pieces, struct object *object,
                        struct oj_error *error)
{
	if (cut->levels.count > 1)
		TRY(oj_object_join(cut->context, pieces, cut->levels.count, cut->parts.count, object, error));
	else {
		*object = pieces[0];
		pieces[0] = (struct object){0};
	}
	return oj_object_check(object->bytes, object->size, error);
}

static ojit_status make_object(const struct program *program, const struct target *target, const struct cut *cut,
                               struct object *object, struct oj_error *error)
{
	size_t count = cut->levels.count;
	struct object *pieces = oj_memory_get(cut->context, count * sizeof *pieces);
	if (!pieces)
		return oj_fail_memory(error);
	memset(pieces, 0, count * sizeof *pieces);
	ojit_status status = oj_crew_translate(program, target, cut, pieces, error);
	if (status == OJIT_OK)
		status = join(cut, pieces, object, error);
	drop_pieces(cut->context, pieces, count);
	return status;
}

static ojit_status translate(const struct program *program, const struct target *target,
                             struct object *object, const char *what, struct text *text,
                             struct oj_error *error)
{
	struct cut cut;
	TRY(check_target(target, error));
	if (text)
		TRY(check_listing(what, error));
	if (object)
		*object = (struct object){0};
	if (oj_cut_init(&cut, program, target) != OJIT_OK)
		return oj_fail_memory(error);
	ojit_status status = text ? list(program, target, &cut, what, text, error)
	                          : make_object(program, target, &cut, object, error);
	oj_cut_drop(&cut);
	if (status != OJIT_OK && object && object->bytes) {
		oj_memory_put(program->space->context, object->bytes, object->size);
		*object = (struct object){0};
	}
	return status;
}

OJIT_API const struct backend *ojit_llvm_backend(void)
{
	static const struct backend backend = {
		.version = BACKEND_VERSION,
		.translate = translate,
		.load = oj_code_load,
		.unload = oj_code_unload,
		.code_bytes = oj_code_bytes,
		.lanes = oj_machine_lanes,
	};
	return &backend;
}
