/* Building a model: from text, or definition by definition.
 *
 * A model is a set of definitions: constants, parameters, initial values,
 * equations, intermediates, observables, index tables.  They may come in any
 * order and may name what is defined later.  The same calls serve a text reader
 * and a program that makes its equations on the fly:
 *
 *     ojit_model *m = ojit_model_new(context);
 *     ojit_expr s = ojit_param(m, "s", 10), r = ojit_param(m, "r", 28);
 *     ojit_expr b = ojit_param(m, "b", 8.0 / 3);
 *     ojit_expr x = ojit_state(m, "x", 1), y = ojit_state(m, "y", 1), z = ojit_state(m, "z", 1);
 *     ojit_equation(m, "x'", ojit_mul(m, s, ojit_sub(m, y, x)));
 *     ojit_equation(m, "y'", ojit_sub(m, ojit_mul(m, x, ojit_sub(m, r, z)), y));
 *     ojit_equation(m, "z'", ojit_sub(m, ojit_mul(m, x, y), ojit_mul(m, b, z)));
 *
 * Errors stick: after the first one every call does nothing, expressions are 0
 * and statuses are the first failure's.  So nothing needs checking on the way;
 * compiling the model (program.h) or ojit_model_check reports what was wrong.
 * Names, ranges and shapes are checked there, because only then are all
 * definitions known.
 *
 * One model is used by one thread at a time; different models, also of one
 * context, by any threads.  Strings and arrays given to a call are copied. */
#ifndef OJIT_MODEL_H
#define OJIT_MODEL_H

#include <ojit/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ojit_model ojit_model;

/* An expression of one model.  0 is "no expression": the result of a failed call.
 * It may be passed on, since after a failure nothing is looked at any more; without
 * one it is OJIT_ARGUMENT as an operand.  An expression may be used any number of
 * times, in any definition.  It is a plain number to the C compiler: write
 * ojit_pow(m, x, ojit_number(m, 2)), for ojit_pow(m, x, 2) takes what was made
 * second. */
#ifndef OJIT_EXPR_DEFINED
#define OJIT_EXPR_DEFINED
typedef uint32_t ojit_expr;
#endif

/* ------------------------------------------------------------------ the model */

/* An empty model; NULL when out of memory, which is the one thing to check. */
OJIT_API ojit_model *ojit_model_new(ojit_context *context);
OJIT_API void ojit_model_free(ojit_model *model); /* NULL is allowed */

/* Add the definitions of a text in the model language (docs/language.md), UTF-8,
 * `length` bytes.  `file` is its name in messages and the place that relative
 * names of data files start from; NULL or "": no file, data files are relative to
 * the working directory. */
OJIT_API ojit_status ojit_model_read_text(ojit_model *model, const char *text, size_t length,
                                          const char *file);
/* The same from a file.  OJIT_IO when it cannot be read. */
OJIT_API ojit_status ojit_model_read_file(ojit_model *model, const char *path);
/* What the reader makes of a file, as text that reads back: its statements, one a
 * line.  Nothing is added to the model but a failure.  *text is freed with
 * ojit_text_free (program.h); NULL on failure. */
OJIT_API ojit_status ojit_model_parse_file(ojit_model *model, const char *path, char **text);

/* Give the constant `name` another value than its definition does, whether that
 * comes before or after this call.  The last call wins. */
OJIT_API ojit_status ojit_model_set_const(ojit_model *model, const char *name, double value);

/* Find out now what compiling would find wrong with the definitions so far.
 * A failure sticks like any other. */
OJIT_API ojit_status ojit_model_check(ojit_model *model);

/* The first failure; status OJIT_OK when there is none.  The strings live as long
 * as the model. */
OJIT_API ojit_error ojit_model_error(const ojit_model *model);

/* Expressions and definitions made from now on stem from this line of `file`;
 * errors about them name it.  `file` NULL or "": none.  OJIT_HERE does so for the C
 * source itself. */
OJIT_API void ojit_model_place(ojit_model *model, const char *file, int line);
#define OJIT_HERE(model) ojit_model_place((model), __FILE__, __LINE__)

/* ---------------------------------------------------------------- expressions */

OJIT_API ojit_expr ojit_number(ojit_model *model, double value);
OJIT_API ojit_expr ojit_time(ojit_model *model);

/* What `name` stands for: a constant, a parameter, a state, an intermediate.  A
 * name that ends in ' is the derivative: "x'" reads the right-hand side of x' (or
 * the state x' where the equation is for x''). */
OJIT_API ojit_expr ojit_name(ojit_model *model, const char *name);
/* An element of an array or an index table: `name` with subscripts[rank]. */
OJIT_API ojit_expr ojit_element(ojit_model *model, const char *name, unsigned rank,
                                const ojit_expr *subscripts);

