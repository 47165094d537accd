/* ojit methods: the table of methods. */
#include "tools/tool.h"

#include <string.h>

static void write_traits(FILE *out, const ojit_method *m)
{
	fprintf(out, "%*s%s, error estimate of order %d, interpolant of order %d", 10, "", m->full_name,
	        m->estimate_order, m->dense_order);
	if (m->extra_stages)
		fprintf(out, " (%d extra stage%s inside a step)", m->extra_stages, m->extra_stages > 1 ? "s" : "");
	fputs(m->fsal ? ", first same as last\n" : "\n", out);
	fprintf(out, "%*s%s\n", 10, "", m->source);
	if (m->aliases[0])
		fprintf(out, "%*salso called %s\n", 10, "", m->aliases);
}

int methods_command(const struct request *request)
{
	struct output output = {stdout, NULL};
	(void)request;
	fputs("name      order  stages\n", output.file);
	for (size_t i = 0; i < ojit_method_count(); i++) {
		ojit_method m = ojit_method_info(i);
		fprintf(output.file, "%-8s  %5d  %6d\n", m.name, m.order, m.stages);
		write_traits(output.file, &m);
	}
	return output_close(&output);
}
