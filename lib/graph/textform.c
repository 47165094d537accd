/* See textform.h. */
#include "lib/graph/textform.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Mistakes. */

bool oj_scan_fail(struct reader *r, const char *at, size_t length, const char *format, ...)
{
	struct origin origin = {.source = r->text, .line = 1, .column = 1, .length = length ? (int)length : 1};
	struct text message;
	va_list arguments;
	if (r->failed)
		return false;
	for (const char *c = r->text; c < at; c++) {
		origin.column += (*c & 0xC0) != 0x80;
		if (*c == '\n') {
			origin.line++;
			origin.column = 1;
			origin.source = c + 1;
		}
	}
	oj_text_init(&message, r->space->context);
	va_start(arguments, format);
	oj_text_vformat(&message, format, arguments);
	va_end(arguments);
	oj_fail_at(r->error, OJIT_SYNTAX, &origin, "%s", oj_text_get(&message));
	oj_text_drop(&message);
	r->failed = true;
	return false;
}

bool oj_scan_memory(struct reader *r)
{
	oj_fail_memory(r->error);
	r->failed = true;
	return false;
}

/* Words. */

void oj_scan_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')
		r->at++;
	if (*r->at == '#')
		r->at += strcspn(r->at, "\n");
}

bool oj_scan_end(struct reader *r)
{
	oj_scan_blanks(r);
	return *r->at == '\n' || *r->at == '\0';
}

size_t oj_scan_word(const char *at)
{
	size_t length = 0;
	while (oj_word_byte(at[length]))
		length++;
	return length;
}

/* What stands here, for messages: a word, or one character. */
static size_t here(struct reader *r)
{
	size_t length = oj_scan_word(r->at);
	return length ? (length < 40 ? length : 40) : *r->at != '\0' && *r->at != '\n';
}

bool oj_scan_expected(struct reader *r, const char *what)
{
	size_t length = here(r);
	if (length == 0)
		return oj_scan_fail(r, r->at, 1, "Expected %s before the end of the line. Write it", what);
	return oj_scan_fail(r, r->at, length, "Expected %s, not '%.*s'. Write that instead", what, (int)length, r->at);
}

bool oj_scan_accept(struct reader *r, const char *token)
{
	oj_scan_blanks(r);
	size_t length = strlen(token);
	if (strncmp(r->at, token, length))
		return false;
	if (oj_word_byte(token[length - 1]) && token[0] != '.' && oj_word_byte(r->at[length]))
		return false;
	r->at += length;
	return true;
}

bool oj_scan_expect(struct reader *r, const char *token)
{
	char quoted[16] = "'";
	if (oj_scan_accept(r, token))
		return true;
	strncat(quoted, token, sizeof quoted - 3);
	return oj_scan_expected(r, strcat(quoted, "'"));
}

/* One of `count` words; -1: none of them. */
int oj_scan_one_of(struct reader *r, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (oj_scan_accept(r, words[i]))
			return i;
	return -1;
}

/* Numbers. */

bool oj_scan_magnitude(struct reader *r, uint64_t most, uint64_t *value)
{
	const char *start = r->at;
	*value = 0;
	if (*r->at < '0' || *r->at > '9')
		return oj_scan_expected(r, "an integer");
	for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
		uint64_t digit = (uint64_t)(*r->at - '0');
		if (*value > (most - digit) / 10)
			return oj_scan_fail(r, start, oj_scan_word(start), "This integer is too large. The largest here is %llu",
			            (unsigned long long)most);
		*value = *value * 10 + digit;
	}
	return true;
}

bool oj_scan_integer(struct reader *r, int64_t *value)
{
	uint64_t magnitude;
	bool negative = oj_scan_accept(r, "-");
	if (!oj_scan_magnitude(r, (uint64_t)INT64_MAX + negative, &magnitude))
		return false;
	*value = (int64_t)(negative ? 0 - magnitude : magnitude);
	return true;
}

/* An integer of a size that arrays can have. */
bool oj_scan_size(struct reader *r, int64_t *value)
{
	oj_scan_blanks(r);
	const char *start = r->at;
	if (!oj_scan_integer(r, value))
		return false;
	if (*value < -OJ_LARGEST || *value > OJ_LARGEST)
		return oj_scan_fail(r, start, (size_t)(r->at - start), "This is beyond 2^40. Stay below");
	return true;
}

