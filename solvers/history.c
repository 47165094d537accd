/* See history.h. */
#include "solvers/history.h"

#include <string.h>

void oj_history_init(struct history *h, ojit_context *context, size_t parameters, size_t derived)
{
	*h = (struct history){.context = context, .parameters = parameters, .derived = derived};
	oj_record_init(&h->steps, context);
}

/* Never 0, so that the values in force have an address. */
static size_t era_bytes(const struct history *h)
{
	size_t count = h->parameters + h->derived;
	return (count ? count : 1) * sizeof(double);
}

/* Forget the eras from `first` on, `count` of them. */
static void drop_eras(struct history *h, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		oj_memory_put(h->context, h->eras.at[i].values, era_bytes(h));
	for (size_t i = first + count; i < h->eras.count; i++)
		h->eras.at[i - count] = h->eras.at[i];
	h->eras.count -= count;
}

void oj_history_drop(struct history *h)
{
	drop_eras(h, 0, h->eras.count);
	VECTOR_DROP(h->context, &h->eras);
	oj_record_drop(&h->steps);
}

/* What steps may take is what eras leave. */
static void share_limit(struct history *h)
{
	if (h->recording != OJIT_RECORD_ALL)
		return;
	size_t eras = h->eras.count * era_bytes(h);
	h->steps.limit = h->limit > eras ? h->limit - eras : 0;
}

void oj_history_begin(struct history *h, ojit_recording recording, size_t kept, size_t limit)
{
	size_t width = KEPT_REST + kept, bytes = width * sizeof(double);
	drop_eras(h, 0, h->eras.count);
	h->recording = recording;
	h->limit = limit;
	oj_record_begin(&h->steps, width, recording == OJIT_RECORD_ALL || limit < bytes ? limit : bytes);
}

static void set_era(const struct history *h, struct era *era, const double *parameters, const double *derived)
{
	if (h->parameters > 0)
		memcpy(era->values, parameters, h->parameters * sizeof *parameters);
	if (h->derived > 0)
		memcpy(era->values + h->parameters, derived, h->derived * sizeof *derived);
	era->first = h->steps.rows;
}

enum record_room oj_history_era(struct history *h, const double *parameters, const double *derived)
{
	struct era *last = h->eras.count > 0 ? &h->eras.at[h->eras.count - 1] : NULL;
	if (last && last->first == h->steps.rows) { /* no step was made with it */
		set_era(h, last, parameters, derived);
		return RECORD_ROOM;
	}
	if (h->recording == OJIT_RECORD_ALL && h->limit < oj_history_bytes(h) + era_bytes(h))
		return RECORD_LIMIT;
	struct era era = {.values = oj_memory_get(h->context, era_bytes(h))};
	if (!era.values)
		return RECORD_NO_MEMORY;
	set_era(h, &era, parameters, derived);
	if (!VECTOR_PUSH(h->context, &h->eras, era)) {
		oj_memory_put(h->context, era.values, era_bytes(h));
		return RECORD_NO_MEMORY;
	}
	share_limit(h);
	return RECORD_ROOM;
}

const double *oj_history_in_force(const struct history *h)
{
	return h->eras.at[h->eras.count - 1].values;
}

enum record_room oj_history_room(struct history *h)
{
	return oj_record_reserve(&h->steps);
}

double *oj_history_add(struct history *h, double t0, double length, double low)
{
	enum record_room room;
	double *row = oj_record_add(&h->steps, &room);
	row[KEPT_TIME] = t0;
	row[KEPT_LENGTH] = length;
	row[KEPT_LOW] = low;
	return row + KEPT_REST;
}

/* Eras of forgotten steps go, but the one in force stays. */
static void forget_eras(struct history *h)
{
	size_t last = h->eras.count - 1, keep = last;
	while (keep > 0 && h->eras.at[keep - 1].first >= h->steps.rows)
		keep--;
	drop_eras(h, keep, last - keep);
	struct era *era = &h->eras.at[h->eras.count - 1];
	if (era->first > h->steps.rows)
		era->first = h->steps.rows;
	share_limit(h);
}

void oj_history_clear(struct history *h)
{
	if (h->steps.rows == 0 && h->eras.count == 1)
		return;
	h->steps.rows = 0;
	forget_eras(h);
}

/* The number of steps that begin before t, or at t where `with`; what the rounding of their beginnings left out
 * counts. */
static size_t count_before(const struct history *h, double t, double direction, bool with)
{
	size_t low = 0, high = h->steps.rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const double *row = oj_record_row(&h->steps, middle);
		double ahead = (t == row[KEPT_TIME] ? -row[KEPT_LOW] : t - row[KEPT_TIME]) * direction;
		if (ahead > 0 || (with && ahead == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void oj_history_cut(struct history *h, double t, double direction)
{
	size_t rows = count_before(h, t, direction, false);
	if (rows == h->steps.rows)
		return;
	h->steps.rows = rows;
	forget_eras(h);
}

/* The last era that begins with this row or before. */
static const struct era *era_of(const struct history *h, size_t row)
{
	size_t low = 0, high = h->eras.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (h->eras.at[middle].first <= row)
			low = middle;
		else
			high = middle;
	}
	return &h->eras.at[low];
}

struct kept_step oj_history_find(const struct history *h, double t, double direction)
{
	size_t count = count_before(h, t, direction, true), row = count > 0 ? count - 1 : 0;
	return (struct kept_step){
		.row = oj_record_row(&h->steps, row),
		.before = row > 0 ? oj_record_row(&h->steps, row - 1) : NULL,
		.behind = row + 1 < h->steps.rows ? oj_record_row(&h->steps, row + 1) : NULL,
		.values = era_of(h, row)->values,
	};
}

size_t oj_history_bytes(const struct history *h)
{
	return oj_record_bytes(&h->steps) + h->eras.count * era_bytes(h);
}

static ojit_status copy_steps(struct history *copy, const struct history *h)
{
	for (size_t i = 0; i < h->steps.rows; i++) {
		enum record_room room;
		double *row = oj_record_add(&copy->steps, &room);
		if (!row)
			return OJIT_OUT_OF_MEMORY;
		memcpy(row, oj_record_row(&h->steps, i), h->steps.width * sizeof *row);
	}
	if (h->recording != OJIT_RECORD_LAST || h->steps.rows > 0)
		return OJIT_OK;
	return oj_history_room(copy) == RECORD_ROOM ? OJIT_OK : OJIT_OUT_OF_MEMORY; /* for the open step */
}

ojit_status oj_history_copy(struct history *copy, const struct history *h)
{
	copy->recording = h->recording;
	copy->limit = h->limit;
	oj_record_begin_like(&copy->steps, &h->steps);
	TRY(copy_steps(copy, h));
	for (size_t i = 0; i < h->eras.count; i++) {
		struct era era = {h->eras.at[i].first, oj_memory_get(h->context, era_bytes(h))};
		if (!era.values)
			return OJIT_OUT_OF_MEMORY;
		memcpy(era.values, h->eras.at[i].values, era_bytes(h));
		if (!VECTOR_PUSH(h->context, &copy->eras, era)) {
			oj_memory_put(h->context, era.values, era_bytes(h));
			return OJIT_OUT_OF_MEMORY;
		}
	}
	return OJIT_OK;
}
