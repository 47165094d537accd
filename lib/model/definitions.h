/* A model: definitions in the order they were given, over one forest of terms.
 *
 * Nothing is resolved here: a name is a number, and what it stands for is found
 * out by lowering (lower.h), when all definitions are known.  Invariant: every
 * term is complete and every definition's shape is well formed, whatever calls
 * made it. */
#ifndef OJ_DEFINITIONS_H
#define OJ_DEFINITIONS_H

#include "lib/model/places.h"
#include "lib/model/solve_numbers.h"

struct axis {
	ojit_expr index; /* TERM_INDEX; 0: the one place lo */
	ojit_expr lo, hi;
};
struct given { /* a value that is no expression */
	uint32_t definition; /* whose */
	const char *path; /* a file of numbers, or NULL: */
	double *numbers;  /* [count] */
	size_t count;
};
/* There may be more definitions than operations, so one is small: 20 bytes. */
struct definition {
	uint8_t kind, rank;  /* enum ojit_kind */
	uint8_t primes : 2;
	uint8_t wraps : 3;   /* bit k: axis k is taken modulo its range */
	bool given : 1;      /* its value is in model->givens */
	uint32_t name, place;
	ojit_expr value;     /* 0: given, or (OUT) what has this name */
	uint32_t axes;       /* the first of `rank` in model->axes; rank 0: 0 */
};
struct named_place {
	uint32_t name, place;
};
struct overriding {
	uint32_t name;
	double value;
};

struct ojit_model {
	ojit_context *context;
	struct forest forest;
	VECTOR(struct definition) definitions;
	VECTOR(struct axis) axes;    /* of definitions, in order */
	VECTOR(struct given) givens; /* likewise */
	VECTOR(struct overriding) overridings;
	uint32_t place; /* of what is being made */
	ojit_expr span[2], settings[SETTINGS];
	uint32_t span_place, solve_place;
	const char *method;
	VECTOR(struct named_place) nonnegative;
	struct oj_error error;
	struct text spelled; /* work space */
};

/* What a definition with `given` is given. */
const struct given *oj_model_given(const ojit_model *model, uint32_t definition);

/* Internal to the text reader: a text and its file, names by number, and failing with
 * a place. */
uint32_t oj_model_source(ojit_model *model, const char *file, const char *text, size_t length);
ojit_expr oj_model_reference(ojit_model *model, uint32_t name, unsigned primes, unsigned rank, const ojit_expr *subscripts);
ojit_status oj_model_fail(ojit_model *model, uint32_t place, ojit_status status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What `solve` says, 0 and NULL for nothing. */
ojit_status oj_model_set(ojit_model *model, const char *method, const ojit_expr settings[SETTINGS]);

void oj_model_print(const ojit_model *model, struct text *text);

/* A name of a model followed by its primes, "x''", for messages and families. */
const char *oj_primed(struct arena *arena, const char *name, unsigned primes);

#endif
