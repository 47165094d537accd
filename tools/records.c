/* Rows of a solve as records of an NPY file (numpy.lib.format): version 1 of the format,
 * 2 where the header is too long for it, 3 where a name is not ASCII.
 *
 * A scalar is a field '<f8', a family a field that is an array of its shape: its elements
 * stand together in a row, the last index running fastest, as NumPy has them. So the header
 * grows with the names of a model, not with its elements; NumPy reads at most 10,000 bytes
 * of it without being asked to. Names of fields have to differ: an observable that is
 * called as the state it observes becomes 'out NAME'. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

static const ojit_vector written[] = {OJIT_STATES, OJIT_OUTPUTS}; /* after the time */

struct field {
	char *first, *last; /* names of its elements, the same for a scalar */
	size_t letters;     /* of the name without subscripts */
};

/* Fields of one vector; `at` is freed by drop_fields. */
struct fields {
	struct field *at;
	size_t count;
};

static size_t letters_of(const char *name)
{
	return strcspn(name, "[");
}

static char *element_name(ojit_solver *solver, ojit_vector vector, size_t k)
{
	const char *name = ojit_solver_name(solver, vector, k);
	return copy_text(name, strlen(name));
}

/* Neighbours of one name are one field. */
static struct fields find_fields(ojit_solver *solver, ojit_vector vector)
{
	size_t elements = ojit_solver_count(solver, vector);
	struct fields fields = {get_memory(elements, sizeof *fields.at), 0};
	for (size_t k = 0; k < elements; k++) {
		char *name = element_name(solver, vector, k);
		struct field *before = fields.count ? &fields.at[fields.count - 1] : NULL;
		size_t letters = letters_of(name);
		if (before && letters == before->letters && memcmp(name, before->first, letters) == 0) {
			free(before->last);
			before->last = name;
		} else {
			fields.at[fields.count++] = (struct field){name, copy_text(name, strlen(name)), letters};
		}
	}
	return fields;
}

static void drop_fields(struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		free(fields->at[i].first);
		free(fields->at[i].last);
	}
	free(fields->at);
}

static int by_name(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	size_t letters = x->letters < y->letters ? x->letters : y->letters;
	int order = memcmp(x->first, y->first, letters);
	return order ? order : (x->letters > y->letters) - (x->letters < y->letters);
}

/* ---- the header ---- */

/* A name as Python writes it; false: it is not ASCII. */
static bool write_name(FILE *out, const char *prefix, const struct field *field)
{
	bool ascii = true;
	fprintf(out, "'%s", prefix);
	for (size_t k = 0; k < field->letters; k++) {
		char letter = field->first[k];
		ascii = ascii && (unsigned char)letter < 128;
		if (letter == '\'' || letter == '\\')
			fputc('\\', out);
		fputc(letter, out);
	}
	fputc('\'', out);
	return ascii;
}

/* The shape of a family, from the subscripts of its first and its last element. */
static void write_shape(FILE *out, const struct field *field)
{
	char *from = field->first + field->letters, *to = field->last + field->letters;
	int axes = 0;
	for (; *from == '[' || *from == ','; axes++) {
		long long first = strtoll(from + 1, &from, 10), last = strtoll(to + 1, &to, 10);
		fprintf(out, "%s%lld", axes ? ", " : ", (", last - first + 1);
	}
	fputs(axes == 0 ? "" : axes == 1 ? ",)" : ")", out);
}

/* False: a name is not ASCII.  `others` are sorted fields that come before. */
static bool write_fields(FILE *out, const struct fields *fields, const struct fields *others)
{
	bool ascii = true;
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *field = &fields->at[i];
		bool taken = others->count && bsearch(field, others->at, others->count, sizeof *field, by_name);
		fputs(", (", out);
		ascii = write_name(out, taken ? "out " : "", field) && ascii;
		fputs(", '<f8'", out);
		write_shape(out, field);
		fputc(')', out);
	}
	return ascii;
}

/* The header's dictionary; free it. */
static char *dictionary_of(const struct result *result, bool *ascii, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	if (!out)
		return NULL;
	struct fields before = {0};
	*ascii = true;
	fputs("{'descr': [('t', '<f8')", out);
	for (int v = 0; v < 2; v++) {
		struct fields fields = find_fields(result->solver, written[v]);
		*ascii = write_fields(out, &fields, &before) && *ascii;
		drop_fields(&before);
		before = fields;
		if (before.count)
			qsort(before.at, before.count, sizeof *before.at, by_name);
	}
	drop_fields(&before);
	fprintf(out, "], 'fortran_order': False, 'shape': (%zu,), }", ojit_solver_rows(result->solver));
	bool failed = ferror(out);
	return fclose(out) == 0 && !failed ? text : (free(text), NULL);
}

/* The least significant byte first. */
static void write_little(FILE *out, uint64_t value, int bytes)
{
	for (int k = 0; k < bytes; k++)
		fputc((int)(value >> 8 * k & 255), out);
}

/* Magic, version, length and dictionary, padded so that the numbers begin at a multiple
 * of 64 bytes. */
static bool write_header(FILE *out, const struct result *result)
{
	bool ascii;
	size_t length;
	char *dictionary = dictionary_of(result, &ascii, &length);
	if (!dictionary)
		return false;
	int version = !ascii ? 3 : length + 128 > 65535 ? 2 : 1, width = version == 1 ? 2 : 4;
	size_t front = 8 + (size_t)width, padding = 63 - (front + length) % 64;
	fwrite("\x93NUMPY", 1, 6, out);
	write_little(out, (uint64_t)version, 1);
	write_little(out, 0, 1);
	write_little(out, length + padding + 1, width);
	fprintf(out, "%s%*s\n", dictionary, (int)padding, "");
	free(dictionary);
	return true;
}

int records_write(struct output *output, const struct result *result)
{
	size_t columns = ojit_solver_columns(result->solver);
	if (!write_header(output->file, result))
		return complain_plainly("out of memory");
	for (size_t i = 0; i < ojit_solver_rows(result->solver) && !output_failed(output); i++) {
		const double *row = ojit_solver_row(result->solver, i);
		for (size_t k = 0; k < columns; k++) {
			uint64_t bits;
			memcpy(&bits, &row[k], sizeof bits);
			write_little(output->file, bits, 8);
		}
	}
	return 0;
}
