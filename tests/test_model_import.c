/* Arrays from CSV and NPY files: what fits is read exactly, what does not is named
 * with the file, what is expected, and what is there. */
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64];

static void make_directory(void)
{
	strcpy(directory, "/tmp/ojit_import_XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
}

static void remove_directory(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", directory);
	cr_assert_eq(system(command), 0);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "wb");
	cr_assert_not_null(file);
	fwrite(bytes, 1, length, file);
	fclose(file);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

/* A version-1 file with this header and these bytes. */
static void write_npy(const char *name, const char *header, const void *data, size_t length)
{
	char bytes[1024];
	size_t size = strlen(header);
	memcpy(bytes, "\x93NUMPY\x01\x00", 8);
	bytes[8] = (char)(size & 0xFF), bytes[9] = (char)(size >> 8);
	memcpy(bytes + 10, header, size);
	memcpy(bytes + 10 + size, data, length);
	write_file(name, bytes, 10 + size + length);
}

/* The parameters of a model that lies in the directory. */
static void expect_parameters(const char *text, size_t count, const double *values)
{
	struct support_model m;
	char file[128];
	snprintf(file, sizeof file, "%s/model.ojit", directory);
	support_model_open(&m, text, file);
	support_model_start(&m);
	cr_assert_eq((size_t)m.lowered.lengths[FAMILY_PARAMETERS], count);
	for (size_t i = 0; i < count; i++)
		cr_expect(m.p[i] == values[i] || (isnan(m.p[i]) && isnan(values[i])), "%zu: %g, not %g", i, m.p[i], values[i]);
	support_model_close(&m);
}
#define EXPECT_PARAMETERS(text, ...)                                                  \
	do {                                                                          \
		const double values[] = {__VA_ARGS__};                                \
		expect_parameters((text), sizeof values / sizeof *values, values);   \
	} while (0)

static void expect_failure(const char *text, const char *part)
{
	char file[128];
	ojit_status status;
	snprintf(file, sizeof file, "%s/model.ojit", directory);
	char *failure = support_model_failure(text, file, &status);
	cr_assert_not_null(failure, "no error for %s", text);
	cr_expect_not_null(strstr(failure, part), "'%s' is missing in:\n%s", part, failure);
	cr_expect_not_null(strstr(failure, "model.ojit:1:7:"), "%s", failure);
	free(failure);
}

#define X "\nx' = 0; init x = 0"

Test(model_import, csv_is_read_row_by_row, .init = make_directory, .fini = remove_directory)
{
	write_text("m.csv", "1,2.5,-3\r\n\r\n 4 , \"5e-1\" , +inf\r\n");
	EXPECT_PARAMETERS("param m[i in 0..1, j in 1..3] from \"m.csv\"" X, 1, 2.5, -3, 4, 0.5, INFINITY);
	write_text("v.csv", "w\n0.1\n0.2\n0.3");
	EXPECT_PARAMETERS("param v[i in 1..3] from \"v.csv\"" X, 0.1, 0.2, 0.3);
	write_text("h.csv", "a,b,c\n7,8,nan\n");
	EXPECT_PARAMETERS("param v[i in 1..3] from \"h.csv\"" X, 7, 8, NAN);
	write_text("k.csv", "1,2\n3,4\n5,6\n7,8\n");
	EXPECT_PARAMETERS("param v[i in 1..2, j in 1..2, k in 1..2] from \"k.csv\"" X, 1, 2, 3, 4, 5, 6, 7, 8);
	EXPECT_PARAMETERS("param v[i in 1..4, j in 1..2] from \"k.csv\", v[5, j in 1..2] = 9" X, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9);
}

Test(model_import, csv_that_does_not_fit_is_named_with_its_line, .init = make_directory, .fini = remove_directory)
{
	write_text("m.csv", "1,2,3\n\n4,five,6\n");
	expect_failure("param m[i in 1..2, j in 1..3] from \"m.csv\"" X, "m.csv:3: cell 2 is 'five', not a number");
	write_text("n.csv", "1,2,3\n4,5,6\n7,8\n");
	expect_failure("param m[i in 1..3, j in 1..3] from \"n.csv\"" X, "n.csv:3: this row has 2 numbers and the first has 3");
	write_text("o.csv", "1,2,3\n4,5,6\n");
	expect_failure("param m[i in 1..3, j in 1..3] from \"o.csv\"" X, "has 2 rows of 3 numbers, but m[3, 3] needs 3 rows of 3");
	expect_failure("param m[i in 1..6] from \"o.csv\"" X, "has 2 rows of 3 numbers");
	write_text("p.csv", "1.5\n2\n");
	expect_failure("index m[i in 1..2] from \"p.csv\"" X, "m is 1.5 for index 1, not a whole number");
	write_text("q.csv", "1,2,\n");
	expect_failure("param m[i in 1..3] from \"q.csv\"" X, "q.csv:1: cell 3 is '', not a number");
	write_text("r.csv", "");
	expect_failure("param m[i in 1..3] from \"r.csv\"" X, "has 0 rows");
}

Test(model_import, npy_is_read_in_both_orders_and_all_types, .init = make_directory, .fini = remove_directory)
{
	const double f8[] = {1, 2, 3, 4, 5, 6.5};
	const float f4[] = {1, 2.5f};
	const int64_t i8[] = {-1, (int64_t)1 << 40};
	const int32_t i4[] = {7, -8};
	write_npy("c.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", f8, sizeof f8);
	EXPECT_PARAMETERS("param a[i in 1..2, j in 1..3] from \"c.npy\"" X, 1, 2, 3, 4, 5, 6.5);
	write_npy("f.npy", "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n", f8, sizeof f8);
	EXPECT_PARAMETERS("param a[i in 1..2, j in 1..3] from \"f.npy\"" X, 1, 3, 5, 2, 4, 6.5);
	write_npy("f4.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", f4, sizeof f4);
	EXPECT_PARAMETERS("param a[i in 1..2] from \"f4.npy\"" X, 1, 2.5);
	write_npy("i8.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", i8, sizeof i8);
	EXPECT_PARAMETERS("param a[i in 1..2] from \"i8.npy\"" X, -1, ldexp(1, 40));
	write_npy("i4.npy", "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n", i4, sizeof i4);
	EXPECT_PARAMETERS("param a[i in 1..2] from \"i4.npy\"" X, 7, -8);
	write_npy("b1.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }\n", "\x01\x00", 2);
	EXPECT_PARAMETERS("param a[i in 1..2] from \"b1.npy\"" X, 1, 0);
}

Test(model_import, npy_that_does_not_fit_is_named, .init = make_directory, .fini = remove_directory)
{
	const double f8[] = {1, 2, 3, 4, 5, 6};
	write_npy("a.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", f8, sizeof f8);
	expect_failure("param a[i in 1..3, j in 1..2] from \"a.npy\"" X, "a.npy has shape [2, 3], but a needs [3, 2]");
	write_npy("b.npy", "{'descr': '>f8', 'fortran_order': False, 'shape': (6,), }\n", f8, sizeof f8);
	expect_failure("param a[i in 1..6] from \"b.npy\"" X, "type '>f8'");
	write_npy("c.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }\n", f8, sizeof f8 - 1);
	expect_failure("param a[i in 1..6] from \"c.npy\"" X, "its numbers are cut off");
	write_npy("d.npy", "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,), }\n", f8, sizeof f8);
	expect_failure("param a[i in 1..6] from \"d.npy\"" X, "structured array");
	write_text("e.npy", "PK");
	expect_failure("param a[i in 1..6] from \"e.npy\"" X, "it does not begin as one");
	write_text("f.npy", "\x93NUMPY\x01");
	expect_failure("param a[i in 1..6] from \"f.npy\"" X, "it does not begin as one");
	write_file("g.npy", "\x93NUMPY\x01\x00\xFF\xFF{'de", 14);
	expect_failure("param a[i in 1..6] from \"g.npy\"" X, "its header is cut off");
}
