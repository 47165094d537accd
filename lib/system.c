/* Names of a system's elements, both ways, and orders; see system.h.
 *
 * A name is a family's, with or without a subscript.  Whoever mistypes one is told
 * the nearest that exists, by the number of letters to change (Levenshtein), and
 * where none is near, what there is. */
#include "lib/system.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const kind_names[FAMILY_KINDS] = {"state", "parameter", "output", "discrete variable"};

static const char *article(enum family_kind kind)
{
	return kind == FAMILY_OUTPUTS ? "an" : "a";
}

int oj_taylor_order(double rtol, int64_t states)
{
	bool few = states <= TAYLOR_FEW;
	double shrinking = few ? 0.26359713811572677 : 0.13533528323661269; /* e^(-4/3), e^-2 */
	int order = 1, least = few ? 13 : 2;
	for (double reached = 1; reached > rtol || order < least; order++)
		reached *= shrinking;
	return order;
}

/* ---- element to name ---- */

/* The family that holds element k: the last whose offset is not beyond it. */
static const struct family *family_of(const struct system *system, enum family_kind kind, int64_t k)
{
	const struct family *families = system->families[kind];
	size_t low = 0, high = system->family_count[kind];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (families[middle].offset <= k)
			low = middle;
		else
			high = middle;
	}
	return &families[low];
}

void oj_system_name(const struct system *system, enum family_kind kind, int64_t k, struct text *name)
{
	if (system->family_count[kind] == 0)
		return;
	const struct family *family = family_of(system, kind, k);
	int64_t index[FAMILY_RANK], rest = k - family->offset;
	for (int axis = (int)family->rank - 1; axis >= 0; axis--) {
		index[axis] = oj_family_base(family, axis) + rest % oj_family_extent(family, axis);
		rest /= oj_family_extent(family, axis);
	}
	oj_text_string(name, family->name);
	for (int axis = 0; axis < family->rank; axis++)
		oj_text_format(name, axis ? ",%lld" : "[%lld", (long long)index[axis]);
	if (family->rank)
		oj_text_string(name, "]");
}

/* ---- nearest name ---- */

enum { LONGEST = 64 };

/* Letters to insert, delete or replace; names longer than LONGEST are cut. */
static int distance(const char *a, size_t a_length, const char *b)
{
	size_t b_length = strnlen(b, LONGEST), n = a_length < LONGEST ? a_length : LONGEST;
	int row[LONGEST + 1];
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int diagonal = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			int above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
			best = above + 1 < best ? above + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			diagonal = above;
		}
	}
	return row[b_length];
}

/* Some letters of a name may be wrong, not all, except for their case. */
static bool is_near(const char *name, size_t length, const char *other, int letters)
{
	int limit = length <= 2 ? 1 : length <= 5 ? 2 : 3;
	return (letters <= limit && letters < (int)length) ||
	       (strlen(other) == length && strncasecmp(name, other, length) == 0);
}

/* NULL: none is near. */
static const char *nearest(const struct system *system, enum family_kind kind, const char *name, size_t length)
{
	const char *best = NULL;
	int least = 0;
	for (size_t i = 0; i < system->family_count[kind]; i++) {
		const char *other = system->families[kind][i].name;
		int d = distance(name, length, other);
		if (is_near(name, length, other, d) && (!best || d < least)) {
			best = other;
			least = d;
		}
	}
	return best;
}

static ojit_status fail_far(const struct system *system, enum family_kind kind, const char *name,
                            size_t length, struct oj_error *error)
{
	enum { SHOWN = 6 };
	struct text list;
	size_t count = system->family_count[kind];
	oj_text_init(&list, error->message.context);
	for (size_t i = 0; i < count && i < SHOWN; i++)
		oj_text_format(&list, i ? ", %s" : "%s", system->families[kind][i].name);
	ojit_status status = oj_fail(error, OJIT_NAME, "there is no %s '%.*s'; the model has %s%s", kind_names[kind],
	                             (int)length, name, oj_text_get(&list), count > SHOWN ? ", ..." : "");
	oj_text_drop(&list);
	return status;
}

