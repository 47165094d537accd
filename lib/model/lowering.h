/* What the steps of lowering share.
 *
 *   entity   what a name stands for: constant, parameter, state, intermediate, table
 *   unit     lines that are computed together: all equations of a state, all lines
 *            of a let, all initial values of a state, one edge of an array.  Units
 *            are what depends on each other
 *   line     one definition with its box of indices; called by the definition's number
 *
 * Steps, in order: gather (entities, units), statics (constants, tables, boxes),
 * tiles (overlaps and gaps), scan (who needs whom; names, ranks), order, kernels. */
#ifndef OJ_LOWERING_H
#define OJ_LOWERING_H

#include "lib/model/lower.h"

enum unit_kind { UNIT_CONST, UNIT_TABLE, UNIT_PARAM, UNIT_LET, UNIT_EQUATION, UNIT_EDGE, UNIT_INIT, UNIT_OUT };
enum { NOWHERE = UINT32_MAX, STATIC_KERNEL = PROGRAM_KINDS };

struct range {
	int64_t lo, end;
};


struct edge { /* a unit needs another */
	uint32_t unit, place, next;
};

/* What forbids something in initial values: it depends on the state x, say. */
enum taint { TAINT_NONE, TAINT_STATE, TAINT_DERIVATIVE, TAINT_TIME };

/* There may be very many units and entities of rank 0, so they are kept small: 40 and
 * 24 bytes.  Their names and places are those of their first definitions. */
struct unit {
	uint8_t kind, rank, primes;
	uint8_t visit : 2;    /* of the ordering walk: 0, 1 open, 2 done */
	uint8_t taint : 2;    /* enum taint */
	bool reduces : 1;     /* a reduction stands in its terms */
	bool shared : 1;      /* EQUATION: others read it */
	bool idle : 1;        /* no kernel needs it, but it is to be checked */
	uint8_t needed;       /* bit k: by kernel k */
	uint8_t kernel;       /* the kernel that array and value are valid for, + 1 */
	uint32_t entity;      /* NOWHERE: OUT */
	uint32_t first;       /* line */
	union {
		uint32_t last;       /* line, while they are gathered */
		uint32_t taint_name; /* afterwards */
	};
	uint32_t next;        /* EDGE: next edge of the entity */
	union {
		uint32_t edges;  /* first in lowering->edges, while there are any */
		ojit_expr value; /* of a scalar without array, when kernels are made */
	};
	union {
		uint32_t offset; /* OUT, INIT */
		uint32_t array;  /* the others: its TEMP array, NOWHERE */
	};
	struct range *box;    /* [rank] around its lines; of one line, that line's */
};

struct holding { /* what only some entities have */
	uint32_t *parts;      /* [part_count] edge units by their lo on the first axis; NULL: not made, or few */
	uint32_t part_count;
	int64_t widest;       /* of them, on the first axis */
	uint32_t inits[2];    /* STATE: units, NOWHERE */
	uint32_t table;       /* TABLE: in the space */
	uint32_t table_copy;  /* and in the statics' space */
	uint32_t arrays[2];   /* PARAM, STATE and its derivative */
	uint8_t symbol_kernel[3]; /* + 1 */
	uint32_t symbols[3];  /* by primes */
};

struct entity {
	uint8_t kind;  /* enum ojit_kind; STATES are OJIT_EQUATION */
	uint8_t order, rank;
	bool indexed : 1;     /* somewhere a subscript of it is no constant */
	bool lone : 1;        /* a scalar parameter or state of first order */
	uint32_t unit;        /* main */
	uint32_t edge_units;  /* first, NOWHERE */
	union {
		double value;                /* CONST */
		struct {
			uint32_t init, array; /* lone; as in struct holding */
		};
		struct holding *held;        /* the others; NULL: a scalar let */
	};
};

struct memo {
	ojit_expr value;
	uint32_t scope;
	uint8_t depth, want, nest;
};

struct lowering {
	const ojit_model *model;
	const struct forest *forest;
	struct lowered *out;
	struct space *space; /* &out->space */
	struct space statics; /* where constants and tables are computed */
	struct oj_error *error;
	ojit_context *context;
	struct arena arena;
	struct range *ranges;    /* [model->axes] boxes of lines */
	uint32_t *next;          /* [model->axes] by a line's first axis: next line of its unit, NOWHERE */
	uint32_t *entity_of;     /* [names], NOWHERE */
	uint8_t *integral;       /* [terms] INTEGRAL, CONSTANT */
	struct expr_map out_of;  /* 3 * name + primes + 1 -> unit of the observable */
	VECTOR(struct memo) memo; /* of terms that are shared */
	struct expr_map memo_of;  /* term -> its memo, + 1 */
	struct expr_map reduction_of; /* an index -> the reduction it runs in; NOWHERE: several */
	struct expr_map seen;    /* a shared term -> stamp of the scan that met it */
	uint32_t stamp;
	uint32_t scope;          /* the latest scope's number */
	const char **files;      /* [sources] copies that outlive the model, or NULL */
	struct column_cursor cursor;
	VECTOR(struct entity) entities;
	VECTOR(struct unit) units;
	VECTOR(struct edge) edges;
	VECTOR(uint32_t) order;  /* of units */
	bool tables;             /* an index table is read outside of constants */
	int tabulating;          /* depth */
	bool lost;               /* an origin, for want of memory */
};
enum { INTEGRAL = 1, CONSTANT = 2 };

ojit_status oj_gather(struct lowering *low);
/* Is what a unit computes a node and no array?  So are scalars, and elements that are
 * given one by one and read by number only; reductions are arrays everywhere. */