/* Operators and functions.  Comparisons give truth values; a truth value where a
 * number is wanted is 1 or 0, a number where a truth value is wanted means != 0.
 * OJIT_IF takes condition, value if true, value if false.  OJIT_MIN and OJIT_MAX
 * take one to 255, OJIT_HEAVISIDE one or two (x, and the value at 0, else 0.5),
 * OJIT_UNIFORM and OJIT_NORMAL a seed and up to three counters, OJIT_POW, OJIT_MOD,
 * OJIT_ATAN2, OJIT_HYPOT and the binary operators two. */
typedef enum ojit_op {
	OJIT_ADD, OJIT_SUB, OJIT_MUL, OJIT_DIV, OJIT_POW, OJIT_NEG,
	OJIT_LT, OJIT_LE, OJIT_GT, OJIT_GE, OJIT_EQ, OJIT_NE,
	OJIT_AND, OJIT_OR, OJIT_NOT, OJIT_IF,
	OJIT_SIN, OJIT_COS, OJIT_TAN, OJIT_COT, OJIT_ASIN, OJIT_ACOS, OJIT_ATAN, OJIT_ATAN2,
	OJIT_SINH, OJIT_COSH, OJIT_TANH, OJIT_ASINH, OJIT_ACOSH, OJIT_ATANH,
	OJIT_EXP, OJIT_EXPM1, OJIT_EXP2, OJIT_LOG, OJIT_LOG1P, OJIT_LOG2, OJIT_LOG10,
	OJIT_SQRT, OJIT_CBRT, OJIT_ABS, OJIT_SIGN, OJIT_FLOOR, OJIT_CEIL, OJIT_ROUND,
	OJIT_MOD, OJIT_MIN, OJIT_MAX, OJIT_HYPOT, OJIT_ERF, OJIT_ERFC, OJIT_GAMMA, OJIT_LGAMMA,
	OJIT_DIGAMMA, OJIT_TRIGAMMA, OJIT_SIGMOID, OJIT_RELU, OJIT_SOFTPLUS, OJIT_HEAVISIDE, OJIT_UNIFORM, OJIT_NORMAL,
	OJIT_OP_COUNT
} ojit_op;

OJIT_API ojit_expr ojit_apply(ojit_model *model, ojit_op op, unsigned count,
                              const ojit_expr *operands);
/* A function by its name in the language, such as "sin"; operands[count]. */
OJIT_API ojit_expr ojit_call(ojit_model *model, const char *function, unsigned count,
                             const ojit_expr *operands);

static inline ojit_expr ojit_apply1(ojit_model *model, ojit_op op, ojit_expr a)
{
	return ojit_apply(model, op, 1, &a);
}
static inline ojit_expr ojit_apply2(ojit_model *model, ojit_op op, ojit_expr a, ojit_expr b)
{
	ojit_expr operands[2];
	operands[0] = a, operands[1] = b;
	return ojit_apply(model, op, 2, operands);
}
static inline ojit_expr ojit_add(ojit_model *model, ojit_expr a, ojit_expr b)
{
	return ojit_apply2(model, OJIT_ADD, a, b);
}
static inline ojit_expr ojit_sub(ojit_model *model, ojit_expr a, ojit_expr b)
{
	return ojit_apply2(model, OJIT_SUB, a, b);
}
static inline ojit_expr ojit_mul(ojit_model *model, ojit_expr a, ojit_expr b)
{
	return ojit_apply2(model, OJIT_MUL, a, b);
}
static inline ojit_expr ojit_div(ojit_model *model, ojit_expr a, ojit_expr b)
{
	return ojit_apply2(model, OJIT_DIV, a, b);
}
static inline ojit_expr ojit_pow(ojit_model *model, ojit_expr a, ojit_expr b)
{
	return ojit_apply2(model, OJIT_POW, a, b);
}
static inline ojit_expr ojit_neg(ojit_model *model, ojit_expr a)
{
	return ojit_apply1(model, OJIT_NEG, a);
}
static inline ojit_expr ojit_if(ojit_model *model, ojit_expr condition, ojit_expr a, ojit_expr b)
{
	ojit_expr operands[3];
	operands[0] = condition, operands[1] = a, operands[2] = b;
	return ojit_apply(model, OJIT_IF, 3, operands);
}

/* ------------------------------------------------------- indices and reductions */

/* An index variable.  It gets its range where it is used in an ojit_range, and may
 * be used in several.  In expressions it is an integer. */
OJIT_API ojit_expr ojit_index(ojit_model *model, const char *name);

