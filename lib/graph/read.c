/* The text form of a program, read; see print.c for what it looks like.
 *
 * Lines are read one by one and nodes made as they come, with the graph's own
 * makers, so a text may also be written by hand.  What is checked is form, not
 * sense: a load out of range, say, is the passes' business. */
#include "lib/graph/textform.h"

#include <string.h>

/* %number of a node above. */
static bool read_reference(struct reader *r, ojit_expr *e)
{
	const char *at = r->at;
	uint64_t number;
	if (!oj_scan_expect(r, "%") || !oj_scan_magnitude(r, UINT32_MAX, &number))
		return false;
	if (number == 0 || number >= r->nodes.count)
		return oj_scan_fail(r, at, (size_t)(r->at - at), "There is no %%%llu above. Lines are numbered from %%1 on",
		            (unsigned long long)number);
	*e = r->nodes.at[number];
	return true;
}

static bool read_level(struct reader *r, unsigned *level)
{
	const char *at = r->at;
	uint64_t number;
	char letter = *r->at;
	if (letter < 'i' || letter > 'z' || r->at[1] < '0' || r->at[1] > '9')
		return oj_scan_expected(r, "an index variable");
	r->at++;
	if (!oj_scan_magnitude(r, UINT32_MAX, &number))
		return false;
	if (number >= LEVELS || letter != oj_level_letter((unsigned)number))
		return oj_scan_fail(r, at, (size_t)(r->at - at), "This is no index variable. They are i0, j1, k2 and so on up to level %d",
		            LEVELS - 1);
	*level = (unsigned)number;
	return true;
}

static bool read_atom(struct reader *r, ojit_expr *e)
{
	unsigned level;
	const char *at = r->at;
	if (*r->at != '%') {
		if (!read_level(r, &level))
			return false;
		*e = oj_index(r->g, level);
		return *e || oj_scan_memory(r);
	}
	if (!read_reference(r, e))
		return false;
	return oj_type(r->g, *e) == INTEGER || oj_scan_fail(r, at, (size_t)(r->at - at), "This is not an integer. Name one");
}

/* One term of a sum: into the constant, or to the end of the lists. */
static bool read_term(struct reader *r, bool negative, int64_t *constant)
{
	uint64_t magnitude = 1;
	ojit_expr atom;
	if (*r->at >= '0' && *r->at <= '9') {
		if (!oj_scan_magnitude(r, (uint64_t)INT64_MAX + negative, &magnitude))
			return false;
		if (*r->at != '*') {
			*constant = (int64_t)((uint64_t)*constant + (negative ? 0 - magnitude : magnitude));
			return true;
		}
		r->at++;
	}
	if (!read_atom(r, &atom))
		return false;
	int64_t factor = (int64_t)(negative ? 0 - magnitude : magnitude);
	return (VECTOR_PUSH(r->g->context, &r->operands, atom) && VECTOR_PUSH(r->g->context, &r->factors, factor)) ||
	       oj_scan_memory(r);
}

/* A sum of terms without blanks between them, and `more`. */
static bool read_index(struct reader *r, int64_t more, ojit_expr *e)
{
	size_t first = r->operands.count;
	int64_t constant = more;
	oj_scan_blanks(r);
	r->factors.count = 0;
	bool negative = *r->at == '-';
	r->at += negative;
	for (;;) {
		if (!read_term(r, negative, &constant))
			return false;
		if (*r->at != '+' && *r->at != '-')
			break;
		negative = *r->at++ == '-';
	}
	const ojit_expr *atoms = r->factors.count ? r->operands.at + first : NULL;
	*e = oj_integer_sum(r->g, constant, (uint32_t)r->factors.count, atoms, r->factors.at);
	r->operands.count = first;
	return *e || oj_scan_memory(r);
}

