/* See scipy.h.  To the child: one line of JSON a problem; from it: one a point, and an
 * empty line behind the last.  The child's lines are its own script's, so they are read
 * by their form and not by a parser. */
#include "bench/work/scipy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct scipy {
	pid_t process;
	FILE *to, *from;
};

struct scipy *scipy_start(const char *python, const char *script, double limit)
{
	int to[2], from[2];
	char number[32];
	struct scipy *child = malloc(sizeof *child);
	if (!child || pipe(to) || pipe(from))
		return NULL;
	snprintf(number, sizeof number, "%g", limit);
	child->process = fork();
	if (child->process < 0)
		return NULL;
	if (child->process == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[0]), close(to[1]), close(from[0]), close(from[1]);
		execlp(python, python, script, number, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	child->to = fdopen(to[1], "w");
	child->from = fdopen(from[0], "r");
	return child;
}

static void put_list(FILE *file, const char *name, const double *values, int count)
{
	fprintf(file, ", \"%s\": [", name);
	for (int i = 0; i < count; i++)
		fprintf(file, "%s%.17g", i ? ", " : "", values[i]);
	fprintf(file, "]");
}

/* The curve of that name, made if there is none; NULL: no memory. */
static struct curve *curve_of(const char *name, struct curve **curves, int *count)
{
	for (int k = 0; k < *count; k++)
		if (!strcmp((*curves)[k].name, name))
			return &(*curves)[k];
	struct curve *more = realloc(*curves, (size_t)(*count + 1) * sizeof *more);
	if (!more)
		return NULL;
	*curves = more;
	more += (*count)++;
	*more = (struct curve){.side = PEER_SIDE};
	snprintf(more->name, sizeof more->name, "%s", name);
	return more;
}

bool scipy_solve(struct scipy *child, const char *problem, const struct task *task, double absolute,
                 const double *reference, struct curve **curves, int *count)
{
	char line[512], name[64];
	fprintf(child->to, "{\"problem\": \"%s\", \"absolute\": %.17g", problem, absolute);
	put_list(child->to, "times", task->times, task->count + 1);
	put_list(child->to, "start", task->start, task->n);
	put_list(child->to, "reference", reference, task->count * task->n);
	fprintf(child->to, "}\n");
	fflush(child->to);
	while (fgets(line, sizeof line, child->from)) {
		struct point p;
		if (line[0] == '\n')
			return true;
		if (sscanf(line, "{\"method\": \"%63[^\"]\", \"tolerance\": %lf, \"error\": %lf, \"seconds\": %lf, "
		           "\"evaluations\": %ld}", name, &p.tolerance, &p.error, &p.seconds, &p.evaluations) != 5)
			continue;
		struct curve *curve = curve_of(name, curves, count);
		if (curve && curve->count < RUNGS)
			curve->points[curve->count++] = p;
	}
	return false;
}

void scipy_end(struct scipy *child)
{
	if (!child)
		return;
	fclose(child->to);
	fclose(child->from);
	waitpid(child->process, NULL, 0);
	free(child);
}
