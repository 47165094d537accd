/* Nodes of an expression graph, stored once each.
 *
 * A node is looked up by its operator and operands before it is made, so equal
 * expressions are the same index and comparing them is comparing integers.
 *
 * Invariant: operands precede their operator.  Hence one forward loop evaluates,
 * one backward loop differentiates, and no pass recurses or marks.
 *
 * Sums and products are n-ary and combine their operands from left to right, as
 * they were written; only the first two may change places, which changes no bit.
 * They, and the operands of other commutative operators, are ordered by shape
 * hash (operators and loads, without which element), then by value (numbers and
 * integers) or index (all else): a*b and b*a meet, and bodies of equal shape stay
 * equal in shape (rolling needs that).
 *
 * Index variables are positional: level k is the k-th enclosing loop, box axes
 * first, then reductions from the outside in.  Equal bodies over different boxes
 * are therefore the same nodes.
 *
 * Node 0 is "no expression": it stands for an earlier failure and spreads. */
#ifndef OJ_GRAPH_H
#define OJ_GRAPH_H

#include "lib/base/memory.h"

#ifndef OJIT_EXPR_DEFINED
#define OJIT_EXPR_DEFINED
typedef uint32_t ojit_expr;
#endif

enum op {
#define OP(tag, text, arity, type, way, bound) OP_##tag,
#include "lib/graph/ops.def"
#undef OP
	OP_COUNT
};

enum type { REAL, TRUTH, INTEGER };
enum way { WAY_LEAF, WAY_INSTR, WAY_MATH, WAY_EXPAND };
enum { MANY = -1 };

struct op_info {
	const char *text;
	int arity; /* or MANY */
	enum type type;
	enum way way;
	int math;     /* enum oj_math for WAY_MATH, else -1 */
	double bound; /* ulps */
};
extern const struct op_info oj_op_info[OP_COUNT];

/* How a reduction combines and in which order.  SEQUENTIAL: left to right.
 * TREE8: term k goes to partial sum k mod 8, and the partials p are combined as
 * ((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7)); the start value comes last.  The order is
 * part of the program, so every executor gives the same bits. */
enum reduction_kind { REDUCE_SUM, REDUCE_PROD, REDUCE_MIN, REDUCE_MAX };
enum reduction_order { SEQUENTIAL, TREE8 };
struct reduction {
	uint8_t kind, order;
	uint16_t level; /* the index variable that runs from lo to end - 1 */
};
/* Operands of OP_REDUCE. `start` is the value to begin with; a chain of
 * reductions over consecutive ranges passes it on. */
enum { REDUCE_START, REDUCE_LO, REDUCE_END, REDUCE_BODY };

enum { LEVELS = 32 }; /* nesting depth of loops; deeper is refused by name */

struct node {
	uint8_t op;
	uint8_t symbolic; /* a SYMBOL is below: pass split has not seen it */
	uint8_t inside;   /* the operands are `pair` */
	uint32_t stage;   /* reductions below on the longest way, itself counted */
	uint32_t arity;
	uint32_t first;  /* place of its operands in graph->operands, unless `inside` */
	uint32_t levels; /* bit k: depends on the index variable of level k */
	uint32_t shape;
	union {
		double real;         /* LITERAL */
		int64_t integer;     /* INTEGER; INDEX: the level; POWI: the exponent */
		uint64_t bits;       /* all of it, for hashing */
		struct {
			uint32_t id;   /* LOAD: array. SYMBOL: symbol. TABLE: table.
			                * AFFINE: of its constant in graph->coefficients,
			                * followed by one coefficient an operand.
			                * WRAP: of lo and n in graph->coefficients */
			uint32_t info; /* SYMBOL: origin */
		} ref;
		struct reduction reduction;
		ojit_expr pair[2]; /* operands of most operators of one or two */
	};
};

/* Nodes and operands lie in chunks, which never move: a graph that grows neither
 * copies what it has nor needs room for it twice.  The operands of one node lie
 * together; where they need more than a chunk, several in a row are one piece. */
