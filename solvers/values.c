/* Values by name: parameters, initial values, absolute tolerances.
 *
 * What a caller sets is kept apart, with a mark for each element, from what the
 * model computes: so defaults that follow other parameters go on following, and
 * everything can be forgotten again. */
#include "solvers/solver.h"

#include <math.h>
#include <string.h>

static int64_t length_of(const ojit_solver *s, ojit_vector vector)
{
	switch (vector) {
	case OJIT_PARAMETERS:
		return s->system->parameters;
	case OJIT_OUTPUTS:
		return s->system->outputs;
	case OJIT_STATES:
	case OJIT_TOLERANCES:
		return s->system->states;
	}
	return 0;
}

static enum family_kind kind_of(ojit_vector vector)
{
	return vector == OJIT_PARAMETERS ? FAMILY_PARAMETERS
	     : vector == OJIT_OUTPUTS ? FAMILY_OUTPUTS : FAMILY_STATES;
}

/* NULL with a message where nothing can be set. */
static struct overrides *overrides_of(ojit_solver *s, ojit_vector vector)
{
	switch (vector) {
	case OJIT_PARAMETERS:
		return &s->parameters;
	case OJIT_STATES:
		return &s->initials;
	case OJIT_TOLERANCES:
		return &s->tolerances;
	case OJIT_OUTPUTS:
		break;
	}
	if (vector == OJIT_OUTPUTS)
		oj_fail(&s->error, OJIT_ARGUMENT,
		        "observables are computed and cannot be set; set parameters or initial values");
	else
		oj_fail(&s->error, OJIT_ARGUMENT, "there is no vector number %d; see ojit_vector", (int)vector);
	return NULL;
}

size_t ojit_solver_count(const ojit_solver *s, ojit_vector vector)
{
	return (size_t)length_of(s, vector);
}

const char *ojit_solver_name(ojit_solver *s, ojit_vector vector, size_t k)
{
	s->name.length = 0;
	s->name.failed = false;
	if (k >= ojit_solver_count(s, vector))
		return "";
	oj_system_name(s->system, kind_of(vector), (int64_t)k, &s->name);
	return s->name.failed ? "" : oj_text_get(&s->name);
}

ojit_status ojit_solver_find(ojit_solver *s, ojit_vector vector, const char *name, size_t *first,
                             size_t *count)
{
	int64_t offset, length;
	TRY(oj_solver_call(s));
	TRY(oj_system_find(s->system, kind_of(vector), name, &offset, &length, &s->error));
	*first = (size_t)offset;
	*count = (size_t)length;
	return OJIT_OK;
}

static ojit_status check_value(ojit_solver *s, ojit_vector vector, int64_t k, double value)
{
	bool finite = isfinite(value);
	if (vector == OJIT_PARAMETERS || (finite && (vector == OJIT_STATES || value >= 0)))
		return OJIT_OK;
	char number[32];
	oj_number_shortest(number, value);
	s->name.length = 0;
	oj_system_name(s->system, FAMILY_STATES, k, &s->name);
	return oj_fail(&s->error, OJIT_ARGUMENT,
	               vector == OJIT_STATES ? "the initial value of %s is %s; give a finite one"
	                                     : "the tolerance of %s is %s; give a finite one, 0 or larger",
	               oj_text_get(&s->name), number);
}

static void mark_changed(ojit_solver *s, ojit_vector vector)
{
	if (vector == OJIT_PARAMETERS) {
		s->stale = true;
		s->parameter_changes++;
	}
	if (vector == OJIT_TOLERANCES)
		s->tolerance_changes++;
}

ojit_status ojit_solver_set(ojit_solver *s, ojit_vector vector, const char *name, double value)
{
	int64_t offset, length;
	TRY(oj_solver_call(s));
	struct overrides *over = overrides_of(s, vector);
	if (!over)
		return s->error.status;
	TRY(oj_system_find(s->system, kind_of(vector), name, &offset, &length, &s->error));
	TRY(check_value(s, vector, offset, value));
	for (int64_t i = offset; i < offset + length; i++) {
		over->at[i] = value;
		over->set[i] = 1;
	}
	mark_changed(s, vector);
	return OJIT_OK;
}

ojit_status ojit_solver_set_all(ojit_solver *s, ojit_vector vector, const double *values)
{
	TRY(oj_solver_call(s));
	struct overrides *over = overrides_of(s, vector);
	if (!over)
		return s->error.status;
	int64_t length = length_of(s, vector);
	for (int64_t i = 0; i < length; i++)
		TRY(check_value(s, vector, i, values[i]));
	if (length > 0) {
		memcpy(over->at, values, (size_t)length * sizeof *values);
		memset(over->set, 1, (size_t)length);
	}
	mark_changed(s, vector);
	return OJIT_OK;
}

ojit_status ojit_solver_reset(ojit_solver *s, ojit_vector vector)
{
	TRY(oj_solver_call(s));
	struct overrides *over = overrides_of(s, vector);
	if (!over)
		return s->error.status;
	memset(over->set, 0, (size_t)length_of(s, vector));
	mark_changed(s, vector);
	return OJIT_OK;
}

static void copy_overrides(struct overrides *to, const struct overrides *from, int64_t length)
{
	if (length == 0)
		return;
	memcpy(to->at, from->at, (size_t)length * sizeof *to->at);
	memcpy(to->set, from->set, (size_t)length);
}

void oj_solver_copy_values(ojit_solver *s, const ojit_solver *from)
{
	const struct system *system = s->system;
	copy_overrides(&s->parameters, &from->parameters, system->parameters);
	copy_overrides(&s->initials, &from->initials, system->states);
	copy_overrides(&s->tolerances, &from->tolerances, system->states);
	s->stale = true;
	s->parameter_changes = from->parameter_changes;
	s->tolerance_changes = from->tolerance_changes;
}

ojit_status oj_solver_refresh(ojit_solver *s)
{
	if (!s->stale)
		return OJIT_OK;
	int64_t length = s->system->parameters;
	if (length > 0) {
		memcpy(s->p, s->parameters.at, (size_t)length * sizeof *s->p);
		TRY(s->system->defaults(s->system, s->parameters.set, s->p, &s->error));
	}
	if (s->kernels[KERNEL_PREPARE]) {
		struct kernel_args args = oj_solver_args(s, KERNEL_PREPARE);
		args.out = s->d;
		s->kernels[KERNEL_PREPARE]->run(&args);
	}
	s->stale = false;
	return OJIT_OK;
}

/* Is every state set?  Then nobody sees the model's own initial values. */
static bool all_set(const struct overrides *overrides, int64_t length)
{
	return length == 0 || !memchr(overrides->set, 0, (size_t)length);
}

ojit_status oj_solver_start(ojit_solver *s, double t, double *y)
{
	TRY(oj_solver_refresh(s));
	if (s->kernels[KERNEL_INIT] && !all_set(&s->initials, s->system->states)) {
		struct kernel_args args = oj_solver_args(s, KERNEL_INIT);
		args.t = &t;
		args.out = y;
		s->kernels[KERNEL_INIT]->run(&args);
	}
	for (int64_t i = 0; i < s->system->states; i++)
		if (s->initials.set[i])
			y[i] = s->initials.at[i];
	return OJIT_OK;
}

const double *ojit_solver_parameters(ojit_solver *s)
{
	if (oj_solver_call(s) != OJIT_OK || oj_solver_refresh(s) != OJIT_OK)
		return NULL;
	return s->p;
}