bool oj_scan_literal(struct reader *r, double *value)
{
	union { double real; uint64_t bits; } v = {.bits = 0x7FF8000000000000u};
	if (oj_scan_accept(r, "nan:")) {
		v.bits = 0;
		for (int i = 0; i < 16; i++, r->at++) {
			const char *digits = "0123456789abcdef", *digit = *r->at ? strchr(digits, *r->at) : NULL;
			if (!digit)
				return oj_scan_expected(r, "16 hexadecimal digits");
			v.bits = v.bits << 4 | (uint64_t)(digit - digits);
		}
		*value = v.real;
		return true;
	}
	bool negative = oj_scan_accept(r, "-");
	size_t used = 0;
	*value = v.real;
	if (!oj_scan_accept(r, "nan")) {
		if (oj_scan_accept(r, "inf"))
			*value = __builtin_inf();
		else if ((used = oj_number_read(r->at, strcspn(r->at, "\n"), value)) == 0)
			return oj_scan_expected(r, "a number");
		r->at += used;
	}
	if (negative)
		*value = -*value;
	return true;
}

/* lo..end-1 */
bool oj_scan_range(struct reader *r, int64_t *lo, int64_t *end)
{
	if (!oj_scan_size(r, lo) || !oj_scan_expect(r, "..") || !oj_scan_size(r, end))
		return false;
	++*end;
	return *end >= *lo || oj_scan_fail(r, r->at, 1, "The range ends before it starts. An empty one is 1..0");
}

/* [lo..hi, ...]; rank 0 is nothing at all. */
bool oj_scan_box(struct reader *r, uint32_t *rank, int64_t *lo, int64_t *end)
{
	*rank = 0;
	if (!oj_scan_accept(r, "["))
		return true;
	do {
		if (*rank == RANK)
			return oj_scan_fail(r, r->at, 1, "There are more than %d ranges. Use fewer", RANK);
		if (!oj_scan_range(r, &lo[*rank], &end[*rank]))
			return false;
		++*rank;
	} while (oj_scan_accept(r, ","));
	return oj_scan_expect(r, "]");
}

/* {value value ...}, `count` of them, over as many lines as it takes. */
bool oj_scan_numbers(struct reader *r, int64_t count)
{
	r->numbers.count = 0;
	if (!oj_scan_expect(r, "=") || !oj_scan_expect(r, "{"))
		return false;
	for (;;) {
		double value;
		while (oj_scan_end(r) && *r->at == '\n')
			r->at++;
		if (oj_scan_accept(r, "}"))
			break;
		if (!oj_scan_literal(r, &value))
			return false;
		if (!VECTOR_PUSH(r->space->context, &r->numbers, value))
			return oj_scan_memory(r);
	}
	if ((int64_t)r->numbers.count != count)
		return oj_scan_fail(r, r->at - 1, 1, "There are %zu values for %lld elements. Give one an element", r->numbers.count,
		            (long long)count);
	return true;
}

bool oj_scan_quoted(struct reader *r, struct text *out)
{
	if (!oj_scan_expect(r, "\""))
		return false;
	for (; *r->at != '"'; r->at++) {
		if (*r->at == '\0' || *r->at == '\n')
			return oj_scan_expected(r, "'\"'");
		char c = *r->at;
		if (c == '\\' && (r->at[1] == '"' || r->at[1] == '\\'))
			c = *++r->at;
		else if (c == '\\' && r->at[1] == 'x' && r->at[2] >= '0' && r->at[2] <= '1' && r->at[3] != '\0') {
			const char *digits = "0123456789abcdef", *digit = strchr(digits, r->at[3]);
			if (!digit)
				return oj_scan_expected(r, "a quoted character");
			c = (char)((r->at[2] - '0') * 16 + (digit - digits));
			r->at += 3;
		}
		oj_text_add(out, &c, 1);
	}
	r->at++;
	return !out->failed || oj_scan_memory(r);
}

/* Names. */

