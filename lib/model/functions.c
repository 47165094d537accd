/* One row an operator or function of the language: how it is written, how many
 * operands it takes, what it becomes. */
#include "lib/model/terms.h"

#include "lib/graph/graph.h"

#include <string.h>

const struct function oj_functions[OJIT_OP_COUNT] = {
	[OJIT_ADD] = {"+", 2, 2, OP_ADD, BIND_SUM},
	[OJIT_SUB] = {"-", 2, 2, OP_ADD, BIND_SUM},
	[OJIT_MUL] = {"*", 2, 2, OP_MUL, BIND_PRODUCT},
	[OJIT_DIV] = {"/", 2, 2, OP_DIV, BIND_PRODUCT},
	[OJIT_POW] = {"^", 2, 2, OP_POW, BIND_POWER},
	[OJIT_NEG] = {"-", 1, 1, OP_NEG, BIND_SIGN},
	[OJIT_LT] = {"<", 2, 2, OP_LT, BIND_COMPARE},
	[OJIT_LE] = {"<=", 2, 2, OP_LE, BIND_COMPARE},
	[OJIT_GT] = {">", 2, 2, OP_LT, BIND_COMPARE},
	[OJIT_GE] = {">=", 2, 2, OP_LE, BIND_COMPARE},
	[OJIT_EQ] = {"==", 2, 2, OP_EQ, BIND_COMPARE},
	[OJIT_NE] = {"!=", 2, 2, OP_NE, BIND_COMPARE},
	[OJIT_AND] = {"and", 2, 2, OP_AND, BIND_AND},
	[OJIT_OR] = {"or", 2, 2, OP_OR, BIND_OR},
	[OJIT_NOT] = {"not", 1, 1, OP_NOT, BIND_NOT},
	[OJIT_IF] = {"if", 3, 3, OP_IF, 0},
	[OJIT_SIN] = {"sin", 1, 1, OP_SIN, 0},
	[OJIT_COS] = {"cos", 1, 1, OP_COS, 0},
	[OJIT_TAN] = {"tan", 1, 1, OP_TAN, 0},
	[OJIT_COT] = {"cot", 1, 1, OP_COT, 0},
	[OJIT_ASIN] = {"asin", 1, 1, OP_ASIN, 0},
	[OJIT_ACOS] = {"acos", 1, 1, OP_ACOS, 0},
	[OJIT_ATAN] = {"atan", 1, 1, OP_ATAN, 0},
	[OJIT_ATAN2] = {"atan2", 2, 2, OP_ATAN2, 0},
	[OJIT_SINH] = {"sinh", 1, 1, OP_SINH, 0},
	[OJIT_COSH] = {"cosh", 1, 1, OP_COSH, 0},
	[OJIT_TANH] = {"tanh", 1, 1, OP_TANH, 0},
	[OJIT_ASINH] = {"asinh", 1, 1, OP_ASINH, 0},
	[OJIT_ACOSH] = {"acosh", 1, 1, OP_ACOSH, 0},
	[OJIT_ATANH] = {"atanh", 1, 1, OP_ATANH, 0},
	[OJIT_EXP] = {"exp", 1, 1, OP_EXP, 0},
	[OJIT_EXPM1] = {"expm1", 1, 1, OP_EXPM1, 0},
	[OJIT_EXP2] = {"exp2", 1, 1, OP_EXP2, 0},
	[OJIT_LOG] = {"log", 1, 1, OP_LOG, 0},
	[OJIT_LOG1P] = {"log1p", 1, 1, OP_LOG1P, 0},
	[OJIT_LOG2] = {"log2", 1, 1, OP_LOG2, 0},
	[OJIT_LOG10] = {"log10", 1, 1, OP_LOG10, 0},
	[OJIT_SQRT] = {"sqrt", 1, 1, OP_SQRT, 0},
	[OJIT_CBRT] = {"cbrt", 1, 1, OP_CBRT, 0},
	[OJIT_ABS] = {"abs", 1, 1, OP_ABS, 0},
	[OJIT_SIGN] = {"sign", 1, 1, OP_SIGN, 0},
	[OJIT_FLOOR] = {"floor", 1, 1, OP_FLOOR, 0},
	[OJIT_CEIL] = {"ceil", 1, 1, OP_CEIL, 0},
	[OJIT_ROUND] = {"round", 1, 1, OP_ROUND, 0},
	[OJIT_MOD] = {"mod", 2, 2, OP_MOD, 0},
	[OJIT_MIN] = {"min", 1, 255, OP_MIN, 0},
	[OJIT_MAX] = {"max", 1, 255, OP_MAX, 0},
	[OJIT_HYPOT] = {"hypot", 2, 2, OP_HYPOT, 0},
	[OJIT_ERF] = {"erf", 1, 1, OP_ERF, 0},
	[OJIT_ERFC] = {"erfc", 1, 1, OP_ERFC, 0},
	[OJIT_GAMMA] = {"gamma", 1, 1, OP_GAMMA, 0},
	[OJIT_LGAMMA] = {"lgamma", 1, 1, OP_LGAMMA, 0},
	[OJIT_DIGAMMA] = {"digamma", 1, 1, OP_DIGAMMA, 0},
	[OJIT_TRIGAMMA] = {"trigamma", 1, 1, OP_TRIGAMMA, 0},
	[OJIT_SIGMOID] = {"sigmoid", 1, 1, OP_SIGMOID, 0},
	[OJIT_RELU] = {"relu", 1, 1, OP_RELU, 0},
	[OJIT_SOFTPLUS] = {"softplus", 1, 1, OP_SOFTPLUS, 0},
	[OJIT_HEAVISIDE] = {"heaviside", 1, 2, OP_HEAVISIDE, 0},
	[OJIT_UNIFORM] = {"uniform", 1, 4, OP_UNIFORM, 0},
	[OJIT_NORMAL] = {"normal", 1, 4, OP_NORMAL, 0},
};

ojit_op oj_function_find(const char *name)
{
	/* pow is the one operator that has a name, too. */
	if (strcmp(name, "pow") == 0)
		return OJIT_POW;
	for (int op = 0; op < OJIT_OP_COUNT; op++)
		if (oj_functions[op].infix == 0 && strcmp(oj_functions[op].text, name) == 0)
			return (ojit_op)op;
	return OJIT_OP_COUNT;
}
