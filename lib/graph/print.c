/* The text form of a program, written.
 *
 *   program rhs scratch 3
 *   array x[1..4] state at 0
 *   array c[1..2] data at 0 = {0.5 0.25}
 *   array dx[1..4] out at 0
 *   table nbr[1..2, 1..2] at 0 = {1 2 2 1}
 *   symbol u rank 1 = x[1..4] left[0..0]
 *   origin @1 3:14+2 "model.ojit" "u[i in 1..4]' = u[i-1]"
 *   block [2..4] @1
 *     %1 = load x[i0-1]
 *     %2 = reduce sum j1 in 1..i0 from 0 of %1
 *     store dx[i0] = %2
 *
 * A node with operands has a line, in the block that needs it first, and a number
 * by which later lines mean it; numbers, t and index expressions stand where they
 * are used.  The index variable of level k is the k-th letter from i and k.  Ranges
 * include both ends.  Only what the program needs is written, and of the index of
 * a node in its graph nothing but the order shows; where operands change places by
 * index, the number of the line takes its place.  Hence reading a text and printing
 * the result gives the text again. */
#include "lib/graph/program.h"
#include "lib/graph/words.h"

#include <stdlib.h>
#include <string.h>

enum { CLASSES = 3, A_LINE = 16 }; /* arrays, tables, symbols; numbers in a line */

struct printer {
	const struct program *program;
	const struct space *space;
	const struct graph *g;
	struct text *out;
	struct expr_map numbers;  /* node -> its line's number; UINT32_MAX: none yet */
	uint32_t *ordinals[CLASSES]; /* [arrays], [tables], [symbols]: 0 not needed, k: the k-th of its name */
	struct expr_map origins;  /* origin -> number */
	uint32_t lines;
};

static size_t class_count(const struct space *space, enum name_class class)
{
	return class == NAME_ARRAY ? space->arrays.count : class == NAME_TABLE ? space->tables.count
	                                                                       : space->symbols.count;
}

static const char *name_of(const struct space *space, enum name_class class, uint32_t id)
{
	return class == NAME_ARRAY   ? space->arrays.at[id].name
	       : class == NAME_TABLE ? space->tables.at[id].name
	                             : space->symbols.at[id].name;
}

/* What is needed. */

static void need_node(struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	if (n->op == OP_LOAD)
		p->ordinals[NAME_ARRAY][n->ref.id] = 1;
	if (n->op == OP_TABLE)
		p->ordinals[NAME_TABLE][n->ref.id] = 1;
	if (n->op != OP_SYMBOL)
		return;
	if (p->ordinals[NAME_SYMBOL][n->ref.id]) /* its pieces, of which there may be many, are known */
		return;
	p->ordinals[NAME_SYMBOL][n->ref.id] = 1;
	const struct symbol *symbol = &p->space->symbols.at[n->ref.id];
	for (size_t i = 0; i < symbol->pieces.count; i++)
		p->ordinals[NAME_ARRAY][symbol->pieces.at[i].array] = 1;
}

static bool need_origin(struct printer *p, uint32_t origin)
{
	return !origin || oj_expr_map_put(&p->origins, origin, 1);
}

static bool need_block(struct printer *p, const struct block *block, struct expr_list *roots)
{
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		p->ordinals[NAME_ARRAY][store->array] = 1;
		if (!VECTOR_PUSH(p->g->context, &roots->list, store->value))
			return false;
		for (uint32_t k = 0; k < p->space->arrays.at[store->array].rank; k++)
			if (!VECTOR_PUSH(p->g->context, &roots->list, store->index[k]))
				return false;
	}
	return need_origin(p, block->origin);
}

static bool find_needed(struct printer *p)
{
	struct expr_list roots = {0}, list = {0};
	bool ok = true;
	for (size_t b = 0; ok && b < p->program->blocks.count; b++)
		ok = need_block(p, &p->program->blocks.at[b], &roots);
	ok = ok && oj_reach(p->g, roots.list.at, roots.list.count, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		need_node(p, e);
		ok = oj_expr_map_put(&p->numbers, e, UINT32_MAX);
		if (ok && oj_is(p->g, e, OP_SYMBOL))
			ok = need_origin(p, oj_node(p->g, e)->ref.info);
	}
	VECTOR_DROP(p->g->context, &roots.list);
	VECTOR_DROP(p->g->context, &list.list);
	return ok;
}

