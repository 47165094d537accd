/* Which way of factorising a pattern gets, and the module's entry.
 *
 * The way is the one of the least counted work.  An operation on sparse matrices counts
 * several times, because it goes through indices and runs in no vector (measured
 * once: KLU 4 to 8 times the time of LAPACK's per operation). */
#include "solvers/linear/factors.h"

#include <unistd.h>

#define SPARSE_PRICE 5.0
#define BAND_PRICE 1.5

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

/* Half of the memory that the machine has; 0: it does not say. */
static double memory_to_spare(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? 0.5 * (double)pages * (double)page : 0;
}

/* Full matrices and bands of thousands of states are easily asked for, and the system would hand
 * out memory that it has not. */
static ojit_status check_room(const struct linear *base, bool asked, struct oj_error *error)
{
	size_t bytes = base->kind == LINEAR_DENSE ? oj_dense_bytes(base)
	             : base->kind == LINEAR_BAND ? oj_band_bytes(base, oj_band_of(base->pattern)) : 0;
	double spare = memory_to_spare();
	if (spare == 0 || (double)bytes <= spare)
		return OJIT_OK;
	return oj_fail(error, OJIT_UNSUPPORTED, "linear = %s takes %.3g GB for %lld states, in one real and %d complex matrices, "
	               "more than half of the %.3g GB that this machine has; choose %s", oj_linear_name(base->kind), 1e-9 * (double)bytes,
	               (long long)base->pattern->columns, base->complexes, 2e-9 * spare,
	               asked ? "sparse or auto" : "an explicit method");
}

static ojit_status make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind, int complexes,
                        struct linear **linear, struct text *why, struct oj_error *error)
{
	static struct linear *(*const makers[LINEAR_KINDS])(const struct linear *) = {
		[LINEAR_DENSE] = oj_dense_make, [LINEAR_BAND] = oj_band_make, [LINEAR_SPARSE] = oj_sparse_make,
	};
	struct effort efforts[LINEAR_KINDS] = {{0}};
	bool asked = kind != LINEAR_AUTO;
	*linear = NULL;
	if (!count_efforts(pattern, efforts))
		return oj_fail_memory(error);
	if (kind == LINEAR_AUTO)
		kind = choose(pattern, efforts, why);
	else if (why)
		oj_text_format(why, "%s, as asked for", oj_linear_name(kind));
	struct linear base = {.context = context, .pattern = pattern, .kind = kind, .complexes = complexes,
	                      .effort = efforts[kind]};
	TRY(check_room(&base, asked, error));
	*linear = makers[kind](&base);
	return *linear ? OJIT_OK : oj_fail_memory(error);
}

const unsigned *ojit_linear_library(void);
__attribute__((visibility("default"))) const unsigned *ojit_linear_library(void)
{
	static const struct linear_library library = {.version = LINEAR_VERSION, .make = make};
	return &library.version;
}
