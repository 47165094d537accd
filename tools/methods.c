/* ojit methods: the table of methods, and where each comes from. */
#include "tools/tool.h"

#include <string.h>

static int longest_name(void)
{
	size_t longest = strlen("method");
	for (size_t i = 0; i < ojit_method_count(); i++)
		longest = strlen(ojit_method_info(i).name) > longest ? strlen(ojit_method_info(i).name) : longest;
	return (int)longest;
}

static void write_row(FILE *out, int width, const ojit_method *m)
{
	if (m->order)
		fprintf(out, "%-*s %5d  %8d  %6d  %6d  %5d  %s", width, m->name, m->order, m->estimate_order,
		        m->dense_order, m->stages, m->extra_stages, m->full_name);
	else
		fprintf(out, "%-*s  rtol         -       -       -      -  %s", width, m->name, m->full_name);
	if (m->aliases[0])
		fprintf(out, "; also %s", m->aliases);
	fputc('\n', out);
}

int methods_command(const struct request *request)
{
	struct output output = {stdout, NULL};
	int width = longest_name();
	(void)request;
	fputs("order: of the solution; estimate: of the solution its error is estimated with;\n"
	      "inside: of the interpolant, which takes extra evaluations of the equations\n\n", output.file);
	fprintf(output.file, "%-*s order  estimate  inside  stages  extra\n", width, "method");
	for (size_t i = 0; i < ojit_method_count(); i++) {
		ojit_method m = ojit_method_info(i);
		write_row(output.file, width, &m);
	}
	fputc('\n', output.file);
	for (size_t i = 0; i < ojit_method_count(); i++) {
		ojit_method m = ojit_method_info(i);
		fprintf(output.file, "%-*s %s\n", width, m.name, m.source);
	}
	return output_close(&output);
}