struct named {
	const char *name;
	uint32_t id;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Things of one name are told apart by a count behind it. */
static bool count_names(struct printer *p, enum name_class class)
{
	size_t count = class_count(p->space, class), needed = 0;
	struct named *all = oj_memory_get(p->g->context, (count + 1) * sizeof *all);
	if (!all)
		return false;
	for (uint32_t id = 0; id < count; id++)
		if (p->ordinals[class][id])
			all[needed++] = (struct named){name_of(p->space, class, id), id};
	qsort(all, needed, sizeof *all, by_name);
	for (size_t i = 1; i < needed; i++)
		if (!strcmp(all[i - 1].name, all[i].name))
			p->ordinals[class][all[i].id] = p->ordinals[class][all[i - 1].id] + 1;
	oj_memory_put(p->g->context, all, (count + 1) * sizeof *all);
	return true;
}

/* Words. */

static void add_quoted(struct printer *p, const char *string)
{
	oj_text_string(p->out, "\"");
	for (const char *c = string; *c && *c != '\n'; c++) {
		if (*c == '"' || *c == '\\')
			oj_text_format(p->out, "\\%c", *c);
		else if ((unsigned char)*c < 32)
			oj_text_format(p->out, "\\x%02x", (unsigned char)*c);
		else
			oj_text_add(p->out, c, 1);
	}
	oj_text_string(p->out, "\"");
}

static void add_name(struct printer *p, enum name_class class, uint32_t id)
{
	const char *name = name_of(p->space, class, id);
	size_t plain = 0;
	while (oj_word_byte(name[plain]))
		plain++;
	if (plain && !name[plain] && !(name[0] >= '0' && name[0] <= '9'))
		oj_text_string(p->out, name);
	else
		add_quoted(p, name);
	if (p->ordinals[class][id] > 1)
		oj_text_format(p->out, "~%u", p->ordinals[class][id]);
}

static void add_integer(struct printer *p, int64_t value)
{
	oj_text_format(p->out, "%lld", (long long)value);
}

static void add_ranges(struct printer *p, uint32_t rank, const int64_t *lo, const int64_t *end)
{
	for (uint32_t k = 0; k < rank; k++) {
		oj_text_string(p->out, k ? ", " : "[");
		add_integer(p, lo[k]);
		oj_text_string(p->out, "..");
		add_integer(p, end[k] - 1);
	}
	oj_text_string(p->out, rank ? "]" : "");
}

static void add_shape(struct printer *p, uint32_t rank, const int64_t *base, const int64_t *extent)
{
	int64_t end[RANK] = {0};
	for (uint32_t k = 0; k < rank; k++)
		end[k] = base[k] + extent[k];
	add_ranges(p, rank, base, end);
}

static void add_literal(struct printer *p, double value)
{
	union { double real; uint64_t bits; } v = {.real = value};
	if (value == value)
		oj_text_double(p->out, value);
	else if (v.bits == 0x7FF8000000000000u)
		oj_text_string(p->out, "nan");
	else
		oj_text_format(p->out, "nan:%016llx", (unsigned long long)v.bits);
}

/* Nodes. */

static uint32_t number_of(const struct printer *p, ojit_expr e)
{
	uint32_t number = 0;
	oj_expr_map_get(&p->numbers, e, &number);
	return number;
}

static void add_atom(struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	if (n->op == OP_INDEX)
		oj_text_format(p->out, "%c%lld", oj_level_letter((unsigned)n->integer), (long long)n->integer);
	else
		oj_text_format(p->out, "%%%u", number_of(p, e));
}

static void add_term(struct printer *p, ojit_expr atom, int64_t coefficient, bool first)
{
	if (coefficient < 0)
		oj_text_string(p->out, "-");
	else if (!first)
		oj_text_string(p->out, "+");
	if (coefficient != 1 && coefficient != -1)
		oj_text_format(p->out, "%llu*", coefficient < 0 ? 0ull - (unsigned long long)coefficient
		                                                 : (unsigned long long)coefficient);
	add_atom(p, atom);
}

/* An integer and `more`, as a sum: index variables, at most one other atom, the
 * constant; atoms of an AFFINE that has a line are in order of their numbers. */
static void add_sum(struct printer *p, const struct affine *a, int64_t more)
{
	uint32_t written = 0;
	for (; written < a->count && oj_is(p->g, a->atoms[written], OP_INDEX); written++)
		add_term(p, a->atoms[written], a->coefficients[written], written == 0);
	for (uint32_t last = 0; written < a->count; written++) { /* the next least number */
		uint32_t next = UINT32_MAX, number = UINT32_MAX;
		for (uint32_t i = 0; i < a->count; i++) {
			uint32_t candidate = oj_is(p->g, a->atoms[i], OP_INDEX) ? 0 : number_of(p, a->atoms[i]);
			if (candidate > last && candidate < number)
				next = i, number = candidate;
		}
		if (next == UINT32_MAX)
			return;
		add_term(p, a->atoms[next], a->coefficients[next], written == 0);
		last = number;
	}
	int64_t constant = (int64_t)((uint64_t)a->constant + (uint64_t)more);
	if (constant || a->count == 0)
		oj_text_format(p->out, constant >= 0 && a->count ? "+%lld" : "%lld", (long long)constant);
}

static void add_index(struct printer *p, ojit_expr e, int64_t more)
{
	struct affine a;
	oj_affine(p->g, e, &a);
	if (oj_is(p->g, e, OP_AFFINE) && !oj_is_plain(p->g, e))
		a = (struct affine){.count = 1, .atoms = &a.self, .coefficients = &a.one, .self = e, .one = 1};
	add_sum(p, &a, more);
}

static void add_operand(struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	switch ((enum op)n->op) {
	case OP_LITERAL:
		add_literal(p, n->real);
		break;
	case OP_TIME:
	case OP_TRUE:
	case OP_FALSE:
	case OP_NONE:
		oj_text_string(p->out, oj_op_info[n->op].text);
		break;
	default:
		if (oj_type(p->g, e) == INTEGER)
			add_index(p, e, 0);
		else
			add_atom(p, e);
	}
}

static void add_subscripts(struct printer *p, uint32_t rank, const ojit_expr *index)
{
	for (uint32_t k = 0; k < rank; k++) {
		oj_text_string(p->out, k ? ", " : "[");
		add_operand(p, index[k]);
	}
	oj_text_string(p->out, rank ? "]" : "");
}

static void add_access(struct printer *p, ojit_expr e, enum name_class class)
{
	const struct node *n = oj_node(p->g, e);
	uint32_t origin = 0;
	oj_text_string(p->out, " ");
	add_name(p, class, n->ref.id);
	add_subscripts(p, n->arity, oj_operands(p->g, e));
	if (n->op == OP_SYMBOL && oj_expr_map_get(&p->origins, n->ref.info, &origin))
		oj_text_format(p->out, " @%u", origin);
}

static void add_reduction(struct printer *p, ojit_expr e)
{
	const struct reduction r = oj_node(p->g, e)->reduction;
	const ojit_expr *o = oj_operands(p->g, e);
	oj_text_format(p->out, " %s%s %c%u in ", oj_reduction_words[r.kind], r.order == TREE8 ? " tree8" : "",
	               oj_level_letter(r.level), r.level);
	add_index(p, o[REDUCE_LO], 0);
	oj_text_string(p->out, "..");
	add_index(p, o[REDUCE_END], -1);
	oj_text_string(p->out, " from ");
	add_operand(p, o[REDUCE_START]);
	oj_text_string(p->out, " of ");
	add_operand(p, o[REDUCE_BODY]);
}

static void add_wrap(struct printer *p, ojit_expr e)
{
	const int64_t *c = p->g->coefficients.at + oj_node(p->g, e)->ref.id;
	oj_text_string(p->out, " ");
	add_operand(p, oj_operands(p->g, e)[0]);
	oj_text_format(p->out, " in %lld..%lld", (long long)c[0], (long long)(c[0] + c[1] - 1));
}

/* Do the first two operands change places when order by index becomes order by
 * number? */
static bool swapped(const struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	const ojit_expr *o = oj_operands(p->g, e);
	return oj_commutes(n->op) && n->arity >= 2 && oj_node(p->g, o[0])->shape == oj_node(p->g, o[1])->shape &&
	       oj_compare(p->g, o[0], o[1], &p->numbers) > 0;
}

static void add_operands(struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	const ojit_expr *o = oj_operands(p->g, e);
	bool swap = swapped(p, e);
	for (uint32_t i = 0; i < n->arity; i++) {
		oj_text_string(p->out, " ");
		add_operand(p, o[swap && i < 2 ? !i : i]);
	}
	if (n->op == OP_POWI)
		oj_text_format(p->out, " %lld", (long long)n->integer);
}

static void add_line(struct printer *p, ojit_expr e)
{
	const struct node *n = oj_node(p->g, e);
	struct affine a;
	oj_text_format(p->out, "  %%%u = %s", p->lines, oj_op_info[n->op].text);
	switch ((enum op)n->op) {
	case OP_LOAD:
		add_access(p, e, NAME_ARRAY);
		break;
	case OP_TABLE:
		add_access(p, e, NAME_TABLE);
		break;
	case OP_SYMBOL:
		add_access(p, e, NAME_SYMBOL);
		break;
	case OP_REDUCE:
		add_reduction(p, e);
		break;
	case OP_WRAP:
		add_wrap(p, e);
		break;
	case OP_AFFINE:
		oj_text_string(p->out, " ");
		oj_affine(p->g, e, &a);
		add_sum(p, &a, 0);
		break;
	default:
		add_operands(p, e);
	}
	oj_text_string(p->out, "\n");
}

/* Lines of the nodes below `roots` that have none yet.  A node waits with 0 in
 * `numbers` once it is in the list, so all blocks together cost one walk. */
static bool add_lines(struct printer *p, struct expr_list *list)
{
	for (size_t i = 0; i < list->list.count; i++) {
		ojit_expr e = list->list.at[i];
		for (uint32_t k = 0; k < oj_node(p->g, e)->arity; k++) {
			ojit_expr o = oj_operands(p->g, e)[k];
			if (number_of(p, o) != UINT32_MAX)
				continue;
			if (!oj_expr_map_put(&p->numbers, o, 0) || !VECTOR_PUSH(p->g->context, &list->list, o))
				return false;
		}
	}
	if (list->list.count)
		qsort(list->list.at, list->list.count, sizeof *list->list.at, oj_by_index);
	for (size_t i = 0; i < list->list.count; i++) {
		ojit_expr e = list->list.at[i];
		if (oj_is_plain(p->g, e))
			continue;
		if (!oj_expr_map_put(&p->numbers, e, ++p->lines))
			return false;
		add_line(p, e);
	}
	return true;
}

static bool push_root(struct printer *p, struct expr_list *list, ojit_expr e)
{
	if (number_of(p, e) != UINT32_MAX)
		return true;
	return oj_expr_map_put(&p->numbers, e, 0) && VECTOR_PUSH(p->g->context, &list->list, e);
}

static bool add_block(struct printer *p, const struct block *block, struct expr_list *list)
{
	uint32_t origin = 0;
	list->list.count = 0;
	oj_text_string(p->out, block->rank ? "block " : "block");
	add_ranges(p, block->rank, block->lo, block->end);
	if (block->origin && oj_expr_map_get(&p->origins, block->origin, &origin))
		oj_text_format(p->out, " @%u", origin);
	oj_text_string(p->out, "\n");
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		if (!push_root(p, list, store->value))
			return false;
		for (uint32_t k = 0; k < p->space->arrays.at[store->array].rank; k++)
			if (!push_root(p, list, store->index[k]))
				return false;
	}
	if (!add_lines(p, list))
		return false;
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		oj_text_string(p->out, "  store ");
		add_name(p, NAME_ARRAY, store->array);
		add_subscripts(p, p->space->arrays.at[store->array].rank, store->index);
		oj_text_string(p->out, " = ");
		add_operand(p, store->value);
		oj_text_string(p->out, "\n");
	}
	return true;
}