bool oj_is_node(const struct lowering *low, const struct unit *unit);
ojit_status oj_evaluate_statics(struct lowering *low);
ojit_status oj_check_tiles(struct lowering *low);
ojit_status oj_scan(struct lowering *low);
/* Is `term` met for the first time in the walk that low->stamp marks?  Only shared
 * terms can be met again.  *ok false: out of memory. */
bool oj_is_unseen(struct lowering *low, uint32_t term, bool *ok);
/* Push what a walk over terms has not seen yet of a term's operands.  False: out of
 * memory. */
bool oj_push_unseen(struct lowering *low, uint32_t term, struct expr_list *stack);
/* Of parts in order the first that may reach up to `at` on the first axis. */
uint32_t oj_first_part(const struct lowering *low, const struct holding *held, double at);
ojit_status oj_emit_kernels(struct lowering *low);
/* Order units of the given kinds (those up to UNIT_TABLE, or the others) after what
 * they need, appended to low->order. */
ojit_status oj_order_units(struct lowering *low, bool statics);

/* Note what the terms of a line need.  Statics may only need statics. */
ojit_status oj_scan_unit(struct lowering *low, uint32_t unit);

ojit_status oj_fail_place(const struct lowering *low, uint32_t place, ojit_status status,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
ojit_status oj_fail_unknown(const struct lowering *low, uint32_t place, const char *what, uint32_t name,
                            const char *remedy);
#define DEFINE_IT "define it with const, param, let or an equation"
static inline const char *oj_name_of(const struct lowering *low, uint32_t name)
{
	return oj_forest_text(low->forest, name);
}
static inline const struct definition *oj_definition(const struct lowering *low, uint32_t line)
{
	return &low->model->definitions.at[line];
}
static inline const struct axis *oj_axes(const struct lowering *low, const struct definition *d)
{
	return d->rank ? &low->model->axes.at[d->axes] : NULL;
}
static inline struct range *oj_line_box(const struct lowering *low, uint32_t line)
{
	return &low->ranges[oj_definition(low, line)->axes];
}
/* The next line of the same unit; NOWHERE: the last, as all scalars are. */
static inline uint32_t oj_next_line(const struct lowering *low, uint32_t line)
{
	const struct definition *d = oj_definition(low, line);
	return d->rank ? low->next[d->axes] : NOWHERE;
}
static inline const struct definition *oj_unit_definition(const struct lowering *low, const struct unit *unit)
{
	return oj_definition(low, unit->first);
}
static inline const struct definition *oj_entity_definition(const struct lowering *low, const struct entity *entity)
{
	return oj_unit_definition(low, &low->units.at[entity->unit]);
}
static inline const char *oj_unit_name(const struct lowering *low, const struct unit *unit)
{
	return oj_name_of(low, oj_unit_definition(low, unit)->name);
}
static inline const char *oj_entity_name(const struct lowering *low, const struct entity *entity)
{
	return oj_name_of(low, oj_entity_definition(low, entity)->name);
}
/* Of a state or parameter: the unit of its initial value, and its array. */
static inline uint32_t *oj_entity_init(struct entity *entity, unsigned primes)
{
	return entity->lone ? &entity->init : &entity->held->inits[primes];
}
static inline uint32_t *oj_entity_array(struct entity *entity, unsigned primes)
{
	return entity->lone ? &entity->array : &entity->held->arrays[primes];
}
/* "line 3" or "FILE:3", for messages. */
const char *oj_line_text(const struct lowering *low, uint32_t place, char buffer[96]);
/* "a param", "a state", ... */
const char *oj_entity_kind(const struct entity *entity);
/* The names "x", "x'", "x''" in the space's arena. */
const char *oj_family_name(struct lowering *low, uint32_t name, unsigned primes);

/* Literals and constants by name, with a sign or without, as most are; false: something
 * else. */
bool oj_plain_constant(const struct lowering *low, ojit_expr term, double *value);
/* Constants: a term without indices or names of run-time things. */
ojit_status oj_constant(struct lowering *low, ojit_expr term, double *value);
ojit_status oj_constant_integer(struct lowering *low, ojit_expr term, const char *what, int64_t *value);
/* Values for all places of a box; indices[rank] are its index variables. */
ojit_status oj_tabulate(struct lowering *low, ojit_expr term, uint32_t rank, const ojit_expr *indices,
                        const int64_t *lo, const int64_t *end, double *values);
/* Numbers of a line's list or file, points of its box; in the arena. */
ojit_status oj_line_numbers(struct lowering *low, uint32_t line, const double **values);
/* A table of whole numbers in both spaces. */
ojit_status oj_add_table(struct lowering *low, const char *name, uint32_t place, uint32_t rank,
                         const int64_t *base, const int64_t *extent, const double *values,
                         uint32_t *table, uint32_t *copy);
static inline int64_t oj_part_lo(const struct lowering *low, const struct holding *held, uint32_t part)
{
	return low->units.at[held->parts[part]].box[0].lo;
}
/* Shape of a line: points, or -1 when beyond 2^40. */
int64_t oj_box_points(uint32_t rank, const struct range *box);
static inline int64_t oj_extent(struct range range)
{
	return range.end - range.lo;
}
/* An array of that shape in the space, where its name lies already; NOWHERE: out of
 * memory, or `name` is NULL. */
uint32_t oj_box_array(struct lowering *low, const char *name, enum array_role role, uint32_t rank,
                      const struct range *box, int64_t offset);

#endif
