/* See places.h. */
#include "lib/model/places.h"

#include "lib/model/lexer.h"

#include <string.h>

bool oj_forest_has_room(const struct forest *forest, size_t length)
{
	return length < MARKED - 1 - forest->length;
}

/* Where the lines of a text start. */
static bool find_lines(struct forest *forest, struct source *source)
{
	const char *text = source->text, *end = text + source->length, *at;
	uint32_t count = 1;
	for (at = text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		count++;
	source->lines = ARENA_NEW(&forest->arena, uint32_t, count);
	if (!source->lines)
		return false;
	source->line_count = 1;
	source->lines[0] = 0;
	for (at = text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		source->lines[source->line_count++] = (uint32_t)(at + 1 - text);
	return true;
}

static bool take_text(struct forest *forest, struct source *source, const char *text, size_t length)
{
	if (!oj_forest_has_room(forest, length))
		return false;
	source->shared = oj_shared_text(forest->context, text, length);
	if (!source->shared)
		return false;
	source->text = oj_shared_text_get(source->shared);
	source->base = forest->length + 1;
	source->length = (uint32_t)length;
	return find_lines(forest, source);
}

uint32_t oj_forest_source(struct forest *forest, const char *file, const char *text, size_t length)
{
	struct source source = {0};
	if (file && file[0] && !(source.file = oj_arena_string(&forest->arena, file, strlen(file))))
		return 0;
	if ((text && !take_text(forest, &source, text, length)) || !VECTOR_PUSH(forest->context, &forest->sources, source)) {
		oj_shared_text_drop(forest->context, source.shared);
		return 0;
	}
	forest->length += text ? (uint32_t)length + 1 : 0;
	return (uint32_t)forest->sources.count - 1;
}

uint32_t oj_forest_mark(struct forest *forest, uint32_t source, uint32_t line)
{
	struct mark mark = {source, line};
	size_t count = forest->marks.count;
	bool same = count && forest->marks.at[count - 1].source == source && forest->marks.at[count - 1].line == line;
	if (!same && (count > INT32_MAX || !VECTOR_PUSH(forest->context, &forest->marks, mark)))
		return 0;
	return MARKED + (uint32_t)forest->marks.count - 1;
}

/* The last text that starts at or before a place. */
static uint32_t text_of(const struct forest *forest, uint32_t place)
{
	uint32_t found = 0;
	for (uint32_t s = 1; s < forest->sources.count; s++)
		if (forest->sources.at[s].text && forest->sources.at[s].base <= place)
			found = s;
	return found;
}

uint32_t oj_forest_source_of(const struct forest *forest, uint32_t place)
{
	if (place >= MARKED)
		return forest->marks.at[place - MARKED].source;
	return place ? text_of(forest, place) : 0;
}

/* The number of the line, from 0, that an offset is in. */
static uint32_t line_at(const struct source *source, uint32_t offset)
{
	uint32_t low = 0, high = source->line_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Code points from `start` to `at`, a byte order mark at the text's start aside. */
static uint32_t columns_between(const struct source *source, uint32_t start, uint32_t at)
{
	uint32_t columns = 0;
	if (start == 0 && source->length >= 3 && memcmp(source->text, "\xEF\xBB\xBF", 3) == 0)
		start = 3;
	for (uint32_t i = start; i < at; i++)
		columns += ((unsigned char)source->text[i] & 0xC0) != 0x80;
	return columns;
}

/* Is the token the sign? */
static bool is_sign(const struct token *token, int sign)
{
	return token->kind == TOKEN_SIGN && token->sign == sign;
}

/* Go on behind the bracket that closes the one at hand; false: not on this line. */
static bool skip_brackets(struct lexer *lexer, struct token *token)
{
	int depth = 0;
	do {
		depth += is_sign(token, '[') - is_sign(token, ']');
		if (token->kind == TOKEN_FINISH || token->kind == TOKEN_END || token->line != 1)
			return false;
		if (depth > 0 && oj_lexer_next(lexer, token) != OJIT_OK)
			return false;
	} while (depth > 0);
	return true;
}

/* Code points of what was written at `at`: a token, and of a name its subscripts and
 * primes where they end on the same line. */
static uint32_t extent_at(ojit_context *context, const struct source *source, uint32_t at)
{
	struct oj_error ignored;
	struct lexer lexer;
	struct token token = {0};
	oj_error_init(&ignored, context);
	oj_lexer_init(&lexer, source->text + at, source->length - at, NULL, &ignored);
	uint32_t extent = oj_lexer_next(&lexer, &token) == OJIT_OK ? token.length : 1, end = extent;
	if (token.kind == TOKEN_NAME)
		while (oj_lexer_next(&lexer, &token) == OJIT_OK && (is_sign(&token, '[') || is_sign(&token, '\''))) {
			if (is_sign(&token, '[') && !skip_brackets(&lexer, &token))
				break;
			end = token.column + token.length - 1;
		}
	oj_error_drop(&ignored);
	return end;
}

struct origin oj_forest_origin_near(const struct forest *forest, uint32_t place, struct column_cursor *cursor)
{
	const struct source *s = &forest->sources.at[oj_forest_source_of(forest, place)];
	if (place >= MARKED)
		return (struct origin){.file = s->file, .line = (int)forest->marks.at[place - MARKED].line, .column = 1, .length = 1};
	if (place == 0)
		return (struct origin){0};
	uint32_t at = place - s->base, line = line_at(s, at), start = s->lines[line];
	bool near = cursor->place && cursor->place <= place && cursor->place >= s->base + start;
	cursor->column = near ? cursor->column + columns_between(s, cursor->place - s->base, at) : 1 + columns_between(s, start, at);
	cursor->place = place;
	return (struct origin){.file = s->file, .source = s->text + start, .line = (int)line + 1,
	                       .column = (int)cursor->column, .length = (int)extent_at(forest->context, s, at)};
}

struct origin oj_forest_origin(const struct forest *forest, uint32_t place)
{
	struct column_cursor fresh = {0};
	return oj_forest_origin_near(forest, place, &fresh);
}

/* ---------------------------------------------------------------- without the forest */

struct book {
	ojit_context *context;
	const struct source *sources; /* without lines, which are counted */
	const struct mark *marks;
	uint32_t count;
};

static struct origin find_in_book(const void *data, uint32_t place)
{
	const struct book *book = data;
	uint32_t found = 0, line = 1, start = 0;
	if (place >= MARKED) {
		const struct mark *mark = &book->marks[place - MARKED];
		return (struct origin){.file = book->sources[mark->source].file, .line = (int)mark->line, .column = 1, .length = 1};
	}
	for (uint32_t s = 1; s < book->count; s++)
		if (book->sources[s].text && book->sources[s].base <= place)
			found = s;
	const struct source *s = &book->sources[found];
	if (!found)
		return (struct origin){0};
	uint32_t at = place - s->base;
	for (uint32_t i = 0; i < at; i++)
		if (s->text[i] == '\n')
			line++, start = i + 1;
	return (struct origin){.file = s->file, .source = s->text + start, .line = (int)line,
	                       .column = 1 + (int)columns_between(s, start, at), .length = (int)extent_at(book->context, s, at)};
}

struct place_finder oj_forest_finder(const struct forest *forest, const char *const *files, struct arena *arena)
{
	size_t count = forest->sources.count, marks = forest->marks.count;
	struct book *book = ARENA_NEW(arena, struct book, 1);
	struct source *sources = ARENA_NEW(arena, struct source, count);
	struct mark *kept = ARENA_NEW(arena, struct mark, marks + 1);
	if (!book || !sources || !kept)
		return (struct place_finder){0};
	for (size_t s = 0; s < count; s++) {
		sources[s] = forest->sources.at[s];
		sources[s].file = files[s];
		sources[s].lines = NULL;
	}
	if (marks)
		memcpy(kept, forest->marks.at, marks * sizeof *kept);
	*book = (struct book){forest->context, sources, kept, (uint32_t)count};
	return (struct place_finder){find_in_book, book};
}
