/* What derivatives are by: states, parameters and the time, chosen by name with --wrt.
 *
 * Inputs are counted as one list here: states first, parameters behind them, then the time. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

enum { TIME = 2 };
static const ojit_vector vectors[] = {OJIT_STATES, OJIT_PARAMETERS};
static const char *const words[INPUT_KINDS] = {"states", "parameters", "t"};

void inputs_init(struct inputs *in, ojit_solver *solver, bool time)
{
	*in = (struct inputs){.solver = solver};
	for (int kind = 0; kind < TIME; kind++)
		in->counts[kind] = ojit_solver_count(solver, vectors[kind]);
	in->counts[TIME] = time;
	in->chosen = get_memory(inputs_total(in), sizeof *in->chosen);
}

void inputs_drop(struct inputs *in)
{
	free(in->chosen);
	in->chosen = NULL;
}

size_t inputs_first(const struct inputs *in, int kind)
{
	size_t first = 0;
	for (int k = 0; k < kind; k++)
		first += in->counts[k];
	return first;
}

size_t inputs_total(const struct inputs *in)
{
	return inputs_first(in, INPUT_KINDS);
}

const char *inputs_name(const struct inputs *in, size_t input)
{
	int kind = 0;
	while (input >= in->counts[kind])
		input -= in->counts[kind++];
	return kind == TIME ? words[TIME] : ojit_solver_name(in->solver, vectors[kind], input);
}

bool inputs_has(const struct inputs *in, int kind)
{
	size_t first = inputs_first(in, kind);
	for (size_t k = 0; k < in->counts[kind]; k++)
		if (in->chosen[first + k])
			return true;
	return false;
}

unsigned inputs_kinds(const struct inputs *in)
{
	unsigned by = 0;
	for (int kind = 0; kind < INPUT_KINDS; kind++)
		by |= inputs_has(in, kind) ? 1u << kind : 0;
	return by;
}

/* ---- by name ---- */

/* What the solver said of an item. */
static int complain_found(ojit_solver *solver, const struct item *item)
{
	const char *message = ojit_solver_error(solver).message;
	char *kept = copy_text(message, strlen(message));
	int status = complain_item(item, kept);
	free(kept);
	return status;
}

/* It is of no kind.  Where the solver knows a near name, that of states comes first. */
static int complain_unknown(ojit_solver *solver, const struct item *item)
{
	size_t first, count;
	if (strcmp(item->name, words[TIME]) == 0)
		return complain_item(item, "adjoints and second derivatives are by states and parameters; of --kernel jac, jvp and "
		                     "dfdt, t is one of what they are by");
	for (int kind = 0; kind < TIME; kind++) {
		ojit_status status = ojit_solver_find(solver, vectors[kind], item->name, &first, &count);
		if (status != OJIT_NAME || strstr(ojit_solver_error(solver).message, "did you mean"))
			return complain_found(solver, item);
	}
	static const char form[] = "there is neither a state nor a parameter '%s'";
	char *message = get_memory(sizeof form + strlen(item->name), 1);
	sprintf(message, form, item->name);
	int status = complain_item(item, message);
	free(message);
	return status;
}

/* The inputs that an item names. */
static int find(const struct inputs *in, const struct item *item, size_t *first, size_t *count)
{
	if (in->counts[TIME] && strcmp(item->name, words[TIME]) == 0) {
		*first = inputs_first(in, TIME);
		*count = 1;
		return 0;
	}
	for (int kind = 0; kind < TIME; kind++) {
		if (ojit_solver_find(in->solver, vectors[kind], item->name, first, count) == OJIT_OK) {
			*first += inputs_first(in, kind);
			return 0;
		}
		if (kind == 0 && ojit_solver_error(in->solver).status != OJIT_NAME)
			break; /* it is a state, but not one that there is */
	}
	return complain_unknown(in->solver, item);
}

static void choose(struct inputs *in, size_t first, size_t count)
{
	for (size_t k = first; k < first + count; k++)
		in->chosen[k] = true;
}

void inputs_choose_all(struct inputs *in, int kind)
{
	choose(in, inputs_first(in, kind), in->counts[kind]);
}

int inputs_choose(struct inputs *in, const struct items *names)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t first = 0, count = 0;
		int kind = 0;
		while (kind < TIME && strcmp(names->all[i].name, words[kind]) != 0)
			kind++;
		if (kind < TIME)
			inputs_choose_all(in, kind);
		else if (find(in, &names->all[i], &first, &count))
			return EXIT_WRONG;
		choose(in, first, count);
	}
	return 0;
}

int inputs_read(const struct inputs *in, const struct items *items, double *v)
{
	for (size_t i = 0; i < items->count; i++) {
		size_t first, count;
		if (find(in, &items->all[i], &first, &count))
			return EXIT_WRONG;
		for (size_t k = first; k < first + count; k++) {
			if (!in->chosen[k])
				return complain_item(&items->all[i], "this is not among what --wrt differentiates by; add it there");
			v[k] = items->all[i].value;
		}
	}
	return 0;
}

int vector_read(ojit_solver *solver, ojit_vector names, const struct items *items, double *v)
{
	for (size_t i = 0; i < items->count; i++) {
		size_t first, count;
		if (ojit_solver_find(solver, names, items->all[i].name, &first, &count) != OJIT_OK)
			return complain_found(solver, &items->all[i]);
		for (size_t k = first; k < first + count; k++)
			v[k] = items->all[i].value;
	}
	return 0;
}
