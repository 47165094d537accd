/* ojit dump: the text of a model after a stage of compiling. */
#include "tools/tool.h"

#include <string.h>

static int fail_stage(const struct request *request)
{
	const char *stage = request->stage, *best = stage ? nearest_word(stage, ojit_stages()) : NULL;
	if (!stage)
		return complain_plainly("there is no stage to print; add --stage NAME, `ojit dump --help` lists them");
	if (best)
		return complain("stage", stage, 0, strlen(stage), "there is no stage '%s'; did you mean '%s'?",
		                stage, best);
	return complain("stage", stage, 0, strlen(stage), "there is no stage '%s'; `ojit dump --help` lists them",
	                stage);
}

static bool is_stage(const char *name)
{
	const char *const *stage = ojit_stages();
	while (name && *stage && strcmp(*stage, name) != 0)
		stage++;
	return name && *stage;
}

static int write_stage(struct session *session, const struct request *request)
{
	struct output output;
	char *text;
	if (ojit_program_dump(session->model, &request->compile, (ojit_kernel)request->kernel, request->stage,
	                      &text) != OJIT_OK)
		return complain_error(ojit_model_error(session->model));
	int status = output_open(&output, request);
	if (status == 0) {
		output_begin(&output);
		fputs(text, output.file);
		status = output_close(&output);
	}
	ojit_text_free(session->context, text);
	return status;
}

int dump_command(const struct request *request)
{
	struct session session;
	if (!is_stage(request->stage))
		return fail_stage(request);
	int status = session_read(&session, request);
	for (size_t i = 0; status == 0 && i < request->set.count; i++)
		if (request->set.all[i].name)
			status = complain_item(&request->set.all[i], "this is no constant, and what is compiled does "
			                       "not depend on anything else; leave it out");
	if (status == 0)
		status = write_stage(&session, request);
	session_close(&session);
	return status;
}