static bool read_real(struct reader *r, ojit_expr *e)
{
	double value;
	if (oj_scan_accept(r, oj_op_info[OP_TIME].text))
		*e = oj_time(r->g);
	else if (oj_scan_literal(r, &value))
		*e = oj_literal(r->g, value);
	else
		return false;
	return *e || oj_scan_memory(r);
}

static bool read_truth(struct reader *r, ojit_expr *e)
{
	bool value = oj_scan_accept(r, "true");
	if (!value && !oj_scan_accept(r, "false"))
		return oj_scan_expected(r, "true, false or a node");
	*e = oj_make(r->g, value ? OP_TRUE : OP_FALSE, 0, NULL);
	return *e || oj_scan_memory(r);
}

static bool read_operand(struct reader *r, enum type type, ojit_expr *e)
{
	static const char *const names[] = {[REAL] = "a number", [TRUTH] = "a truth value", [INTEGER] = "an integer"};
	oj_scan_blanks(r);
	const char *at = r->at;
	if (type == INTEGER)
		return read_index(r, 0, e);
	if (*r->at != '%')
		return type == REAL ? read_real(r, e) : read_truth(r, e);
	if (!read_reference(r, e))
		return false;
	return oj_type(r->g, *e) == type ||
	       oj_scan_fail(r, at, (size_t)(r->at - at), "This is not %s. Name one", names[type]);
}

/* [index, ...] of `rank` indices, to index[rank]. */
static bool read_subscripts(struct reader *r, uint32_t rank, ojit_expr *index)
{
	for (uint32_t k = 0; k < rank; k++)
		if (!oj_scan_expect(r, k ? "," : "[") || !read_index(r, 0, &index[k]))
			return false;
	return rank == 0 || oj_scan_expect(r, "]");
}

static bool read_load(struct reader *r, ojit_expr *e)
{
	uint32_t id;
	ojit_expr index[RANK];
	if (!oj_scan_name(r, NAME_ARRAY, "array", &id) || !read_subscripts(r, r->space->arrays.at[id].rank, index))
		return false;
	*e = oj_load(r->g, id, r->space->arrays.at[id].rank, index);
	return true;
}

static bool read_table_entry(struct reader *r, ojit_expr *e)
{
	uint32_t id;
	ojit_expr index[RANK];
	if (!oj_scan_name(r, NAME_TABLE, "table", &id) || !read_subscripts(r, r->space->tables.at[id].rank, index))
		return false;
	*e = oj_table(r->g, id, r->space->tables.at[id].rank, index);
	return true;
}

static bool read_symbol_access(struct reader *r, ojit_expr *e)
{
	uint32_t id, origin;
	ojit_expr index[RANK];
	if (!oj_scan_name(r, NAME_SYMBOL, "symbol", &id) || !read_subscripts(r, r->space->symbols.at[id].rank, index) ||
	    !oj_scan_origin(r, &origin))
		return false;
	*e = oj_symbol(r->g, id, origin, r->space->symbols.at[id].rank, index);
	return true;
}

/* sum [tree8] j1 in lo..hi from start of body */
static bool read_reduction(struct reader *r, ojit_expr *e)
{
	unsigned level;
	ojit_expr start, lo, end, body;
	int kind = oj_scan_one_of(r, oj_reduction_words, REDUCTION_KINDS);
	if (kind < 0)
		return oj_scan_expected(r, "sum, prod, min or max");
	struct reduction reduction = {.kind = (uint8_t)kind, .order = oj_scan_accept(r, "tree8") ? TREE8 : SEQUENTIAL};
	oj_scan_blanks(r);
	if (!read_level(r, &level) || !oj_scan_expect(r, "in") || !read_index(r, 0, &lo) || !oj_scan_expect(r, "..") ||
	    !read_index(r, 1, &end) || !oj_scan_expect(r, "from") || !read_operand(r, REAL, &start) || !oj_scan_expect(r, "of") ||
	    !read_operand(r, REAL, &body))
		return false;
	reduction.level = (uint16_t)level;
	*e = oj_reduce(r->g, reduction, start, lo, end, body);
	return true;
}

