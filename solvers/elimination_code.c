/* See elimination_code.h.  The instructions are those of SSE2 and SSE3 (Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 2), whose results are those of C's operations
 * one by one. */
#include "solvers/elimination_code.h"

#include "solvers/complexes.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__) && defined(__unix__)

#include <sys/mman.h>

/* Longer code would not stay in the cache, and its lists have long rows. */
enum { MOST_BYTES = 48 * 1024 };

/* ---- instructions ---- */

struct output {
	uint8_t *bytes; /* [MOST_BYTES] */
	size_t count;   /* more where they did not fit */
};

static void put(struct output *o, unsigned byte)
{
	if (o->count < MOST_BYTES)
		o->bytes[o->count] = (uint8_t)byte;
	o->count++;
}

/* A register of vectors, or memory behind one of addresses. */
enum base { AT_REGISTER = -1, AT_FIRST = 7 /* rdi */, AT_SECOND = 6 /* rsi */, AT_THIRD = 2 /* rdx */ };
struct operand {
	enum base base;
	int at; /* number of the register, or distance */
};

/* Prefix and opcode, after 0F. */
enum instruction {
	LOAD = 0xf210, STORE = 0xf211, LOAD_PAIR = 0x6610, STORE_PAIR = 0x6611, COPY = 0x6628,
	SUM = 0xf258, PRODUCT = 0xf259, DIFFERENCE = 0xf25c, LEAST = 0xf25d, QUOTIENT = 0xf25e, LARGEST = 0xf25f,
	SUM_PAIR = 0x6658, PRODUCT_PAIR = 0x6659, DIFFERENCE_PAIR = 0x665c, LOWS = 0x6614, HIGHS = 0x6615,
	AND = 0x6654, XOR = 0x6657, BOTH = 0xf212 /* a number twice */, TURN = 0x66d0 /* - and + by turns */,
	MIX = 0x66c6,
};

static void emit(struct output *o, enum instruction what, int to, struct operand from)
{
	bool in_register = from.base == AT_REGISTER;
	unsigned low = (unsigned)(in_register ? from.at : (int)from.base), rex = (unsigned)to >> 3 << 2 | low >> 3;
	bool near = from.at >= -128 && from.at < 128;
	put(o, (unsigned)what >> 8);
	if (rex)
		put(o, 0x40 | rex);
	put(o, 0x0f);
	put(o, (unsigned)what & 0xff);
	put(o, (in_register ? 0xc0u : near ? 0x40u : 0x80u) | ((unsigned)to & 7) << 3 | (low & 7));
	for (int b = 0; !in_register && b < (near ? 1 : 4); b++)
		put(o, (unsigned)from.at >> 8 * b & 0xff);
}

static struct operand reg(int number)
{
	return (struct operand){AT_REGISTER, number};
}

static void begin(struct output *o)
{
	put(o, 0xf3), put(o, 0x0f), put(o, 0x1e), put(o, 0xfa); /* endbr64 */
}

static void end(struct output *o)
{
	put(o, 0xc3); /* ret */
}

/* The halves of `to` change places. */
static void swap_halves(struct output *o, int to)
{
	emit(o, MIX, to, reg(to));
	put(o, 1);
}

/* ---- factors ---- */

/* What the code of factors is handed and what it tells. */
struct watch {
	double magnitude[2]; /* all bits but the sign */
	double conjugate[2]; /* the sign of the imaginary part */
	double one[2];
	double growth, least, most; /* multiplier; squares of complex pivots */
	double odd[2];              /* NaN: something was not finite */
} __attribute__((aligned(16)));

static struct operand watched(size_t offset)
{
	return (struct operand){AT_SECOND, (int)offset};
}
#define WATCH(field) watched(offsetof(struct watch, field))

/* Registers: 0 .. 8 come and go, these last. */
enum { GROWTH = 9, ODD, ZERO, LEAST_SQUARE, MOST_SQUARE, LAST_REGISTER = 15 };

static struct operand entry(int width, int number)
{
	return (struct operand){AT_FIRST, 8 * width * number};
}

