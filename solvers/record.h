/* Recorded rows, all of one width.
 *
 * Rows lie in chunks that never move, so a row's address is good until the next
 * run.  Chunks are kept from run to run while the width stays. */
#ifndef OJ_RECORD_H
#define OJ_RECORD_H

#include "lib/base/memory.h"

enum record_room { RECORD_ROOM, RECORD_LIMIT, RECORD_NO_MEMORY };

struct record {
	ojit_context *context;
	size_t width, rows, limit; /* doubles a row; bytes of all chunks */
	unsigned shift;            /* a chunk holds 1 << shift rows */
	VECTOR(double *) chunks;
};
void oj_record_init(struct record *record, ojit_context *context);
void oj_record_drop(struct record *record);
/* Empty it, for rows of `width` doubles in at most `limit` bytes. */
void oj_record_begin(struct record *record, size_t width, size_t limit);
/* Empty it, for rows of the other's width and limit. */
void oj_record_begin_like(struct record *record, const struct record *other);
/* See that there is room for one more row. */
enum record_room oj_record_reserve(struct record *record);
/* One more row, contents of no interest; NULL and the reason when there is no room. */
double *oj_record_add(struct record *record, enum record_room *room);
size_t oj_record_bytes(const struct record *record);
double *oj_record_row(const struct record *record, size_t i);

#endif
