/* Units after what they need: a depth-first walk with a stack of its own.  Meeting
 * a unit that is still open is a cycle, and the stack is the way around it. */
#include "lib/model/lowering.h"

#include <string.h>

struct open {
	uint32_t unit, edge;
};
struct walk {
	struct lowering *low;
	VECTOR(struct open) stack;
};

static void add_name(struct walk *w, struct text *text, uint32_t unit)
{
	const struct unit *u = &w->low->units.at[unit];
	oj_text_string(text, oj_unit_name(w->low, u));
	if (u->kind == UNIT_EQUATION)
		oj_text_add(text, "''", u->primes);
	for (int k = 0; u->kind == UNIT_EDGE && k < u->rank; k++) {
		oj_text_format(text, k ? ", %lld" : "[%lld", (long long)u->box[k].lo);
		if (oj_extent(u->box[k]) > 1)
			oj_text_format(text, "..%lld", (long long)(u->box[k].end - 1));
		oj_text_string(text, k + 1 < u->rank ? "" : "]");
	}
}

static ojit_status fail_cycle(struct walk *w, uint32_t unit, uint32_t place)
{
	enum { SHOWN = 12 };
	struct lowering *low = w->low;
	struct text text;
	size_t first = w->stack.count;
	oj_text_init(&text, low->context);
	while (first > 0 && w->stack.at[first - 1].unit != unit)
		first--;
	for (size_t i = first > 0 ? first - 1 : 0; i < w->stack.count; i++) {
		if (i - (first - 1) == SHOWN)
			oj_text_string(&text, "... -> ");
		if (i - (first - 1) >= SHOWN)
			continue;
		add_name(w, &text, w->stack.at[i].unit);
		oj_text_string(&text, " -> ");
	}
	add_name(w, &text, unit);
	ojit_status status = text.failed ? oj_fail_memory(low->error)
	                     : oj_fail_place(low, place, OJIT_CYCLE, "these definitions need each other: %s; "
	                                     "one of them must be given without the others", oj_text_get(&text));
	oj_text_drop(&text);
	return status;
}

static ojit_status enter(struct walk *w, uint32_t unit)
{
	struct unit *u = &w->low->units.at[unit];
	u->visit = 1;
	return VECTOR_PUSH(w->low->context, &w->stack, (struct open){unit, u->edges}) ? OJIT_OK : oj_fail_memory(w->low->error);
}

static ojit_status walk_from(struct walk *w, uint32_t unit)
{
	struct lowering *low = w->low;
	TRY(enter(w, unit));
	while (w->stack.count > 0) {
		struct open *top = &w->stack.at[w->stack.count - 1];
		if (top->edge == NOWHERE) {
			low->units.at[top->unit].visit = 2;
			if (!VECTOR_PUSH(low->context, &low->order, top->unit))
				return oj_fail_memory(low->error);
			w->stack.count--;
			continue;
		}
		struct edge edge = low->edges.at[top->edge];
		top->edge = edge.next;
		if (low->units.at[edge.unit].visit == 1)
			return fail_cycle(w, edge.unit, edge.place);
		if (low->units.at[edge.unit].visit == 0)
			TRY(enter(w, edge.unit));
	}
	return OJIT_OK;
}

ojit_status oj_order_units(struct lowering *low, bool statics)
{
	struct walk w = {.low = low};
	ojit_status status = OJIT_OK;
	for (uint32_t u = 0; status == OJIT_OK && u < low->units.count; u++)
		if (low->units.at[u].visit == 0 && (low->units.at[u].kind <= UNIT_TABLE) == statics)
			status = walk_from(&w, u);
	VECTOR_DROP(low->context, &w.stack);
	return status;
}
