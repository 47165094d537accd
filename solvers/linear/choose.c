/* Which way of factorising a pattern gets, and the module's entry.
 *
 * The way is the one of the least counted work: a step of an implicit method is taken
 * to be one factorisation and eight solves.  An operation on sparse matrices counts
 * several times, because it goes through indices and runs in no vector (measured
 * once: KLU 4 to 8 times the time of LAPACK's per operation). */
#include "solvers/linear/factors.h"

#define SPARSE_PRICE 5.0
#define BAND_PRICE 1.5
enum { SOLVES_A_STEP = 8 };

/* LAPACK counts entries in 32 bits, and nobody wants to wait for more. */
enum { DENSE_MOST = 30000 };

static double price(struct effort effort)
{
	return effort.factor + SOLVES_A_STEP * effort.solve;
}

static ojit_status choose(const struct pattern *pattern, enum linear_kind *kind, struct text *why,
                          struct oj_error *error)
{
	struct effort sparse = {0};
	int64_t n = pattern->columns;
	struct band band = oj_band_of(pattern);
	double least = price(oj_dense_effort(n)), banded = BAND_PRICE * price(oj_band_effort(n, band));
	if (!oj_sparse_effort(pattern, &sparse))
		return oj_fail_memory(error);
	*kind = LINEAR_DENSE;
	if (why)
		oj_text_format(why, "operations a step: dense %.3g, band of %lld + %lld %.3g, sparse %.3g", least,
		               (long long)band.lower, (long long)band.upper, banded, SPARSE_PRICE * price(sparse));
	if (banded < least)
		least = banded, *kind = LINEAR_BAND;
	if (SPARSE_PRICE * price(sparse) < least)
		*kind = LINEAR_SPARSE;
	return OJIT_OK;
}

static ojit_status make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind, int complexes,
                        struct linear **linear, struct text *why, struct oj_error *error)
{
	static struct linear *(*const makers[LINEAR_KINDS])(const struct linear *) = {
		[LINEAR_DENSE] = oj_dense_make, [LINEAR_BAND] = oj_band_make, [LINEAR_SPARSE] = oj_sparse_make,
	};
	*linear = NULL;
	if (kind == LINEAR_AUTO)
		TRY(choose(pattern, &kind, why, error));
	if (kind == LINEAR_DENSE && pattern->columns > DENSE_MOST)
		return oj_fail(error, OJIT_UNSUPPORTED, "dense matrices of more than %d rows are not supported; "
		               "choose linear = sparse or auto", DENSE_MOST);
	struct linear base = {.context = context, .pattern = pattern, .kind = kind, .complexes = complexes};
	*linear = makers[kind](&base);
	return *linear ? OJIT_OK : oj_fail_memory(error);
}

const unsigned *ojit_linear_library(void);
__attribute__((visibility("default"))) const unsigned *ojit_linear_library(void)
{
	static const struct linear_library library = {.version = LINEAR_VERSION, .make = make};
	return &library.version;
}
