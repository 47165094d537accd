/* How far a solve is, on one line of the terminal that is taken away at the end.
 *
 * The time left is what is left of the span at the speed of the last seconds: steps get
 * shorter and longer on the way, so the mean since the beginning would mislead. */
#include "tools/tool.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 0.5 /* seconds before a terminal is told anything */
#define INTERVAL 0.1 /* between two lines */
#define MEMORY 3.0   /* seconds that the speed is a mean of */

double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *p, const struct request *request, const double span[2])
{
	double now = seconds_now();
	*p = (struct progress){.t0 = span[0], .t1 = span[1], .begun = now, .shown = now};
	p->wanted = request->progress || (!request->no_progress && isatty(STDERR_FILENO));
	if (p->wanted)
		p->shown = now + (request->progress ? -INTERVAL : PATIENCE - INTERVAL);
}

static int duration(char *text, size_t size, double seconds)
{
	if (!(seconds < 360000))
		return snprintf(text, size, "days");
	if (seconds < 60)
		return snprintf(text, size, "%.0f s", seconds);
	long whole = lround(seconds);
	if (seconds < 3600)
		return snprintf(text, size, "%ld:%02ld min", whole / 60, whole % 60);
	return snprintf(text, size, "%ld:%02ld h", whole / 3600, whole / 60 % 60);
}

int progress_text(char *text, size_t size, double share, uint64_t steps, double elapsed, double left)
{
	char spent[32], rest[32];
	duration(spent, sizeof spent, elapsed);
	duration(rest, sizeof rest, left);
	return snprintf(text, size, "%5.1f%%  %llu steps  %s, about %s left", 100 * share, (unsigned long long)steps, spent,
	                rest);
}

/* An exponential mean: what is long ago counts less. */
static void learn_rate(struct progress *p, double share, double passed)
{
	double now = (share - p->share) / passed, weight = p->rate > 0 ? 1 - exp(-passed / MEMORY) : 1;
	p->rate += weight * (now - p->rate);
	p->share = share;
}

static void show(struct progress *p, double t, double now)
{
	char text[128];
	double share = (t - p->t0) / (p->t1 - p->t0);
	double since = p->visible ? now - p->shown : now - p->begun;
	learn_rate(p, share, since > 1e-9 ? since : 1e-9);
	int columns = progress_text(text, sizeof text, share, p->steps, now - p->begun, (1 - share) / p->rate);
	fprintf(stderr, "\r%-*s", p->columns, text);
	fflush(stderr);
	p->columns = columns > p->columns ? columns : p->columns;
	p->shown = now;
	p->visible = true;
}

void progress_step(struct progress *p, double t)
{
	p->steps++;
	/* The clock is asked now and then: steps may take nanoseconds. */
	if (!p->wanted || (p->steps & 63) != 1)
		return;
	double now = seconds_now();
	if (now - p->shown >= INTERVAL)
		show(p, t, now);
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fprintf(stderr, "\r%*s\r", p->columns, "");
	p->visible = false;
}