/* NaN and infinite numbers in `from` are kept in ODD. */
static void watch_odd(struct output *o, int from)
{
	emit(o, COPY, 8, reg(from));
	emit(o, PRODUCT_PAIR, 8, reg(ZERO));
	emit(o, SUM_PAIR, ODD, reg(8));
}

/* Register 0 becomes the pivot's inverse, 1 that with its halves swapped. */
static void invert_pivot(struct output *o, int width, struct operand pivot)
{
	if (width == 1) {
		emit(o, LOAD, 0, WATCH(one));
		emit(o, QUOTIENT, 0, pivot);
		emit(o, STORE, 0, pivot);
		watch_odd(o, 0);
		return;
	}
	emit(o, LOAD_PAIR, 0, pivot);
	emit(o, COPY, 1, reg(0));
	emit(o, PRODUCT_PAIR, 1, reg(1));
	emit(o, COPY, 2, reg(1));
	emit(o, HIGHS, 2, reg(2));
	emit(o, SUM, 1, reg(2));
	emit(o, LEAST, LEAST_SQUARE, reg(1));
	emit(o, LARGEST, MOST_SQUARE, reg(1));
	emit(o, LOAD, 2, WATCH(one));
	emit(o, QUOTIENT, 2, reg(1));
	emit(o, LOWS, 2, reg(2));
	emit(o, XOR, 0, WATCH(conjugate));
	emit(o, PRODUCT_PAIR, 0, reg(2));
	emit(o, STORE_PAIR, 0, pivot);
	watch_odd(o, 0);
	emit(o, COPY, 1, reg(0));
	swap_halves(o, 1);
}

/* to = a b for a pair a at an entry and b in two registers, as it is and swapped; takes register 8. */
static void multiply_pair(struct output *o, int to, struct operand a, struct operand b, struct operand swapped)
{
	emit(o, BOTH, to, a);
	emit(o, PRODUCT_PAIR, to, b);
	emit(o, BOTH, 8, (struct operand){a.base, a.at + 8});
	emit(o, PRODUCT_PAIR, 8, swapped);
	emit(o, TURN, to, reg(8));
}

/* The multiplier becomes register 2, of pairs 2 twice the real and 3 twice the imaginary part. */
static void make_multiplier(struct output *o, int width, struct operand lower)
{
	if (width == 1) {
		emit(o, LOAD, 2, lower);
		emit(o, PRODUCT, 2, reg(0));
		emit(o, STORE, 2, lower);
		emit(o, COPY, 4, reg(2));
		emit(o, AND, 4, WATCH(magnitude));
	} else {
		multiply_pair(o, 2, lower, reg(0), reg(1));
		emit(o, STORE_PAIR, 2, lower);
		emit(o, COPY, 4, reg(2));
		emit(o, AND, 4, WATCH(magnitude));
		emit(o, COPY, 5, reg(4));
		emit(o, HIGHS, 5, reg(5));
		emit(o, SUM, 4, reg(5));
	}
	emit(o, LARGEST, GROWTH, reg(4));
	watch_odd(o, 2);
	if (width == 2) {
		emit(o, COPY, 3, reg(2));
		emit(o, HIGHS, 3, reg(3));
		emit(o, LOWS, 2, reg(2));
	}
}

/* target -= multiplier u */
static void take_product(struct output *o, int width, struct operand u, struct operand target)
{
	if (width == 1) {
		emit(o, LOAD, 4, u);
		emit(o, PRODUCT, 4, reg(2));
		emit(o, LOAD, 5, target);
		emit(o, DIFFERENCE, 5, reg(4));
		emit(o, STORE, 5, target);
		return;
	}
	emit(o, LOAD_PAIR, 4, u);
	emit(o, COPY, 6, reg(4));
	swap_halves(o, 6);
	emit(o, PRODUCT_PAIR, 4, reg(2));
	emit(o, PRODUCT_PAIR, 6, reg(3));
	emit(o, TURN, 4, reg(6));
	emit(o, LOAD_PAIR, 5, target);
	emit(o, DIFFERENCE_PAIR, 5, reg(4));
	emit(o, STORE_PAIR, 5, target);
}

