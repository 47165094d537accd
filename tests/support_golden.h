/* Golden files: the text of programs before a pass and after it.
 *
 * tests/golden/PASS/NAME.txt holds what the file shows (comments), one or more
 * programs, a line "====", and what the pass makes of them, or its error.  Lines
 * "#! law finite", "#! law real", "#! partition N" and "#! roll all" set options; with
 * "#! explain" comes first what the pass tells of its decisions; pass hoist
 * gets a prepare program, which is printed last.  With OJIT_BLESS=1 in the
 * environment the files are rewritten instead of compared. */
#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H

#include "lib/graph/passes.h"

/* Hold every file of a directory to pass `name`; returns how many there are. */
int golden_pass(const char *name);

/* Call `each` with every text in the golden files that is a program. */
void golden_each(void (*each)(const char *path, const char *text, void *user), void *user);

/* A fresh space with its context, and a program read into it (NULL text: none);
 * fails the test where the text is wrong. */
struct bench {
	ojit_context *context;
	struct space space;
	struct oj_error error;
	struct program program;
};
void bench_open(struct bench *bench, const char *text);
void bench_close(struct bench *bench); /* fails the test where memory was left */
/* The text of a program; free it. */
char *bench_print(const struct program *program);
/* Run the pass of that name on a program; fails the test where it fails. */
void bench_pass(struct bench *bench, struct program *program, const char *name, struct pass_options options);

#endif