static bool read_wrap(struct reader *r, ojit_expr *e)
{
	int64_t lo, end;
	ojit_expr a;
	if (!read_index(r, 0, &a) || !oj_scan_expect(r, "in"))
		return false;
	oj_scan_blanks(r);
	const char *at = r->at;
	if (!oj_scan_range(r, &lo, &end))
		return false;
	if (end == lo)
		return oj_scan_fail(r, at, 1, "Nothing wraps into an empty range. Make it longer");
	*e = oj_integer_wrap(r->g, a, lo, end - lo);
	return true;
}

/* The type of operand `i`. */
static enum type operand_type(enum op op, size_t i)
{
	switch (op) {
	case OP_ITOF: case OP_IMIN: case OP_IMAX: case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE:
		return INTEGER;
	case OP_AND: case OP_OR: case OP_NOT:
		return TRUTH;
	default:
		return op == OP_IF && i == 0 ? TRUTH : REAL;
	}
}

static bool read_operands(struct reader *r, enum op op, ojit_expr *e)
{
	int arity = oj_op_info[op].arity;
	size_t least = arity == MANY ? 2 : (size_t)arity;
	int64_t exponent;
	r->operands.count = 0;
	while (arity == MANY ? !oj_scan_end(r) || r->operands.count < least : r->operands.count < least) {
		ojit_expr operand;
		if (!read_operand(r, operand_type(op, r->operands.count), &operand))
			return false;
		if (!VECTOR_PUSH(r->g->context, &r->operands, operand))
			return oj_scan_memory(r);
	}
	if (op == OP_POWI) {
		oj_scan_blanks(r);
		if (!oj_scan_integer(r, &exponent))
			return false;
		*e = oj_power(r->g, r->operands.at[0], exponent);
	} else if (op == OP_IMIN || op == OP_IMAX) {
		*e = (op == OP_IMIN ? oj_integer_min : oj_integer_max)(r->g, r->operands.at[0], r->operands.at[1]);
	} else {
		*e = oj_make(r->g, op, (uint32_t)r->operands.count, r->operands.at);
	}
	r->operands.count = 0;
	return true;
}

static enum op find_op(const char *word, size_t length)
{
	for (int op = OP_LITERAL; op < OP_COUNT; op++)
		if (!strncmp(oj_op_info[op].text, word, length) && !oj_op_info[op].text[length])
			return op;
	return OP_NONE;
}

static bool read_node(struct reader *r, ojit_expr *e)
{
	oj_scan_blanks(r);
	const char *word = r->at;
	size_t length = oj_scan_word(word);
	enum op op = find_op(word, length);
	r->at += length;
	switch (op) {
	case OP_LOAD:
		return read_load(r, e);
	case OP_TABLE:
		return read_table_entry(r, e);
	case OP_SYMBOL:
		return read_symbol_access(r, e);
	case OP_REDUCE:
		return read_reduction(r, e);
	case OP_WRAP:
		return read_wrap(r, e);
	case OP_AFFINE:
		return read_index(r, 0, e);
	case OP_NONE: case OP_LITERAL: case OP_INTEGER: case OP_INDEX: case OP_TIME: case OP_TRUE: case OP_FALSE:
		r->at = word;
		return oj_scan_expected(r, "an operator");
	default:
		return read_operands(r, op, e);
	}
}

/* %number = node */
static bool read_line(struct reader *r)
{
	const char *at = r->at;
	uint64_t number;
	ojit_expr e = 0;
	if (!oj_scan_expect(r, "%") || !oj_scan_magnitude(r, UINT32_MAX, &number))
		return false;
	if (number != r->nodes.count)
		return oj_scan_fail(r, at, (size_t)(r->at - at), "The next line is %%%zu. Number lines in order", r->nodes.count);
	if (!oj_scan_expect(r, "=") || !read_node(r, &e))
		return false;
	return (e && VECTOR_PUSH(r->g->context, &r->nodes, e)) || oj_scan_memory(r);
}

