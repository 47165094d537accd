/* See record.h. */
#include "solvers/record.h"

enum { CHUNK_BYTES = 1 << 16 };

void oj_record_init(struct record *record, ojit_context *context)
{
	*record = (struct record){.context = context};
}

static size_t chunk_bytes(const struct record *record)
{
	return (record->width * sizeof(double)) << record->shift;
}

size_t oj_record_bytes(const struct record *record)
{
	return record->chunks.count * chunk_bytes(record);
}

static void drop_chunks(struct record *record)
{
	for (size_t i = 0; i < record->chunks.count; i++)
		oj_memory_put(record->context, record->chunks.at[i], chunk_bytes(record));
	record->chunks.count = 0;
}

void oj_record_drop(struct record *record)
{
	drop_chunks(record);
	VECTOR_DROP(record->context, &record->chunks);
	record->rows = 0;
}

/* As many rows as CHUNK_BYTES and the limit allow, a power of two. */
static unsigned shift_for(size_t row_bytes, size_t limit)
{
	size_t bytes = limit < CHUNK_BYTES ? limit : CHUNK_BYTES;
	unsigned shift = 0;
	while ((row_bytes << (shift + 1)) <= bytes)
		shift++;
	return shift;
}

void oj_record_begin(struct record *record, size_t width, size_t limit)
{
	unsigned shift = shift_for(width * sizeof(double), limit);
	size_t held = oj_record_bytes(record);
	if (width != record->width || shift != record->shift || held > limit) {
		drop_chunks(record);
		record->width = width;
		record->shift = shift;
	}
	record->limit = limit;
	record->rows = 0;
}

void oj_record_begin_like(struct record *record, const struct record *other)
{
	if (record->width != other->width || record->shift != other->shift)
		drop_chunks(record);
	record->width = other->width;
	record->shift = other->shift;
	record->limit = other->limit;
	record->rows = 0;
}

static enum record_room add_chunk(struct record *record)
{
	size_t bytes = chunk_bytes(record), count = record->chunks.count;
	if (bytes > record->limit || count > (record->limit - bytes) / bytes)
		return RECORD_LIMIT;
	if (!VECTOR_GROW(record->context, &record->chunks))
		return RECORD_NO_MEMORY;
	double *chunk = oj_memory_get(record->context, bytes);
	if (!chunk)
		return RECORD_NO_MEMORY;
	record->chunks.at[record->chunks.count++] = chunk;
	return RECORD_ROOM;
}

enum record_room oj_record_reserve(struct record *record)
{
	return record->rows >> record->shift == record->chunks.count ? add_chunk(record) : RECORD_ROOM;
}

double *oj_record_add(struct record *record, enum record_room *room)
{
	*room = oj_record_reserve(record);
	if (*room != RECORD_ROOM)
		return NULL;
	return oj_record_row(record, record->rows++);
}

double *oj_record_row(const struct record *record, size_t i)
{
	size_t within = i & (((size_t)1 << record->shift) - 1);
	return record->chunks.at[i >> record->shift] + within * record->width;
}
