/* Running the command `ojit` as people do, in a directory of its own. */
#ifndef SUPPORT_TOOL_H
#define SUPPORT_TOOL_H

#include <jansson.h>
#include <stddef.h>

/* A fresh directory below /tmp, with the tool's path in the variable OJIT of every
 * command and the source tree's in TREE.  Skips the test where the environment's
 * OJIT_TOOL does not say where the tool is. */
void tool_begin(void);
void tool_end(void); /* removes the directory */

/* Write a file into the directory. */
void tool_file(const char *name, const char *text);
/* A file of the directory as text; lives until tool_end. */
const char *tool_read(const char *name);

/* Run a shell command there: its exit status, 128 + n for signal n. */
int tool_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What the last command wrote. */
const char *tool_out(void);
const char *tool_err(void);
/* The last command's stdout as JSON; a failure of the test where it is none. */
json_t *tool_json(void);

/* Rows of the last command's CSV: rows * columns numbers, the heading left out. */
struct table {
	double *at;
	size_t rows, columns;
	const char *heading;
};
struct table tool_table(void);

#define EXPECT_HAS(text, part) \
	cr_expect(strstr((text), (part)) != NULL, "'%s' is missing in:\n%s", (part), (text))

#endif
