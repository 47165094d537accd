/* Where terms were written.
 *
 * A place is a number: an offset into all texts of a forest laid end to end, from 1,
 * or from MARKED on the number of a line of a C program.  Line, column and extent
 * are found out only when somebody asks, by reading the token there again, so a
 * place costs a term four bytes. */
#ifndef OJ_PLACES_H
#define OJ_PLACES_H

#include "lib/graph/program.h"
#include "lib/model/terms.h"

enum { MARKED = INT32_MAX };

/* A copy of a text, or a file name alone (`text` NULL).  0: out of memory, or
 * MARKED places are not enough (see oj_forest_has_room). */
uint32_t oj_forest_source(struct forest *forest, const char *file, const char *text, size_t length);
bool oj_forest_has_room(const struct forest *forest, size_t length);
/* The place of a line of a C program; 0: out of memory. */
uint32_t oj_forest_mark(struct forest *forest, uint32_t source, uint32_t line);

/* Where columns were counted last: asking for many places in order is linear in the
 * text however long its lines are. */
struct column_cursor {
	uint32_t place, column;
};
struct origin oj_forest_origin(const struct forest *forest, uint32_t place);
struct origin oj_forest_origin_near(const struct forest *forest, uint32_t place, struct column_cursor *cursor);
/* What finds places of the forest (struct place_finder) when it is gone; texts have to be held.  `files`: the sources'
 * names, in that arena.  find NULL: out of memory. */
struct place_finder oj_forest_finder(const struct forest *forest, const char *const *files, struct arena *arena);
/* Its source; 0: unknown. */
uint32_t oj_forest_source_of(const struct forest *forest, uint32_t place);

#endif