enum { NODE_CHUNK = 1 << 9, OPERAND_CHUNK = 1 << 10 };
struct operand_chunk {
	ojit_expr *at;
	uint32_t owned; /* operands of the piece that starts here; 0: it started before */
};

struct graph {
	ojit_context *context;
	struct {
		size_t count;
		VECTOR(struct node *) chunks;
	} nodes;
	struct {
		size_t used; /* places, those left empty at ends of chunks included */
		VECTOR(struct operand_chunk) chunks;
	} operands;
	VECTOR(int64_t) coefficients;
	uint32_t *slots; /* open addressing, node indices */
	size_t slot_count;
	bool failed; /* out of memory; every node made since is 0 */
};
ojit_status oj_graph_init(struct graph *graph, ojit_context *context);
/* All nodes of `graph`, under the same numbers. */
ojit_status oj_graph_copy(struct graph *copy, const struct graph *graph);
void oj_graph_drop(struct graph *graph);
/* Expect so many nodes in all, so that the table of them need not grow; false: out
 * of memory. */
bool oj_graph_reserve(struct graph *graph, size_t nodes);
/* Forget the table of known nodes, which takes as much as a fifth of them; it is made
 * again by oj_graph_rehash, or when the next node is made. */
void oj_graph_unhash(struct graph *graph);
/* Keep the nodes e with numbers[e] != 0, which are in order and closed under
 * operands, under those numbers.  Nothing can be made before oj_graph_rehash. */
void oj_graph_keep(struct graph *graph, const uint32_t *numbers);
bool oj_graph_rehash(struct graph *graph);

static inline const struct node *oj_node(const struct graph *g, ojit_expr e)
{
	return &g->nodes.chunks.at[e / NODE_CHUNK][e % NODE_CHUNK];
}
static inline const ojit_expr *oj_operands(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	return n->inside ? n->pair : g->operands.chunks.at[n->first / OPERAND_CHUNK].at + n->first % OPERAND_CHUNK;
}
static inline enum type oj_type(const struct graph *g, ojit_expr e)
{
	return oj_op_info[oj_node(g, e)->op].type;
}
static inline bool oj_is(const struct graph *g, ojit_expr e, enum op op)
{
	return oj_node(g, e)->op == op;
}
static inline bool oj_is_literal(const struct graph *g, ojit_expr e, double value)
{
	union { double real; uint64_t bits; } v = {.real = value};
	return oj_is(g, e, OP_LITERAL) && oj_node(g, e)->bits == v.bits;
}

/* Makers.  None simplifies (see simplify.h for those that do), except that
 * integers are always brought to normal form.  A 0 operand gives 0. */
ojit_expr oj_literal(struct graph *g, double value);
ojit_expr oj_time(struct graph *g);
ojit_expr oj_make(struct graph *g, enum op op, uint32_t arity, const ojit_expr *operands);
ojit_expr oj_make1(struct graph *g, enum op op, ojit_expr a);
ojit_expr oj_make2(struct graph *g, enum op op, ojit_expr a, ojit_expr b);
ojit_expr oj_make3(struct graph *g, enum op op, ojit_expr a, ojit_expr b, ojit_expr c);
ojit_expr oj_power(struct graph *g, ojit_expr a, int64_t exponent);
ojit_expr oj_load(struct graph *g, uint32_t array, uint32_t rank, const ojit_expr *indices);
ojit_expr oj_symbol(struct graph *g, uint32_t symbol, uint32_t origin, uint32_t rank,
                    const ojit_expr *indices);
ojit_expr oj_reduce(struct graph *g, struct reduction reduction, ojit_expr start, ojit_expr lo,
                    ojit_expr end, ojit_expr body);
/* The same node with other operands. */
ojit_expr oj_remake(struct graph *g, ojit_expr like, const ojit_expr *operands);
/* The value a reduction of nothing has: 0 (or -0, which leaves every sum of at
 * least one term as it is), 1, inf, -inf. */
double oj_reduction_identity(enum reduction_kind kind, bool nonempty);

