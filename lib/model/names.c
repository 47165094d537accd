/* Names: how they are spelled, numbered and guessed at.
 *
 * A name starts with a letter or _ and goes on with letters, digits, combining
 * marks and subscript digits, as Unicode has them.  Two spellings that look the
 * same are the same name: NFC, and the micro sign U+00B5 is the Greek mu U+03BC. */
#include "lib/model/terms.h"

#include <string.h>
#include <utf8proc.h>

static uint64_t hash_of(const char *name, size_t length)
{
	uint64_t hash = 1469598103934665603u; /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
	return hash ^ hash >> 32;
}

/* The slot of a name, or the free one where it belongs. */
static size_t slot_of(const struct names *names, const char *name, size_t length)
{
	size_t at = hash_of(name, length) & (names->slot_count - 1);
	for (; names->slots[at]; at = (at + 1) & (names->slot_count - 1)) {
		const char *other = names->at.at[names->slots[at] - 1];
		if (strncmp(other, name, length) == 0 && other[length] == '\0')
			break;
	}
	return at;
}

static bool grow(ojit_context *context, struct names *names)
{
	struct names fresh = *names;
	fresh.slot_count = names->slot_count ? names->slot_count * 2 : 64;
	fresh.slots = oj_memory_get(context, fresh.slot_count * sizeof *fresh.slots);
	if (!fresh.slots)
		return false;
	memset(fresh.slots, 0, fresh.slot_count * sizeof *fresh.slots);
	for (size_t i = 0; i < names->at.count; i++)
		fresh.slots[slot_of(&fresh, names->at.at[i], strlen(names->at.at[i]))] = (uint32_t)i + 1;
	oj_memory_put(context, names->slots, names->slot_count * sizeof *names->slots);
	*names = fresh;
	return true;
}

uint32_t oj_forest_find_name(const struct forest *forest, const char *name, size_t length)
{
	if (forest->names.slot_count == 0)
		return UINT32_MAX;
	return forest->names.slots[slot_of(&forest->names, name, length)] - 1;
}

uint32_t oj_forest_name(struct forest *forest, const char *name, size_t length)
{
	struct names *names = &forest->names;
	if (names->at.count * 2 >= names->slot_count && !grow(forest->context, names))
		return UINT32_MAX;
	size_t slot = slot_of(names, name, length);
	if (names->slots[slot])
		return names->slots[slot] - 1;
	char *copy = oj_arena_string(&forest->arena, name, length);
	if (!copy || !VECTOR_PUSH(forest->context, &names->at, copy))
		return UINT32_MAX;
	names->slots[slot] = (uint32_t)names->at.count;
	return (uint32_t)names->at.count - 1;
}

size_t oj_name_letter(const char *at, const char *end, bool first)
{
	unsigned char c = (unsigned char)*at;
	if (at >= end)
		return 0;
	if (c < 0x80)
		return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (!first && c >= '0' && c <= '9');
	utf8proc_int32_t point;
	utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)at, end - at, &point);
	if (size <= 0)
		return 0;
	bool subscript = point >= 0x2080 && point <= 0x2089;
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_NL:
		return (size_t)size;
	case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ND:
		return first ? 0 : (size_t)size;
	default:
		return subscript && !first ? (size_t)size : 0;
	}
}

/* NFC through code points; utf8proc's own allocations are not ours, so it is
 * given memory. */
static bool compose(const char *name, size_t length, struct text *spelled)
{
	utf8proc_option_t options = UTF8PROC_COMPOSE | UTF8PROC_STABLE;
	utf8proc_ssize_t room = utf8proc_decompose((const utf8proc_uint8_t *)name, (utf8proc_ssize_t)length,
	                                           NULL, 0, options);
	if (room <= 0)
		return false;
	size_t bytes = ((size_t)room + 1) * sizeof(utf8proc_int32_t);
	utf8proc_int32_t *points = oj_memory_get(spelled->context, bytes);
	if (!points) {
		spelled->failed = true;
		return false;
	}
	utf8proc_decompose((const utf8proc_uint8_t *)name, (utf8proc_ssize_t)length, points, room, options);
	for (utf8proc_ssize_t i = 0; i < room; i++)
		if (points[i] == 0xB5)
			points[i] = 0x3BC;
	utf8proc_ssize_t size = utf8proc_reencode(points, room, options);
	if (size > 0)
		oj_text_add(spelled, (const char *)points, (size_t)size);
	oj_memory_put(spelled->context, points, bytes);
	return size > 0 && !spelled->failed;
}

bool oj_name_spell(const char *name, size_t length, struct text *spelled, const char **reason)
{
	const char *end = name + length;
	bool ascii = true;
	*reason = "a name starts with a letter and goes on with letters, digits and _";
	if (length == 0)
		return false;
	for (const char *at = name; at < end;) {
		size_t size = oj_name_letter(at, end, at == name);
		if (size == 0)
			return false;
		ascii = ascii && size == 1;
		at += size;
	}
	return ascii || compose(name, length, spelled);
}

bool oj_name_reserved(const char *name)
{
	static const char *const words[] = {"t", "pi", "inf", "and", "or", "not", "if", "in"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

/* Insertions, deletions, changes and swaps of neighbours between two short names;
 * three rows of the usual table. */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	size_t rows[3][LONGEST + 1], n = strlen(a), m = strlen(b);
	if (n > LONGEST || m > LONGEST)
		return SIZE_MAX;
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		size_t *spare = before;
		before = last, last = row, row = spare;
	}
	return last[m];
}

void oj_nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->name), limit = length <= 2 ? 1 : length <= 5 ? 2 : 3;
	size_t d = distance(nearest->name, candidate);
	if (d > limit || d >= length || (nearest->best && d >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = d;
}
