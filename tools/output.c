/* Writing results: files, CSV and JSON.
 *
 * Numbers read back: 17 digits in CSV, as few as that takes in JSON. */
#include "tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_file(int handle, const char *path)
{
	struct stat one, other;
	return fstat(handle, &one) == 0 && stat(path, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int output_open(struct output *output, const struct request *request)
{
	const char *path = request->output;
	*output = (struct output){stdout, path};
	if (!path)
		return 0;
	int handle = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (handle >= 0 && same_file(handle, request->file)) {
		close(handle);
		return complain("output", path, 0, strlen(path), "--output: this is the model itself; "
		                "choose another file");
	}
	output->file = handle >= 0 ? fdopen(handle, "w") : NULL;
	if (output->file)
		return 0;
	int cause = errno;
	if (handle >= 0)
		close(handle);
	return complain("output", path, 0, strlen(path), "--output: the file cannot be written: %s; "
	                "choose another file", strerror(cause));
}

void output_begin(struct output *output)
{
	/* What is no ordinary file has nothing to cut off. */
	if (output->path && ftruncate(fileno(output->file), 0) != 0)
		errno = 0;
}

bool output_failed(const struct output *output)
{
	return ferror(output->file);
}

int output_close(struct output *output)
{
	bool failed = fflush(output->file) != 0 || ferror(output->file);
	int cause = errno;
	if (output->path && fclose(output->file) != 0 && !failed)
		failed = true, cause = errno;
	output->file = NULL;
	if (!failed)
		return 0;
	if (cause == EPIPE) /* whoever read has had enough */
		return EXIT_EARLY;
	return complain_plainly("%s cannot be written: %s; make room there, or choose another file with -o",
	                        output->path ? output->path : "standard output", strerror(cause));
}

/* ---- CSV ---- */

void csv_name(FILE *out, const char *name)
{
	if (!name[strcspn(name, ",\"\r\n")]) {
		fputs(name, out);
		return;
	}
	fputc('"', out);
	for (; *name; name++)
		fprintf(out, *name == '"' ? "\"\"" : "%c", *name);
	fputc('"', out);
}

void csv_number(FILE *out, double value)
{
	if (isnan(value))
		fputs("nan", out); /* whatever its sign */
	else
		fprintf(out, "%.17g", value);
}

/* ---- JSON ---- */

void json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

void json_number(FILE *out, double value)
{
	char text[32];
	if (!isfinite(value)) {
		fputs(isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"", out);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	fputs(text, out);
}

void json_values(FILE *out, ojit_solver *solver, ojit_vector vector, const double *values)
{
	size_t count = ojit_solver_count(solver, vector);
	fputc('{', out);
	for (size_t k = 0; k < count; k++) {
		fputs(k ? ", " : "", out);
		json_string(out, ojit_solver_name(solver, vector, k));
		fputs(": ", out);
		json_number(out, values[k]);
	}
	fputc('}', out);
}