/* Declarations. */

static void add_array(struct printer *p, uint32_t id)
{
	const struct array *a = &p->space->arrays.at[id];
	oj_text_string(p->out, "array ");
	add_name(p, NAME_ARRAY, id);
	add_shape(p, a->rank, a->base, a->extent);
	oj_text_format(p->out, " %s", oj_role_words[a->role]);
	if (a->offset >= 0)
		oj_text_format(p->out, " at %lld", (long long)a->offset);
	if (a->role == ROLE_DATA) {
		oj_text_string(p->out, " = {");
		for (int64_t i = 0; i < oj_array_length(a); i++) {
			oj_text_string(p->out, i == 0 ? "" : i % A_LINE ? " " : "\n  ");
			add_literal(p, p->space->data.at[a->offset + i]);
		}
		oj_text_string(p->out, "}");
	}
	oj_text_string(p->out, "\n");
}

static void add_table(struct printer *p, uint32_t id)
{
	const struct table *t = &p->space->tables.at[id];
	int64_t length = 1;
	for (uint32_t k = 0; k < t->rank; k++)
		length *= t->extent[k];
	oj_text_string(p->out, "table ");
	add_name(p, NAME_TABLE, id);
	add_shape(p, t->rank, t->base, t->extent);
	oj_text_format(p->out, " at %lld = {", (long long)t->offset);
	for (int64_t i = 0; i < length; i++) {
		oj_text_string(p->out, i == 0 ? "" : i % A_LINE ? " " : "\n  ");
		add_integer(p, p->space->table_data.at[t->offset + i]);
	}
	oj_text_string(p->out, "}\n");
}

