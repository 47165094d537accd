/* Numbers from CSV, cut into cells by libcsv.
 *
 * libcsv grows its cell buffer through functions that know no context, so it is
 * given one as long as the file, which it never outgrows. */
#include "lib/model/import.h"

#include <csv.h>
#include <math.h>
#include <string.h>

struct reading {
	struct import *import;
	int64_t rows, columns; /* of the array */
	int64_t count;         /* values read */
	int64_t row_cells;     /* in this row */
	int64_t row_count;     /* rows with cells */
	int64_t width;         /* cells of the first row */
	int64_t line;
	int64_t bad_line, bad_cell; /* of the first cell that is no number, 0: none */
	char bad[40];
	bool uneven;
	int64_t uneven_line, uneven_cells;
	int64_t numbers_in_row;
};

/* A cell as a number: blanks around it, a sign, inf and nan are fine. */
static bool cell_number(const char *at, size_t length, double *value)
{
	while (length > 0 && (*at == ' ' || *at == '\t'))
		at++, length--;
	while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
		length--;
	bool minus = length > 0 && *at == '-';
	if (length > 0 && (*at == '-' || *at == '+'))
		at++, length--;
	if (length == 3 && (memcmp(at, "inf", 3) == 0 || memcmp(at, "nan", 3) == 0))
		*value = *at == 'i' ? INFINITY : NAN;
	else if (length == 0 || oj_number_read(at, length, value) != length)
		return false;
	*value = minus ? -*value : *value;
	return true;
}

static void on_cell(void *bytes, size_t length, void *data)
{
	struct reading *r = data;
	double value = 0;
	r->row_cells++;
	if (cell_number(bytes, length, &value)) {
		r->numbers_in_row++;
	} else if (!r->bad_line) {
		r->bad_line = r->line;
		r->bad_cell = r->row_cells;
		size_t shown = length < sizeof r->bad - 1 ? length : sizeof r->bad - 1;
		if (shown > 0)
			memcpy(r->bad, bytes, shown);
		while (shown > 0 && ((unsigned char)r->bad[shown - 1] & 0x80)) /* not half a code point */
			shown--;
		r->bad[shown] = '\0';
	}
	if (r->count < r->import->count)
		r->import->values[r->count] = value;
	r->count++;
}

static void on_row(int terminator, void *data)
{
	struct reading *r = data;
	bool heading = r->row_count == 0 && r->row_cells > 0 && r->numbers_in_row == 0;
	if (heading) {
		r->count = r->bad_line = 0;
	} else if (r->row_cells > 0) {
		r->width = r->row_count == 0 ? r->row_cells : r->width;
		if (r->row_cells != r->width && !r->uneven) {
			r->uneven = true;
			r->uneven_line = r->line;
			r->uneven_cells = r->row_cells;
		}
		r->row_count++;
	}
	r->row_cells = r->numbers_in_row = 0;
	r->line += terminator == '\n' || terminator == -1;
}

static ojit_status check(const struct reading *r)
{
	const struct import *i = r->import;
	char shape[96];
	oj_import_shape(shape, i->rank, i->extent);
	if (r->bad_line)
		return oj_fail_at(i->error, OJIT_SHAPE, i->origin, "%s:%lld: cell %lld is '%s', not a number; mend the file",
		                  i->path, (long long)r->bad_line, (long long)r->bad_cell, r->bad);
	if (r->uneven)
		return oj_fail_at(i->error, OJIT_SHAPE, i->origin, "%s:%lld: this row has %lld numbers and the first has %lld; mend the file",
		                  i->path, (long long)r->uneven_line, (long long)r->uneven_cells, (long long)r->width);
	bool vector = i->rank == 1 && ((r->row_count == 1 && r->width == r->columns) || (r->width == 1 && r->row_count == r->columns));
	if (vector || (r->row_count == r->rows && r->width == r->columns))
		return OJIT_OK;
	return oj_fail_at(i->error, OJIT_SHAPE, i->origin, "%s has %lld row%s of %lld number%s, but %s%s needs %lld row%s of %lld; "
	                  "change the ranges or the file", i->path, (long long)r->row_count, r->row_count == 1 ? "" : "s",
	                  (long long)r->width, r->width == 1 ? "" : "s", i->name, shape, (long long)r->rows, r->rows == 1 ? "" : "s",
	                  (long long)r->columns);
}

ojit_status oj_import_csv(struct import *import, char *bytes, size_t length)
{
	struct csv_parser parser;
	struct reading r = {.import = import, .columns = import->extent[import->rank - 1], .line = 1};
	size_t room = length + 16;
	r.rows = import->count / r.columns;
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		bytes += 3, length -= 3;
	if (csv_init(&parser, CSV_REPALL_NL | CSV_APPEND_NULL) != 0 ||
	    !(parser.entry_buf = oj_memory_get(import->context, room)))
		return oj_fail_memory(import->error);
	parser.entry_size = room;
	bool fine = csv_parse(&parser, bytes, length, on_cell, on_row, &r) == length &&
	            csv_fini(&parser, on_cell, on_row, &r) == 0;
	oj_memory_put(import->context, parser.entry_buf, room);
	if (!fine)
		return oj_fail_at(import->error, OJIT_IO, import->origin, "%s:%lld is not CSV: %s; mend the file", import->path,
		                  (long long)r.line, csv_strerror(csv_error(&parser)));
	return check(&r);
}