/* Integers, in normal form: constants are folded; a sum of multiples of atoms
 * (index variables, table entries, wraps, minima) is one AFFINE with its atoms in
 * order (index variables by level, then the others by index) and no zero
 * coefficient; a lone atom stands for itself.  Constants and coefficients that
 * leave 64 bits stick at the end of the range: no array reaches there. */
ojit_expr oj_integer(struct graph *g, int64_t value);
ojit_expr oj_index(struct graph *g, unsigned level);
ojit_expr oj_integer_add(struct graph *g, ojit_expr a, ojit_expr b);
ojit_expr oj_integer_scale(struct graph *g, ojit_expr a, int64_t factor);
ojit_expr oj_integer_offset(struct graph *g, ojit_expr a, int64_t offset);
/* constant + sum of factors[k] * integers[k], k < count. */
ojit_expr oj_integer_sum(struct graph *g, int64_t constant, uint32_t count, const ojit_expr *integers,
                         const int64_t *factors);
ojit_expr oj_integer_wrap(struct graph *g, ojit_expr a, int64_t lo, int64_t n);
ojit_expr oj_integer_min(struct graph *g, ojit_expr a, ojit_expr b);
ojit_expr oj_integer_max(struct graph *g, ojit_expr a, ojit_expr b);
ojit_expr oj_table(struct graph *g, uint32_t table, uint32_t rank, const ojit_expr *indices);
bool oj_integer_value(const struct graph *g, ojit_expr e, int64_t *value);

/* An integer as constant + sum of coefficient[k] * atom[k], k < count; points
 * into the graph (or at `self` for a lone atom) until the next node is made. */
struct affine {
	int64_t constant;
	uint32_t count;
	const ojit_expr *atoms;
	const int64_t *coefficients;
	ojit_expr self;
	int64_t one;
};
void oj_affine(const struct graph *g, ojit_expr e, struct affine *affine);
/* Do two integers have the same sum whatever the indices?  Then the greater of them is
 * no less than *half, the sum halved and rounded up, and the other no more than the rest. */
bool oj_mirrored(const struct graph *g, ojit_expr a, ojit_expr b, int64_t *half, int64_t *rest);

/* Is an integer written as a sum of multiples of index variables and of at most
 * one other atom?  Such integers, and nodes without operands, are ordered by what
 * they are and not by when they were made. */
bool oj_is_plain(const struct graph *g, ojit_expr e);
/* Is an entry of a table among the atoms of one of these integers? */
bool oj_read_tables(const struct graph *g, const ojit_expr *integers, uint32_t count);
/* The order of operands of equal shape: < 0 when a comes first.  Nodes that are
 * not plain compare by their value in `number`; NULL: by index. */
struct expr_map;
int oj_compare(const struct graph *g, ojit_expr a, ojit_expr b, const struct expr_map *number);
bool oj_commutes(enum op op);

/* A map from expressions to expressions (or any 32-bit numbers). */
struct expr_map {
	ojit_context *context;
	uint32_t *keys, *values; /* key 0: free */
	size_t room, count;
};
void oj_expr_map_init(struct expr_map *map, ojit_context *context);
void oj_expr_map_drop(struct expr_map *map);
bool oj_expr_map_put(struct expr_map *map, uint32_t key, uint32_t value); /* key != 0 */
bool oj_expr_map_get(const struct expr_map *map, uint32_t key, uint32_t *value);

/* All nodes reachable from `roots`, each once, operands first, appended to `list`.
 * `into_bodies` false: bodies of reductions are not entered. */
struct expr_list { VECTOR(ojit_expr) list; };
int oj_by_index(const void *a, const void *b); /* for qsort */
bool oj_reach(const struct graph *g, const ojit_expr *roots, size_t root_count, bool into_bodies,
              struct expr_list *out);
/* Those of them that depend on index variables and are in no body, found without
 * looking below the others. */
bool oj_reach_open(const struct graph *g, const ojit_expr *roots, size_t root_count, struct expr_list *out);

#endif