/* double *values, struct watch * */
static void emit_factor(struct output *o, const struct plan *plan, int n, int width)
{
	const uint16_t *lower = plan->lower, *target = plan->target;
	begin(o);
	emit(o, XOR, GROWTH, reg(GROWTH));
	emit(o, XOR, ODD, reg(ODD));
	emit(o, XOR, ZERO, reg(ZERO));
	emit(o, LOAD, LEAST_SQUARE, WATCH(one));
	emit(o, LOAD, MOST_SQUARE, WATCH(one));
	for (int k = 0; k < n; k++) {
		const struct round *round = &plan->rounds[k];
		int pivot = round->first + round->left;
		invert_pivot(o, width, entry(width, pivot));
		for (int r = 0; r < round->down; r++) {
			make_multiplier(o, width, entry(width, *lower++));
			for (int c = 0; c < round->across; c++)
				take_product(o, width, entry(width, pivot + 1 + c), entry(width, *target++));
		}
	}
	emit(o, STORE, GROWTH, WATCH(growth));
	emit(o, STORE, LEAST_SQUARE, WATCH(least));
	emit(o, STORE, MOST_SQUARE, WATCH(most));
	emit(o, STORE_PAIR, ODD, WATCH(odd));
	end(o);
}

/* ---- solves ---- */

enum { FIRST_ROW = 3, ROWS_IN_REGISTERS = LAST_REGISTER - FIRST_ROW + 1 };

/* Where row k's unknown waits: in a register where all of them find one.  0 .. 2 and 8, which is
 * a row's only in real systems, come and go. */
static struct operand waiting(int n, int width, int k)
{
	bool fits = width == 1 ? n <= ROWS_IN_REGISTERS : n < ROWS_IN_REGISTERS;
	int number = FIRST_ROW + k + (width == 2 && FIRST_ROW + k >= 8);
	return fits ? reg(number) : (struct operand){AT_THIRD, 8 * width * k};
}

/* `sum` -= the products of `count` entries from `first` on with what waits. */
static void take_row(struct output *o, const struct plan *plan, int n, int width, int sum, int first, int count)
{
	for (int e = first; e < first + count; e++) {
		struct operand w = waiting(n, width, plan->other[e]);
		if (width == 1) {
			emit(o, LOAD, 1, entry(1, e));
			emit(o, PRODUCT, 1, w);
			emit(o, DIFFERENCE, sum, reg(1));
			continue;
		}
		emit(o, COPY, 2, w);
		swap_halves(o, 2);
		multiply_pair(o, 1, entry(2, e), w, reg(2));
		emit(o, DIFFERENCE_PAIR, sum, reg(1));
	}
}

static void move_sum(struct output *o, int width, int sum, struct operand to)
{
	if (to.base != AT_REGISTER)
		emit(o, width == 1 ? STORE : STORE_PAIR, sum, to);
	else if (to.at != sum)
		emit(o, COPY, to.at, reg(sum));
}

/* const double *values, double *x, double *room */
static void emit_solve(struct output *o, const struct plan *plan, int n, int width)
{
	const enum instruction load = width == 1 ? LOAD : LOAD_PAIR, store = width == 1 ? STORE : STORE_PAIR;
	begin(o);
	for (int k = 0; k < n; k++) {
		const struct round *round = &plan->rounds[k];
		struct operand w = waiting(n, width, k);
		int sum = w.base == AT_REGISTER ? w.at : 0;
		emit(o, load, sum, (struct operand){AT_SECOND, 8 * width * round->row});
		take_row(o, plan, n, width, sum, round->first, round->left);
		move_sum(o, width, sum, w);
	}
	for (int k = n - 1; k >= 0; k--) {
		const struct round *round = &plan->rounds[k];
		struct operand w = waiting(n, width, k);
		int sum = w.base == AT_REGISTER ? w.at : 0, pivot = round->first + round->left;
		if (sum == 0)
			emit(o, load, 0, w);
		take_row(o, plan, n, width, sum, pivot + 1, round->across);
		if (width == 1) {
			emit(o, PRODUCT, sum, entry(1, pivot));
		} else {
			emit(o, COPY, 2, reg(sum));
			swap_halves(o, 2);
			multiply_pair(o, 1, entry(2, pivot), reg(sum), reg(2));
			emit(o, COPY, sum, reg(1));
		}
		move_sum(o, width, sum, w);
		emit(o, store, sum, (struct operand){AT_SECOND, 8 * width * round->column});
	}
	end(o);
}

