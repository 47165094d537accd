/* Terms: expressions as they were written, before anything is known of names.
 *
 * Both the syntax tree and the model keep their expressions in a forest: an array
 * of terms whose operands precede them, so that loops replace recursion however
 * deep an expression is.  Unlike nodes of a graph terms are not shared by value,
 * because each remembers its own place in the source.  There are about two terms an
 * operation, so a term is small: 16 bytes. */
#ifndef OJ_TERMS_H
#define OJ_TERMS_H

#include <ojit/model.h>

#include "lib/base/error.h"

enum term_kind {
	TERM_NONE,
	TERM_NUMBER,
	TERM_TIME,
	TERM_NAME,     /* operands: subscripts */
	TERM_INDEX,    /* an index variable */
	TERM_ARGUMENT, /* of a function's body: argument number `name`; syntax only */
	TERM_OP,       /* enum ojit_op */
	TERM_CALL,     /* a function by name; syntax only */
	TERM_REDUCE    /* enum ojit_reduction; operands as below */
};
enum { REDUCE_INDEX, REDUCE_FROM, REDUCE_TO, REDUCE_FILTER /* may be 0 */, REDUCE_TERM, REDUCE_PARTS };

struct term {
	uint8_t kind, op, arity;
	uint8_t primes : 2; /* NAME */
	uint8_t wrap : 1;   /* REDUCE */
	uint8_t uses : 2;   /* as an operand; SHARED: more than once */
	uint32_t place;     /* see places.h */
	union {
		double number;
		struct {
			uint32_t name; /* NAME, CALL, INDEX */
			union {
				uint32_t binder; /* INDEX: which variable; in a model the term itself */
				uint32_t first;  /* NAME, CALL: the only operand; of more, of REDUCE, and
				                  * of OP of more than two: operands in forest->operands */
			};
		};
		uint32_t pair[2]; /* OP of one or two: the operands themselves */
	};
};
enum { SHARED = 2 };

/* A text, or a file of a C program that has places in it. */
struct source {
	const char *file; /* NULL: unknown */
	const char *text; /* terminated; NULL: unknown */
	struct shared_text *shared; /* which it is of */
	uint32_t base, length; /* places base .. base + length are in the text */
	uint32_t *lines, line_count; /* [line_count] where lines start */
};
struct mark { /* a line of a C program */
	uint32_t source, line;
};

/* Names by number; the strings live in the arena given to oj_names_add. */
struct names {
	VECTOR(const char *) at;
	uint32_t *slots;
	size_t slot_count;
};

struct forest {
	ojit_context *context;
	VECTOR(struct term) terms; /* 0 is "none" */
	VECTOR(uint32_t) operands;
	VECTOR(struct mark) marks;
	VECTOR(struct source) sources; /* 0 is unknown */
	uint32_t length;               /* of all texts, with one place more for each */
	struct names names;
	struct arena arena; /* strings */
};
ojit_status oj_forest_init(struct forest *forest, ojit_context *context);
void oj_forest_drop(struct forest *forest);
/* 0: out of memory. */
uint32_t oj_forest_add(struct forest *forest, struct term term, uint32_t arity,
                       const uint32_t *operands);
/* A name of good form as a number; UINT32_MAX: out of memory. */
uint32_t oj_forest_name(struct forest *forest, const char *name, size_t length);
/* The same without adding; UINT32_MAX: unknown. */
uint32_t oj_forest_find_name(const struct forest *forest, const char *name, size_t length);

static inline const char *oj_forest_text(const struct forest *forest, uint32_t name)
{
	return forest->names.at.at[name];
}
static inline const struct term *oj_term(const struct forest *forest, uint32_t term)
{
	return &forest->terms.at[term];
}
static inline const uint32_t *oj_term_operands(const struct forest *forest, uint32_t term)
{
	const struct term *t = &forest->terms.at[term];
	if (t->kind == TERM_OP && t->arity <= 2)
		return t->pair;
	return t->arity == 1 ? &t->first : forest->operands.at + t->first;
}

/* The spelling ojit uses: NFC, with the micro sign as the Greek letter.  false
 * and a reason: not a name.  `spelled` is only written when the name is not
 * plain ASCII; else it is left empty and the name is its own spelling. */
bool oj_name_spell(const char *name, size_t length, struct text *spelled, const char **reason);
/* Bytes of the code point at `at` if it may start (or go on in) a name, else 0. */
size_t oj_name_letter(const char *at, const char *end, bool first);
/* Words with a meaning of their own in expressions: t pi inf and or not if in. */
bool oj_name_reserved(const char *name);

/* The nearest of many names to a mistaken one. */
struct nearest {
	const char *name; /* what is looked for */
	const char *best; /* NULL: nothing near */
	size_t distance;
};
void oj_nearest_offer(struct nearest *nearest, const char *candidate);

/* Expressions as text that reads back. */
void oj_term_print(const struct forest *forest, uint32_t term, struct text *text);

/* Rows of functions.c, by enum ojit_op. */
struct function {
	const char *text;
	uint8_t least, most; /* operands */
	uint8_t op;          /* enum op of lib/graph */
	uint8_t infix;       /* binding strength, 0: written f(a, b) */
};
extern const struct function oj_functions[OJIT_OP_COUNT];
/* The function that is written `name(...)`; OJIT_OP_COUNT: none. */
ojit_op oj_function_find(const char *name);

/* How tightly operators bind. */
enum binding { BIND_OR = 1, BIND_AND, BIND_NOT, BIND_COMPARE, BIND_SUM, BIND_PRODUCT, BIND_SIGN, BIND_POWER, BIND_ATOM };

#endif