static uint32_t name_key(enum name_class class, const char *name, size_t length, bool known)
{
	uint64_t hash = XXH3_64bits_withSeed(name, length, (uint64_t)class * 2 + known);
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

bool oj_scan_add(struct reader *r, struct entry entry)
{
	uint32_t key = name_key(entry.class, entry.name, entry.length, entry.known), head = 0;
	oj_expr_map_get(&r->heads, key, &head);
	entry.next = head;
	if (!VECTOR_PUSH(r->space->context, &r->entries, entry) ||
	    !oj_expr_map_put(&r->heads, key, (uint32_t)r->entries.count))
		return oj_scan_memory(r);
	return true;
}

/* The next entry of a name behind `entry` (NULL: the first). */
struct entry *oj_scan_entry(struct reader *r, struct entry *entry, enum name_class class, const char *name,
                                size_t length, bool known)
{
	uint32_t next = entry ? entry->next : 0;
	if (!entry)
		oj_expr_map_get(&r->heads, name_key(class, name, length, known), &next);
	for (; next; next = r->entries.at[next - 1].next) {
		struct entry *e = &r->entries.at[next - 1];
		if (e->class == class && e->known == known && e->length == length && !memcmp(e->name, name, length))
			return e;
	}
	return NULL;
}

static bool add_known(struct reader *r, enum name_class class, uint32_t id, const char *name)
{
	return oj_scan_add(r, (struct entry){.name = name, .length = strlen(name), .class = class, .id = id, .known = true});
}

bool oj_scan_known(struct reader *r)
{
	bool ok = true;
	for (uint32_t i = (uint32_t)r->space->arrays.count; ok && i-- > 0;)
		ok = add_known(r, NAME_ARRAY, i, r->space->arrays.at[i].name);
	for (uint32_t i = (uint32_t)r->space->tables.count; ok && i-- > 0;)
		ok = add_known(r, NAME_TABLE, i, r->space->tables.at[i].name);
	for (uint32_t i = (uint32_t)r->space->symbols.count; ok && i-- > 0;)
		ok = add_known(r, NAME_SYMBOL, i, r->space->symbols.at[i].name);
	return ok;
}

/* A name as it is written, with quotes and count: a slice of the text. */
static bool read_token(struct reader *r, const char **token, size_t *length)
{
	oj_scan_blanks(r);
	*token = r->at;
	if (*r->at == '"') {
		for (r->at++; *r->at != '"'; r->at++) {
			r->at += *r->at == '\\' && r->at[1];
			if (*r->at == '\0' || *r->at == '\n')
				return oj_scan_expected(r, "'\"'");
		}
		r->at++;
	} else if (oj_scan_word(r->at) && !(*r->at >= '0' && *r->at <= '9')) {
		r->at += oj_scan_word(r->at);
	} else {
		return oj_scan_expected(r, "a name");
	}
	uint64_t ordinal;
	if (*r->at == '~' && (r->at++, !oj_scan_magnitude(r, UINT32_MAX, &ordinal)))
		return false;
	*length = (size_t)(r->at - *token);
	return true;
}

/* The name of a thing that is being declared: its token becomes known, its plain
 * text goes to `name`. */
bool oj_scan_declare(struct reader *r, enum name_class class, struct entry *entry, struct text *name)
{
	*entry = (struct entry){.class = class};
	if (!read_token(r, &entry->name, &entry->length))
		return false;
	if (oj_scan_entry(r, NULL, class, entry->name, entry->length, false))
		return oj_scan_fail(r, entry->name, entry->length, "%.*s is declared twice. Count behind the name, as in x~2",
		            (int)entry->length, entry->name);
	const char *after = r->at;
	bool ok = true;
	r->at = entry->name;
	if (*r->at == '"')
		ok = oj_scan_quoted(r, name);
	else
		oj_text_add(name, r->at, oj_scan_word(r->at));
	r->at = after;
	return ok && (!name->failed || oj_scan_memory(r));
}

bool oj_scan_name(struct reader *r, enum name_class class, const char *what, uint32_t *id)
{
	const char *token;
	size_t length;
	if (!read_token(r, &token, &length))
		return false;
	const struct entry *entry = oj_scan_entry(r, NULL, class, token, length, false);
	if (!entry)
		return oj_scan_fail(r, token, length, "There is no %s %.*s. Declare it above", what, (int)length, token);
	*id = entry->id;
	return true;
}
