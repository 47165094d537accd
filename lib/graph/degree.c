/* See degree.h.  Operands precede operators, so one forward loop that stops where it
 * was asked to, and later goes on from there, finds all. */
#include "lib/graph/degree.h"

enum way_of_degree { ZERO, MOST, TOTAL, OVER, ENDLESS, OWN };

static const uint8_t ways[OP_COUNT] = {
#define SERIES(tag, degree, rule, factor, auxiliary) [OP_##tag] = degree,
#include "lib/graph/series_rules.def"
#undef SERIES
};

static unsigned saturated(uint64_t degree)
{
	return degree < ENDLESS_DEGREE ? (unsigned)degree : ENDLESS_DEGREE;
}

static unsigned greater(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned of_load(const struct space *space, const struct node *n)
{
	switch (space->arrays.at[n->ref.id].role) {
	case ROLE_PARAMETER: case ROLE_DERIVED: case ROLE_DISCRETE: case ROLE_DATA:
		return 0;
	default:
		return ENDLESS_DEGREE;
	}
}

static unsigned of_reduction(const struct node *n, unsigned start, unsigned body)
{
	if (n->reduction.kind == REDUCE_PROD && body > 0)
		return ENDLESS_DEGREE;
	return greater(start, body);
}

static unsigned own(const struct degrees *d, const struct node *n, const ojit_expr *o)
{
	switch ((enum op)n->op) {
	case OP_TIME:
		return 1;
	case OP_LOAD:
		return of_load(d->space, n);
	case OP_REDUCE:
		return of_reduction(n, d->at.at[o[REDUCE_START]], d->at.at[o[REDUCE_BODY]]);
	case OP_IF:
		return greater(d->at.at[o[1]], d->at.at[o[2]]);
	case OP_FMA:
		return greater(saturated(d->at.at[o[0]] + d->at.at[o[1]]), d->at.at[o[2]]);
	case OP_POWI:
		if (n->integer < 0 || n->integer > ENDLESS_DEGREE)
			return d->at.at[o[0]] ? ENDLESS_DEGREE : 0;
		return saturated((uint64_t)n->integer * d->at.at[o[0]]);
	default:
		return ENDLESS_DEGREE;
	}
}

static unsigned find(const struct degrees *d, ojit_expr e)
{
	const struct graph *g = &d->space->graph;
	const struct node *n = oj_node(g, e);
	const ojit_expr *o = oj_operands(g, e);
	uint64_t total = 0;
	unsigned most = 0;
	for (uint32_t i = 0; i < n->arity; i++) {
		total += d->at.at[o[i]];
		most = greater(most, d->at.at[o[i]]);
	}
	switch ((enum way_of_degree)ways[n->op]) {
	case ZERO:
		return 0;
	case MOST:
		return most;
	case TOTAL:
		return saturated(total);
	case OVER:
		return d->at.at[o[1]] ? ENDLESS_DEGREE : d->at.at[o[0]];
	case ENDLESS:
		return most ? ENDLESS_DEGREE : 0;
	case OWN:
		break;
	}
	return own(d, n, o);
}

unsigned oj_degree(struct degrees *d, ojit_expr e, bool *ok)
{
	while (d->at.count <= e) {
		uint16_t degree = d->at.count ? (uint16_t)find(d, (ojit_expr)d->at.count) : 0;
		if (!VECTOR_PUSH(d->space->context, &d->at, degree)) {
			*ok = false;
			return 0;
		}
	}
	return d->at.at[e];
}

void oj_degrees_drop(struct degrees *d)
{
	if (d->space)
		VECTOR_DROP(d->space->context, &d->at);
}
