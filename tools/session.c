/* From a file to a solver with the request's values in place.
 *
 * A name after --set is a constant or a parameter; which of the two, the model
 * knows: a constant is what a copy of the model takes a value for. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

static int read_model(ojit_context *context, const char *file, ojit_model **model)
{
	*model = ojit_model_new(context);
	if (!*model)
		return complain_plainly("out of memory");
	if (ojit_model_read_file(*model, file) != OJIT_OK)
		return complain_error(ojit_model_error(*model));
	return 0;
}

/* Is the name of an item a constant?  Where it is not, the model says so with no line
 * of its text to point at; what it says is kept in the item, for it may know what was
 * meant. */
static int find_constant(const struct session *session, const struct request *request,
                         struct item *item, bool *constant)
{
	ojit_model *copy;
	int status = read_model(session->context, request->file, &copy);
	if (status == 0) {
		ojit_model_set_const(copy, item->name, item->value);
		ojit_status answer = ojit_model_check(copy);
		ojit_error error = ojit_model_error(copy);
		*constant = error.line > 0 || (answer != OJIT_NAME && answer != OJIT_ARGUMENT);
		const char *meant = strstr(error.message, "did you mean");
		if (!*constant && meant)
			item->meant = copy_text(meant, strlen(meant));
	}
	ojit_model_free(copy);
	return status;
}

/* Bring an item's constant into the model; `item->name` goes when that was done. */
static int set_constant(struct session *session, const struct request *request, struct item *item)
{
	bool constant = false;
	int status = find_constant(session, request, item, &constant);
	if (status || !constant)
		return status;
	const char *value = strchr(item->text + item->at, '=') + 1;
	fprintf(stderr, "ojit: %s is a constant; the model is compiled anew for %s = %.*s\n", item->name,
	        item->name, (int)strcspn(value, ","), value);
	if (ojit_model_set_const(session->model, item->name, item->value) != OJIT_OK)
		return complain_error(ojit_model_error(session->model));
	free(item->name);
	item->name = NULL;
	return 0;
}

int session_read(struct session *session, const struct request *request)
{
	*session = (struct session){.context = ojit_context_new(NULL)};
	if (!session->context)
		return complain_plainly("out of memory");
	int status = read_model(session->context, request->file, &session->model);
	for (size_t i = 0; status == 0 && i < request->set.count; i++)
		status = set_constant(session, request, &request->set.all[i]);
	return status;
}

static bool is_in(struct session *session, ojit_vector vector, const char *name)
{
	size_t first, count;
	return ojit_solver_find(session->solver, vector, name, &first, &count) == OJIT_OK;
}

/* An item could not be set: what to do instead, where its name means something else. */
static int fail_set(struct session *session, ojit_vector vector, const struct item *item)
{
	ojit_error error = ojit_solver_error(session->solver);
	bool unknown = error.status == OJIT_NAME;
	char *message = copy_text(error.message, strlen(error.message)); /* the next call may change it */
	int status;
	if (unknown && vector == OJIT_PARAMETERS && is_in(session, OJIT_STATES, item->name))
		status = complain_item(item, "this is a state; set its initial value with --init");
	else if (unknown && vector != OJIT_PARAMETERS && is_in(session, OJIT_PARAMETERS, item->name))
		status = complain_item(item, "this is a parameter; set it with --set");
	else if (unknown && item->meant)
		status = complain(item->option, item->text, item->at, item->length,
		                  "there is no parameter or constant '%s'; %s", item->name, item->meant);
	else
		status = complain_item(item, message);
	free(message);
	return status;
}

int session_set(struct session *session, ojit_vector vector, const struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->all[i];
		if (item->name && ojit_solver_set(session->solver, vector, item->name, item->value) != OJIT_OK)
			return fail_set(session, vector, item);
	}
	return 0;
}

int session_solver(struct session *session, const struct request *request)
{
	session->solver = ojit_solver_new(session->program);
	if (!session->solver)
		return complain_plainly("out of memory");
	if (ojit_solver_error(session->solver).status != OJIT_OK)
		return complain_error(ojit_solver_error(session->solver));
	return session_set(session, OJIT_PARAMETERS, &request->set);
}

int session_open(struct session *session, const struct request *request)
{
	int status = session_read(session, request);
	if (status)
		return status;
	if (ojit_program_compile(session->model, &request->compile, &session->program) != OJIT_OK)
		return complain_error(ojit_model_error(session->model));
	return session_solver(session, request);
}

void session_close(struct session *session)
{
	ojit_solver_free(session->solver);
	ojit_program_free(session->program);
	ojit_model_free(session->model);
	ojit_context_free(session->context);
	*session = (struct session){0};
}

double time_given(const struct request *request, double otherwise)
{
	double t = otherwise;
	for (size_t i = 0; i < request->at.count; i++) {
		struct item *item = &request->at.all[i];
		if (!item->name || strcmp(item->name, "t") != 0)
			continue;
		t = item->value;
		free(item->name);
		item->name = NULL;
	}
	return t;
}
