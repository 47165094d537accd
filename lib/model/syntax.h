/* The syntax tree of a text: its clauses in order, with their places.
 *
 * A statement is one clause, or several separated by commas.  Expressions are
 * terms of one forest; those of a clause are first_term .. end_term - 1, operands
 * before their users, so the forest is also the order of evaluation.  Which names
 * are index variables or arguments of functions is settled here, by scope; what
 * other names mean is not known before the model is complete. */
#ifndef OJ_SYNTAX_H
#define OJ_SYNTAX_H

#include "lib/model/solve_numbers.h"
#include "lib/model/terms.h"

enum { CLAUSE_FUNCTION = OJIT_TABLE + 1, CLAUSE_SPAN, CLAUSE_SOLVE, CLAUSE_NONNEGATIVE }; /* after enum ojit_kind */

struct clause_axis {
	uint32_t index; /* TERM_INDEX; 0: a single place */
	uint32_t lo, hi;
	bool wrap;
};
struct clause {
	uint8_t kind, primes, rank;
	uint32_t name, place;
	uint32_t first_term, end_term;
	uint32_t first_binder, end_binder; /* index variables of its terms */
	union {
		struct clause_axis axes[3];
		uint32_t settings[SETTINGS]; /* SOLVE: 0 if not given */
	};
	uint32_t value, second; /* SPAN: from, to */
	const char *text;       /* file of the numbers; SOLVE: method; or NULL */
	uint32_t first_number, number_count; /* in syntax->numbers */
	bool listed;                         /* the value is a list of numbers */
	uint32_t first_argument, argument_count; /* FUNCTION: names in syntax->arguments */
};
struct syntax {
	struct forest forest;
	VECTOR(struct clause) clauses;
	VECTOR(double) numbers;
	VECTOR(uint32_t) arguments;
	uint32_t binders;
};
/* A text that is there, terminated, until the tree is dropped; `base` is the place of
 * its beginning.  `take`, where not NULL, is called after every statement and may
 * take clauses away. */
struct reading {
	const char *file; /* or NULL */
	const char *text;
	size_t length;
	uint32_t base;
	ojit_status (*take)(void *user);
	void *user;
};
/* Drop the tree whether or not it failed. */
ojit_status oj_syntax_read(struct syntax *syntax, ojit_context *context, const struct reading *reading,
                           struct oj_error *error);
void oj_syntax_drop(struct syntax *syntax);
void oj_syntax_print(const struct syntax *syntax, struct text *text);

/* Read a text of the model and call the builder for every clause. */
ojit_status oj_syntax_build(ojit_model *model, uint32_t source);

#endif