/* An axis of an array or the range of a reduction: `index` runs from lo to hi,
 * both included.  With index 0 an axis is the one place `lo` and hi is ignored.
 * wrap != 0: subscripts that compute with `index` (i+1) are taken modulo the range. */
typedef struct ojit_range {
	ojit_expr index, lo, hi;
	int wrap;
} ojit_range;

static inline ojit_range ojit_range_of(ojit_expr index, ojit_expr lo, ojit_expr hi)
{
	ojit_range range;
	range.index = index, range.lo = lo, range.hi = hi, range.wrap = 0;
	return range;
}

typedef enum ojit_reduction { OJIT_SUM, OJIT_PROD, OJIT_LEAST, OJIT_GREATEST } ojit_reduction;

/* `body` summed, multiplied, or its least or greatest value, over ranges[count];
 * later ranges may depend on earlier indices.  Terms for which `filter` is not true
 * are left out (0: no filter).  Over nothing: 0, 1, inf, -inf. */
OJIT_API ojit_expr ojit_reduce(ojit_model *model, ojit_reduction reduction, unsigned count,
                               const ojit_range *ranges, ojit_expr filter, ojit_expr body);

/* ---------------------------------------------------------------- definitions */

typedef enum ojit_kind {
	OJIT_CONST,    /* known when compiling; may size arrays.  rank 0 */
	OJIT_PARAM,    /* a run-time value with a default that may use other parameters */
	OJIT_INIT,     /* where a state starts: "x", and "x'" where the equation is for x'' */
	OJIT_EQUATION, /* "x'" or "x''": the right-hand side of a differential equation */
	OJIT_LET,      /* an intermediate; for an array that is a state or a parameter,
	                * its values beyond its range (edges) */
	OJIT_OUT,      /* an observable */
	OJIT_TABLE     /* integers for subscripts and ranges, known when compiling */
} ojit_kind;

/* Define `name` over axes[rank], rank 0 to 3; `value` may use the axes' indices.
 * An array may be defined by several calls over disjoint ranges.  An OJIT_OUT of
 * rank 0 whose value is 0 observes what is called `name`. */
OJIT_API ojit_status ojit_define(ojit_model *model, ojit_kind kind, const char *name, unsigned rank,
                                 const ojit_range *axes, ojit_expr value);
/* The same from numbers, row by row, the last axis fastest; as many as the axes
 * have places, whole ones for OJIT_TABLE.  Not for OJIT_CONST. */
OJIT_API ojit_status ojit_define_values(ojit_model *model, ojit_kind kind, const char *name,
                                        unsigned rank, const ojit_range *axes, size_t count,
                                        const double *values);
/* The same from a file, CSV or NPY by its extension, read when the model is
 * compiled. CSV: one row for each combination of the axes before the last, with a
 * cell for each place on the last; a vector may also be one column; a first row
 * without any number is a heading.  NPY: version 1 or 2, little-endian f8 f4 i8
 * i4 or b1, C or Fortran order, of the very shape of the axes. */
OJIT_API ojit_status ojit_define_file(ojit_model *model, ojit_kind kind, const char *name,
                                      unsigned rank, const ojit_range *axes, const char *path);

/* Scalars: define, and return the expression that reads it. */
OJIT_API ojit_expr ojit_const(ojit_model *model, const char *name, double value);
OJIT_API ojit_expr ojit_param(ojit_model *model, const char *name, double value);
OJIT_API ojit_expr ojit_let(ojit_model *model, const char *name, ojit_expr value);
/* The state `name` with its initial value; its equation is still to be given. */
OJIT_API ojit_expr ojit_state(ojit_model *model, const char *name, double initial);
/* "x'" or "x''" = value. */
OJIT_API ojit_status ojit_equation(ojit_model *model, const char *name, ojit_expr value);
OJIT_API ojit_status ojit_out(ojit_model *model, const char *name, ojit_expr value);

/* Defaults for solving, which options of a solve override.  Constant expressions.
 * NULL or 0: not given. */
OJIT_API ojit_status ojit_model_span(ojit_model *model, ojit_expr from, ojit_expr to);
OJIT_API ojit_status ojit_model_solve(ojit_model *model, const char *method, ojit_expr rtol,
                                      ojit_expr atol);
/* Where a solve ends before its span does, see `until_steady` and `growth_limit` in solve.h. */
OJIT_API ojit_status ojit_model_limits(ojit_model *model, ojit_expr until_steady, ojit_expr growth_limit);
/* A state, or family of states, that must not go below 0, by name, or "all"; may be called
 * for several.  See `nonnegative` in solve.h. */
OJIT_API ojit_status ojit_model_nonnegative(ojit_model *model, const char *name);

#ifdef __cplusplus
}
#endif
#endif