static bool read_store(struct reader *r)
{
	uint32_t id;
	ojit_expr index[RANK] = {0}, value;
	if (r->program->blocks.count == 0)
		return oj_scan_fail(r, r->at, 1, "This store is in no block. Start one above");
	struct block *block = &r->program->blocks.at[r->program->blocks.count - 1];
	if (!oj_scan_name(r, NAME_ARRAY, "array", &id) || !read_subscripts(r, r->space->arrays.at[id].rank, index) ||
	    !oj_scan_expect(r, "=") || !read_operand(r, REAL, &value))
		return false;
	return oj_block_store(r->space, block, id, value, index) || oj_scan_memory(r);
}

static bool read_block(struct reader *r)
{
	uint32_t rank, origin;
	int64_t lo[RANK], end[RANK];
	if (!oj_scan_box(r, &rank, lo, end) || !oj_scan_origin(r, &origin))
		return false;
	return oj_program_block(r->program, rank, lo, end, origin) || oj_scan_memory(r);
}

static bool read_header(struct reader *r)
{
	if (!oj_scan_expect(r, "program"))
		return false;
	int kind = oj_scan_one_of(r, oj_kind_words, PROGRAM_KINDS);
	if (kind < 0)
		return oj_scan_expected(r, "rhs, outputs, init, prepare or parameters");
	r->program->kind = kind;
	return !oj_scan_accept(r, "scratch") || oj_scan_size(r, &r->program->scratch);
}

static bool read_statement(struct reader *r)
{
	if (*r->at == '%')
		return read_line(r);
	if (oj_scan_accept(r, "store"))
		return read_store(r);
	if (oj_scan_accept(r, "block"))
		return read_block(r);
	if (oj_scan_accept(r, "array"))
		return oj_read_array(r);
	if (oj_scan_accept(r, "table"))
		return oj_read_table(r);
	if (oj_scan_accept(r, "symbol"))
		return oj_read_symbol(r);
	if (oj_scan_accept(r, "origin"))
		return oj_read_origin(r);
	return oj_scan_expected(r, "array, table, symbol, origin, block, store or %number");
}

static bool read_program(struct reader *r)
{
	bool ok = (VECTOR_PUSH(r->g->context, &r->nodes, 0) && VECTOR_PUSH(r->g->context, &r->origins, 0)) || oj_scan_memory(r);
	bool headed = false;
	ok = ok && oj_scan_known(r);
	while (ok) {
		if (!oj_scan_end(r)) {
			ok = headed ? read_statement(r) : read_header(r);
			headed = true;
			if (ok && !oj_scan_end(r))
				ok = oj_scan_expected(r, "the end of the line");
		} else if (*r->at++ == '\0') {
			break;
		}
	}
	r->at -= ok;
	return ok && (headed || oj_scan_expected(r, "'program'"));
}

ojit_status oj_program_read(struct space *space, struct program *program, const char *text, struct oj_error *error)
{
	struct reader r = {.space = space, .g = &space->graph, .program = program, .error = error, .text = text, .at = text,
	                   .data_before = space->data.count, .table_data_before = space->table_data.count};
	oj_program_init(program, space, KERNEL_RHS);
	oj_expr_map_init(&r.heads, space->context);
	bool ok = read_program(&r);
	oj_expr_map_drop(&r.heads);
	VECTOR_DROP(space->context, &r.entries);
	VECTOR_DROP(space->context, &r.nodes);
	VECTOR_DROP(space->context, &r.origins);
	VECTOR_DROP(space->context, &r.operands);
	VECTOR_DROP(space->context, &r.factors);
	VECTOR_DROP(space->context, &r.numbers);
	if (!ok)
		oj_program_drop(program);
	return ok ? OJIT_OK : error->status;
}