/* ---- pages ---- */

bool oj_elimination_code_make(struct elimination_code *code, const struct plan *plan, int n, int width)
{
	oj_elimination_code_drop(code);
	if (!__builtin_cpu_supports("sse3"))
		return false;
	void *pages = mmap(NULL, MOST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return false;
	struct output o = {.bytes = pages};
	code->pages = pages;
	emit_factor(&o, plan, n, width);
	code->solve = o.count;
	emit_solve(&o, plan, n, width);
	for (int k = 0; k < n; k++)
		code->pivots[k] = (struct place){(uint8_t)plan->rounds[k].row, (uint8_t)plan->rounds[k].column};
	if (o.count <= MOST_BYTES && mprotect(pages, MOST_BYTES, PROT_READ | PROT_EXEC) == 0)
		return true;
	oj_elimination_code_drop(code);
	return false;
}

void oj_elimination_code_drop(struct elimination_code *code)
{
	if (code->pages)
		munmap(code->pages, MOST_BYTES);
	*code = (struct elimination_code){0};
}

bool oj_elimination_code_fits(const struct elimination_code *code, const struct plan *plan, int n)
{
	bool same = code->pages != NULL;
	for (int k = 0; same && k < n; k++)
		same = code->pivots[k].row == plan->rounds[k].row && code->pivots[k].column == plan->rounds[k].column;
	return same;
}

/* A function at a place in the pages; C has no cast for this. */
static void *entry_at(const struct elimination_code *code, size_t offset)
{
	return (char *)code->pages + offset;
}

bool oj_elimination_code_factor(const struct elimination_code *code, struct plan *plan)
{
	struct watch watch = {.conjugate = {0, -0.0}, .one = {1, 1}};
	const uint64_t magnitude = UINT64_MAX >> 1;
	void (*run)(double *, struct watch *);
	void *at = entry_at(code, 0);
	memcpy(&run, &at, sizeof run);
	memcpy(&watch.magnitude[0], &magnitude, sizeof magnitude);
	memcpy(&watch.magnitude[1], &magnitude, sizeof magnitude);
	run(plan->values, &watch);
	return watch.growth <= MOST_GROWTH && watch.odd[0] + watch.odd[1] == 0 && watch.least > COMPLEX_LEAST
		&& watch.most < COMPLEX_MOST;
}

void oj_elimination_code_solve(const struct elimination_code *code, const struct plan *plan, double *x)
{
	double room[2 * ELIMINATION_MOST] __attribute__((aligned(16)));
	void (*run)(const double *, double *, double *);
	void *at = entry_at(code, code->solve);
	memcpy(&run, &at, sizeof run);
	run(plan->values, x, room);
}

#else

bool oj_elimination_code_make(struct elimination_code *code, const struct plan *plan, int n, int width)
{
	(void)code, (void)plan, (void)n, (void)width;
	return false;
}

void oj_elimination_code_drop(struct elimination_code *code)
{
	(void)code;
}

bool oj_elimination_code_fits(const struct elimination_code *code, const struct plan *plan, int n)
{
	(void)code, (void)plan, (void)n;
	return false;
}

bool oj_elimination_code_factor(const struct elimination_code *code, struct plan *plan)
{
	(void)code, (void)plan;
	return false;
}

void oj_elimination_code_solve(const struct elimination_code *code, const struct plan *plan, double *x)
{
	(void)code, (void)plan, (void)x;
}

#endif