static void add_symbol(struct printer *p, uint32_t id)
{
	const struct symbol *s = &p->space->symbols.at[id];
	oj_text_string(p->out, "symbol ");
	add_name(p, NAME_SYMBOL, id);
	oj_text_format(p->out, " rank %u =", s->rank);
	for (size_t i = 0; i < s->pieces.count; i++) {
		oj_text_string(p->out, " ");
		add_name(p, NAME_ARRAY, s->pieces.at[i].array);
		add_shape(p, s->rank, s->pieces.at[i].base, s->pieces.at[i].extent);
	}
	oj_text_string(p->out, "\n");
}

static bool add_origins(struct printer *p)
{
	uint32_t number = 0;
	for (uint32_t i = 1; i < p->space->origins.count; i++) {
		const struct origin *origin = &p->space->origins.at[i];
		uint32_t needed;
		if (!oj_expr_map_get(&p->origins, i, &needed))
			continue;
		if (!oj_expr_map_put(&p->origins, i, ++number))
			return false;
		oj_text_format(p->out, "origin @%u %d:%d+%d ", number, origin->line, origin->column, origin->length);
		add_quoted(p, origin->file ? origin->file : "");
		oj_text_string(p->out, " ");
		add_quoted(p, origin->source ? origin->source : "");
		oj_text_string(p->out, "\n");
	}
	return true;
}

