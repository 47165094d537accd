/* The words of the text form of programs, shared by its writer and its reader. */
#ifndef OJ_WORDS_H
#define OJ_WORDS_H

#include "lib/graph/program.h"

/* Classes of names: each has its own. */
enum name_class { NAME_ARRAY, NAME_TABLE, NAME_SYMBOL };

static const char *const oj_role_words[ROLE_COUNT] = {
	[ROLE_STATE] = "state", [ROLE_PARAMETER] = "parameter", [ROLE_DERIVED] = "derived",
	[ROLE_DISCRETE] = "discrete", [ROLE_SEED] = "seed", [ROLE_DATA] = "data",
	[ROLE_OUT] = "out", [ROLE_TEMP] = "temp",
};

static const char *const oj_kind_words[PROGRAM_KINDS] = {
	[KERNEL_RHS] = "rhs", [KERNEL_OUTPUTS] = "outputs", [KERNEL_INIT] = "init",
	[KERNEL_PREPARE] = "prepare", [KERNEL_PARAMETERS] = "parameters",
};

enum { REDUCTION_KINDS = REDUCE_MAX + 1 };
static const char *const oj_reduction_words[REDUCTION_KINDS] = {
	[REDUCE_SUM] = "sum", [REDUCE_PROD] = "prod", [REDUCE_MIN] = "min", [REDUCE_MAX] = "max",
};

/* Bytes of a name that needs no quotes. */
static inline bool oj_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '\'' || c == '.' || (unsigned char)c >= 128;
}

/* i0, j1, k2, ... */
static inline char oj_level_letter(unsigned level)
{
	return (char)(level < 18 ? 'i' + level : 'z');
}

#endif
