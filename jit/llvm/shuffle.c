/* Lanes whose places are known when compiling: what a table names at a known index.
 *
 * Where they lie close together, in two vectors at most, these are loaded and a shuffle
 * chooses; one that is loaded already costs nothing more.  A gather fetches every lane by
 * itself (m: 21 pairs of seven stars, coordinates of both: 66 ns by gathers, 40 so).
 *
 * Nothing is read outside of the array: where it has fewer elements than there are lanes,
 * a mask leaves out what is not there. */
#include "jit/llvm/emitter.h"

LLVMValueRef oj_shuffle(struct emitter *e, LLVMValueRef a, LLVMValueRef b, const int *from)
{
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < e->width; l++)
		lanes[l] = from[l] < 0 ? LLVMGetPoison(e->half) : LLVMConstInt(e->half, (unsigned)from[l], false);
	return LLVMBuildShuffleVector(e->builder, a, b, LLVMConstVector(lanes, (unsigned)e->width), "");
}

/* Lane `l` of a constant; false: it is none. */
static bool constant_lane(LLVMValueRef lanes, int l, int64_t *value)
{
	LLVMValueRef lane = LLVMIsConstant(lanes) ? LLVMGetAggregateElement(lanes, (unsigned)l) : NULL;
	return lane && oj_constant_integer(lane, value);
}

bool oj_places_known(const struct emitter *e, const struct access *a, int64_t *places)
{
	bool known = a->at.lanes && !e->mask;
	for (int l = 0; known && l < e->width; l++) {
		known = constant_lane(a->at.narrow ? a->at.narrow : a->at.base, l, &places[l]);
		places[l] += known ? a->shift : 0;
	}
	return known;
}

/* Neighbours from element `first` on. */
static struct access from(const struct access *a, int64_t first)
{
	struct access there = *a;
	there.at = oj_value_integer(NULL, first, 1);
	there.shift = 0;
	return there;
}

/* A vector that begins at `first`, of which `count` elements are wanted. */
static LLVMValueRef load_some(struct emitter *e, const struct access *a, int64_t first, int64_t count)
{
	LLVMTypeRef type = oj_type_lanes(a->element, e->width);
	LLVMValueRef mask[PARTIALS];
	struct access there = from(a, first);
	if (first + e->width <= a->end)
		return oj_plain_load(e, there, type, 0);
	for (int l = 0; l < e->width; l++)
		mask[l] = LLVMConstInt(e->truth, l < count, false);
	return oj_masked_load(e, &there, type, LLVMConstVector(mask, (unsigned)e->width));
}

LLVMValueRef oj_load_places(struct emitter *e, const struct access *a, const int64_t *places)
{
	int64_t least = places[0], greatest = places[0];
	for (int l = 1; l < e->width; l++) {
		least = places[l] < least ? places[l] : least;
		greatest = places[l] > greatest ? places[l] : greatest;
	}
	if (least == greatest)
		return oj_splat(e, oj_plain_load(e, from(a, least), a->element, 0), e->width);
	if (a->end - a->first <= e->width) { /* all of it: loaded once for all turns */
		least = a->first;
		greatest = a->end - 1;
	}
	int64_t span = greatest - least + 1, second = greatest - e->width + 1;
	int lanes[PARTIALS];
	if (span > 2 * e->width)
		return NULL;
	if (span <= e->width && least + e->width > a->end && second >= a->first)
		least = second;
	LLVMValueRef low = load_some(e, a, least, span), high = low;
	if (span > e->width)
		high = load_some(e, a, second, e->width);
	for (int l = 0; l < e->width; l++) {
		int64_t lane = places[l] - least;
		lanes[l] = (int)(lane < e->width ? lane : places[l] - second + e->width);
	}
	return oj_shuffle(e, low, high, lanes);
}

static struct value entries_of(struct emitter *e, const int32_t *entry)
{
	LLVMValueRef lanes[PARTIALS];
	int64_t least = entry[0], greatest = entry[0], step = e->width > 1 ? (int64_t)entry[1] - entry[0] : 0;
	bool even = true;
	for (int l = 0; l < e->width; l++) {
		lanes[l] = LLVMConstInt(e->half, (uint32_t)entry[l], true);
		least = entry[l] < least ? entry[l] : least;
		greatest = entry[l] > greatest ? entry[l] : greatest;
		even = even && entry[l] == entry[0] + step * l;
	}
	if (even)
		return oj_value_within(oj_value_integer(NULL, entry[0], step), least, greatest);
	LLVMValueRef narrow = LLVMConstVector(lanes, (unsigned)e->width);
	struct value v = oj_value(LLVMBuildSExt(e->builder, narrow, oj_type_lanes(e->word, e->width), ""), true);
	v.narrow = narrow;
	return oj_value_within(v, least, greatest);
}

struct value oj_known_entries(struct emitter *e, const struct table *table, const struct access *a)
{
	int32_t entry[PARTIALS] = {0};
	for (int l = 0; l < e->width; l++) {
		int64_t place = a->at.offset + a->at.step * l;
		bool inside = place >= a->first && place < a->end;
		entry[l] = inside ? e->space->table_data.at[place] : table->least; /* a lane that does not count */
	}
	return entries_of(e, entry);
}
