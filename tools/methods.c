/* ojit methods: the table of methods, and where each comes from. */
#include "tools/tool.h"

#include <string.h>

static void write_row(FILE *out, const ojit_method *m)
{
	if (m->order)
		fprintf(out, "%-10s %5d  %8d  %6d  %6d  %5d  %s", m->name, m->order, m->estimate_order, m->dense_order,
		        m->stages, m->extra_stages, m->full_name);
	else
		fprintf(out, "%-10s  rtol         -       -       -      -  %s", m->name, m->full_name);
	if (m->aliases[0])
		fprintf(out, "; also %s", m->aliases);
	fputc('\n', out);
}

int methods_command(const struct request *request)
{
	struct output output = {stdout, NULL};
	(void)request;
	fputs("order: of the solution; estimate: of the solution its error is estimated with;\n"
	      "inside: of the interpolant, which takes extra evaluations of the equations\n\n"
	      "method     order  estimate  inside  stages  extra\n", output.file);
	for (size_t i = 0; i < ojit_method_count(); i++) {
		ojit_method m = ojit_method_info(i);
		write_row(output.file, &m);
	}
	fputc('\n', output.file);
	for (size_t i = 0; i < ojit_method_count(); i++) {
		ojit_method m = ojit_method_info(i);
		fprintf(output.file, "%-10s %s\n", m.name, m.source);
	}
	return output_close(&output);
}
