/* Which way of factorising a pattern gets, and the module's entry.
 *
 * The way is the one of the least counted work.  An operation on sparse matrices counts
 * several times, because it goes through indices and runs in no vector (measured
 * once: KLU 4 to 8 times the time of LAPACK's per operation). */
#include "solvers/linear/factors.h"

#define SPARSE_PRICE 5.0
#define BAND_PRICE 1.5

/* LAPACK counts entries in 32 bits, and nobody wants to wait for more. */
enum { DENSE_MOST = 30000 };

/* Of all kinds; false: out of memory. */
static bool count_efforts(const struct pattern *pattern, struct effort efforts[LINEAR_KINDS])
{
	struct effort sparse = {0};
	bool ok = oj_sparse_effort(pattern, &sparse);
	efforts[LINEAR_DENSE] = oj_dense_effort(pattern->columns);
	efforts[LINEAR_BAND] = oj_effort_times(BAND_PRICE, oj_band_effort(pattern->columns, oj_band_of(pattern)));
	efforts[LINEAR_SPARSE] = oj_effort_times(SPARSE_PRICE, sparse);
	return ok;
}

static enum linear_kind choose(const struct pattern *pattern, const struct effort efforts[LINEAR_KINDS], struct text *why)
{
	struct band band = oj_band_of(pattern);
	double dense = oj_effort_of_step(efforts[LINEAR_DENSE]), banded = oj_effort_of_step(efforts[LINEAR_BAND]);
	double scattered = oj_effort_of_step(efforts[LINEAR_SPARSE]);
	enum linear_kind kind = banded < dense ? LINEAR_BAND : LINEAR_DENSE;
	if (scattered < banded && scattered < dense)
		kind = LINEAR_SPARSE;
	if (why)
		oj_text_format(why, "%s; counted a step: dense %.3g, band of %lld below and %lld above %.3g, sparse %.3g",
		               oj_linear_name(kind), dense, (long long)band.lower, (long long)band.upper, banded, scattered);
	return kind;
}

static ojit_status make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind, int complexes,
                        struct linear **linear, struct text *why, struct oj_error *error)
{
	static struct linear *(*const makers[LINEAR_KINDS])(const struct linear *) = {
		[LINEAR_DENSE] = oj_dense_make, [LINEAR_BAND] = oj_band_make, [LINEAR_SPARSE] = oj_sparse_make,
	};
	struct effort efforts[LINEAR_KINDS] = {{0}};
	*linear = NULL;
	if (!count_efforts(pattern, efforts))
		return oj_fail_memory(error);
	if (kind == LINEAR_AUTO)
		kind = choose(pattern, efforts, why);
	else if (why)
		oj_text_format(why, "%s, as asked for", oj_linear_name(kind));
	if (kind == LINEAR_DENSE && pattern->columns > DENSE_MOST)
		return oj_fail(error, OJIT_UNSUPPORTED, "dense matrices of more than %d rows are not supported; "
		               "choose linear = sparse or auto", DENSE_MOST);
	struct linear base = {.context = context, .pattern = pattern, .kind = kind, .complexes = complexes,
	                      .effort = efforts[kind]};
	*linear = makers[kind](&base);
	return *linear ? OJIT_OK : oj_fail_memory(error);
}

const unsigned *ojit_linear_library(void);
__attribute__((visibility("default"))) const unsigned *ojit_linear_library(void)
{
	static const struct linear_library library = {.version = LINEAR_VERSION, .make = make};
	return &library.version;
}
