/* ojit dump: the text of a model after a stage of compiling.
 *
 * The first stage, "parse", is of the file alone; the others are the library's. */
#include "tools/tool.h"

#include <string.h>

const char *const *stage_names(void)
{
	enum { MOST = 63 };
	static const char *names[MOST + 1] = {"parse"};
	const char *const *stage = ojit_stages();
	for (size_t i = 1; i < MOST && *stage; i++)
		names[i] = *stage++;
	return names;
}

static int check_stage(const char *stage)
{
	if (!stage)
		return complain_plainly("there is no stage to print; add --stage NAME, `ojit dump --help` lists them");
	for (const char *const *known = stage_names(); *known; known++)
		if (strcmp(*known, stage) == 0)
			return 0;
	const char *best = nearest_word(stage, stage_names());
	if (best)
		return complain("stage", stage, 0, strlen(stage), "there is no stage '%s'; did you mean '%s'?",
		                stage, best);
	return complain("stage", stage, 0, strlen(stage), "there is no stage '%s'; `ojit dump --help` lists them",
	                stage);
}

static ojit_status get_stage(struct session *session, const struct request *request, char **text)
{
	if (strcmp(request->stage, "parse") == 0)
		return ojit_model_parse_file(session->model, request->file, text);
	return ojit_program_dump(session->model, &request->compile, (ojit_kernel)request->kernel,
	                         request->stage, text);
}

/* `explanation` NULL: none. */
static int write_texts(const struct request *request, const char *explanation, const char *text)
{
	struct output output;
	int status = output_open(&output, request);
	if (status)
		return status;
	output_begin(&output);
	if (explanation)
		fputs(explanation, output.file);
	fputs(text, output.file);
	return output_close(&output);
}

static int write_stage(struct session *session, const struct request *request)
{
	char *text = NULL, *explanation = NULL;
	ojit_status done = OJIT_OK;
	if (request->explain)
		done = ojit_program_explain(session->model, &request->compile, (ojit_kernel)request->kernel,
		                            request->stage, &explanation);
	if (done == OJIT_OK)
		done = get_stage(session, request, &text);
	int status = done == OJIT_OK ? write_texts(request, explanation, text)
	                             : complain_error(ojit_model_error(session->model));
	ojit_text_free(session->context, explanation);
	ojit_text_free(session->context, text);
	return status;
}

int dump_command(const struct request *request)
{
	struct session session = {0};
	int status = check_stage(request->stage);
	if (status == 0)
		status = session_read(&session, request);
	for (size_t i = 0; status == 0 && i < request->set.count; i++)
		if (request->set.all[i].name)
			status = complain_item(&request->set.all[i], "this is no constant, and what is compiled does "
			                       "not depend on anything else; leave it out");
	if (status == 0)
		status = write_stage(&session, request);
	session_close(&session);
	return status;
}