static ojit_status fail_unknown(const struct system *system, enum family_kind kind, const char *name,
                                size_t length, struct oj_error *error)
{
	for (int other = 0; other < FAMILY_KINDS; other++)
		for (size_t i = 0; other != (int)kind && i < system->family_count[other]; i++)
			if (strlen(system->families[other][i].name) == length &&
			    memcmp(system->families[other][i].name, name, length) == 0)
				return oj_fail(error, OJIT_NAME, "'%.*s' is %s %s, not %s %s; name %s %s",
				               (int)length, name, article(other), kind_names[other],
				               article(kind), kind_names[kind], article(kind), kind_names[kind]);
	if (system->family_count[kind] == 0)
		return oj_fail(error, OJIT_NAME, "there is no %s '%.*s'; the model has no %ss",
		               kind_names[kind], (int)length, name, kind_names[kind]);
	const char *near = nearest(system, kind, name, length);
	if (!near)
		return fail_far(system, kind, name, length, error);
	return oj_fail(error, OJIT_NAME, "there is no %s '%.*s'; did you mean '%s'?",
	               kind_names[kind], (int)length, name, near);
}

/* ---- name to element ---- */

/* One whole number with blanks around it; NULL: there is none, or it is too large. */
static const char *read_index(const char *at, int64_t *value)
{
	while (isspace((unsigned char)*at))
		at++;
	bool negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	const char *digits = at;
	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*value > (INT64_MAX - 9) / 10)
			return NULL;
		*value = *value * 10 + (*at - '0');
	}
	if (at == digits)
		return NULL;
	*value = negative ? -*value : *value;
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

static ojit_status fail_subscript(const struct family *family, const char *name, struct oj_error *error)
{
	static const char *const forms[FAMILY_RANK + 1] = {"", "[1]", "[1,1]", "[1,1,1]"};
	if (family->rank == 0)
		return oj_fail(error, OJIT_SHAPE, "'%s' has no indices; write '%s' instead of '%s'",
		               family->name, family->name, name);
	return oj_fail(error, OJIT_SHAPE, "'%s' is no element of '%s', which has %d %s; write it "
	               "like '%s%s', or '%s' for all", name, family->name, (int)family->rank,
	               family->rank == 1 ? "index" : "indices", family->name, forms[family->rank],
	               family->name);
}

static ojit_status read_subscript(const struct family *family, const char *name, const char *at,
                                  int64_t *offset, struct oj_error *error)
{
	int64_t element = 0;
	for (int axis = 0; axis < family->rank; axis++) {
		int64_t index;
		at = read_index(at, &index);
		if (!at || *at != (axis + 1 < family->rank ? ',' : ']'))
			return fail_subscript(family, name, error);
		at++;
		int64_t low = oj_family_base(family, axis), extent = oj_family_extent(family, axis);
		if (index < low || index > low + extent - 1)
			return oj_fail(error, OJIT_RANGE, "index %lld of '%s' is outside %lld..%lld; "
			               "choose one inside", (long long)index, name, (long long)low,
			               (long long)(low + extent - 1));
		element = element * extent + (index - low);
	}
	if (family->rank == 0 || at[strspn(at, "'")] != '\0')
		return fail_subscript(family, name, error);
	*offset = family->offset + element;
	return OJIT_OK;
}

/* Length of the family's name within `name`, blanks around it left out. */
static const char *trim(const char *name, size_t *length)
{
	while (isspace((unsigned char)*name))
		name++;
	*length = strcspn(name, "[");
	while (*length > 0 && isspace((unsigned char)name[*length - 1]))
		--*length;
	return name;
}

/* The primes behind the subscript: the element "u[3]'" is of the family "u'". */
static const char *primes_behind(const char *name)
{
	const char *close = strrchr(name, ']');
	return close && close[1 + strspn(close + 1, "'")] == '\0' ? close + 1 : "";
}

ojit_status oj_system_find(const struct system *system, enum family_kind kind, const char *name,
                           int64_t *offset, int64_t *length, struct oj_error *error)
{
	size_t letters;
	name = trim(name, &letters);
	const char *primes = primes_behind(name);
	const struct family *family = NULL;
	for (size_t i = 0; i < system->family_count[kind] && !family; i++) {
		const struct family *f = &system->families[kind][i];
		if (strncmp(f->name, name, letters) == 0 && strcmp(f->name + letters, primes) == 0)
			family = f;
	}
	if (!family)
		return fail_unknown(system, kind, name, letters, error);
	const char *bracket = strchr(name, '[');
	*offset = family->offset;
	*length = bracket ? 1 : oj_family_length(family);
	return bracket ? read_subscript(family, name, bracket + 1, offset, error) : OJIT_OK;
}
