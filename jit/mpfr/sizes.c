/* See sizes.h.  The derivatives are those of lib/graph/partials.def, in double: a size is
 * wanted to a digit or so, and one that overflows says that double has no digits there. */
#include "jit/mpfr/sizes.h"

#include "lib/base/text.h"
#include "lib/graph/interpret.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { DEPTH = 8 };

static const struct rule {
	enum op op;
	unsigned slot;
	const char *text;
} rules[] = {
#define PARTIAL(tag, slot, text) {OP_##tag, slot, text},
#define CHOICE(tag, slot, text) {OP_##tag, slot, text},
#include "lib/graph/partials.def"
#undef PARTIAL
#undef CHOICE
};

static double apply(enum op op, const double *a)
{
	switch (op) {
	case OP_LT:
		return a[0] < a[1];
	case OP_LE:
		return a[0] <= a[1];
	case OP_EQ:
		return a[0] == a[1];
	case OP_NOT:
		return a[0] == 0;
	case OP_IF:
		return a[0] != 0 ? a[1] : a[2];
	case OP_SIGN:
		return (a[0] > 0) - (a[0] < 0);
	case OP_SIGMOID:
		return 1 / (1 + exp(-a[0]));
	case OP_STRONG:
		return a[0] == 0 ? 0 : a[0] * a[1];
	default:
		return oj_evaluate(op, a[0], a[1], a[2]);
	}
}

static enum op named(const char *word, size_t length)
{
	for (int op = 1; op < OP_COUNT; op++)
		if (strlen(oj_op_info[op].text) == length && !memcmp(word, oj_op_info[op].text, length))
			return (enum op)op;
	return OP_NONE;
}

/* Is a word an operand, the value or a number? */
static bool is_leaf(const char *word, size_t length, const double *a, double self, double *value)
{
	bool negative = *word == '-';
	if (length == 1 && *word >= 'a' && *word < 'a' + SIZE_OPERANDS)
		return *value = a[*word - 'a'], true;
	if (length == 4 && !memcmp(word, "self", 4))
		return *value = self, true;
	if (oj_number_read(word + negative, length - negative, value) != length - negative)
		return false;
	*value = negative ? -*value : *value;
	return true;
}

/* The value of a rule's text (partials.def says how they read). */
static double slope(const char *text, const double *a, double self)
{
	double stack[DEPTH] = {0};
	unsigned depth = 0;
	for (size_t length; *text; text += length + (text[length] == ' ')) {
		length = strcspn(text, " ");
		if (is_leaf(text, length, a, self, &stack[depth])) {
			depth++;
			continue;
		}
		enum op op = named(text, length);
		depth -= oj_op_info[op].arity == MANY ? 2 : (unsigned)oj_op_info[op].arity;
		stack[depth] = apply(op, &stack[depth]);
		depth++;
	}
	return stack[0];
}

static double at_least(double size, double value)
{
	if (isnan(size))
		return INFINITY;
	size = fmax(size, fabs(value));
	return fmax(size, DBL_MIN);
}

static double times(double slope, double size)
{
	return size == 0 || slope == 0 ? 0 : fabs(slope) * size;
}

double oj_size_of_sum(double sum, double size_a, double size_b)
{
	return at_least(size_a + size_b, sum);
}

double oj_size_of_product(double a, double size_a, double b, double size_b)
{
	return at_least(times(a, size_b) + times(b, size_a), a * b);
}

double oj_size(enum op op, const double *a, const double *sizes, double self)
{
	double size = 0;
	if (op == OP_DIV) /* as by its rules, which are read often */
		return at_least(times(1 / a[1], sizes[0]) + times(self / a[1], sizes[1]), self);
	if (op == OP_TRIGAMMA) /* has no rule; its slope is less than this, near poles and far from them */
		return at_least(times(2 * self * sqrt(self), sizes[0]), self);
	if (op == OP_STRONG && a[0] == 0 && !isfinite(a[1])) /* what was left out */
		return at_least(0, self);
	if (op == OP_POWI)
		return at_least(times(a[1] * pow(a[0], a[1] - 1), sizes[0]), self);
	if (op == OP_ABS)
		return at_least(sizes[0], self);
	bool fixed = op == OP_POW && a[0] < 0; /* the exponent is a whole number and stays one */
	for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++)
		if (rules[r].op == op && !(fixed && rules[r].slot == 1))
			size += times(slope(rules[r].text, a, self), sizes[rules[r].slot]);
	return at_least(size, self);
}