static bool add_declarations(struct printer *p)
{
	static void (*const add[CLASSES])(struct printer *, uint32_t) = {add_array, add_table, add_symbol};
	for (int class = 0; class < CLASSES; class++) {
		if (!count_names(p, class))
			return false;
	}
	for (int class = 0; class < CLASSES; class++)
		for (uint32_t id = 0; id < class_count(p->space, class); id++)
			if (p->ordinals[class][id])
				add[class](p, id);
	return add_origins(p);
}

static bool add_program(struct printer *p)
{
	struct expr_list list = {0};
	oj_text_format(p->out, "program %s", oj_kind_words[p->program->kind]);
	if (p->program->scratch)
		oj_text_format(p->out, " scratch %lld", (long long)p->program->scratch);
	oj_text_string(p->out, "\n");
	bool ok = find_needed(p) && add_declarations(p);
	for (size_t b = 0; ok && b < p->program->blocks.count; b++)
		ok = add_block(p, &p->program->blocks.at[b], &list);
	VECTOR_DROP(p->g->context, &list.list);
	return ok;
}

void oj_program_print(const struct program *program, struct text *text)
{
	struct printer p = {.program = program, .space = program->space, .g = &program->space->graph, .out = text};
	struct arena arena;
	oj_arena_init(&arena, program->space->context);
	oj_expr_map_init(&p.numbers, arena.context);
	oj_expr_map_init(&p.origins, arena.context);
	for (int class = 0; class < CLASSES; class++)
		p.ordinals[class] = ARENA_ZEROED(&arena, uint32_t, class_count(p.space, class));
	if (arena.failed || !add_program(&p))
		text->failed = true;
	oj_expr_map_drop(&p.numbers);
	oj_expr_map_drop(&p.origins);
	oj_arena_drop(&arena);
}
