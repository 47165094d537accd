/* How loops are compiled to vectors; for sources that are loops and little else.
 *
 * VECTORS and SHORT_VECTORS stand before a function: wider vectors where the processor has
 * them; the results are the same, for no operation is contracted or reordered.  Short
 * ones have four lanes at most: a single instruction on eight slows down all that follow
 * for a while, which shows where a step takes less than that (two states: 44 ns became
 * 80).  Not under the thread sanitizer, which the loader's choice of a clone would call
 * before it is there. */
#ifndef OJ_VECTORS_H
#define OJ_VECTORS_H

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "fp-contract=off")
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_THREAD__)
#define VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#define SHORT_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define VECTORS
#define SHORT_VECTORS
#endif
#define INLINE inline __attribute__((always_inline))

/* Before a loop over the columns of rows that do not overlap: a compiler that does not know the
 * stride would check each pair of them, or give up. */
#if defined(__GNUC__) && !defined(__clang__)
#define SEPARATE_ROWS _Pragma("GCC ivdep")
#else
#define SEPARATE_ROWS
#endif

/* A function with two compilations of body(n, ...), which is INLINE: with short vectors for few
 * elements, with long ones for many.  `scope` is static or nothing. */
enum { VECTORS_MANY = 64 };
#define BY_LENGTH(scope, name, body, parameters, arguments) \
	SHORT_VECTORS static void name##_of_few parameters \
	{ \
		body arguments; \
	} \
	VECTORS static void name##_of_many parameters \
	{ \
		body arguments; \
	} \
	scope void name parameters \
	{ \
		(n < VECTORS_MANY ? name##_of_few : name##_of_many) arguments; \
	}

#endif
