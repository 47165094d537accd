/* Numbers that look random and are functions of their place.
 *
 * uniform(seed, i, j, k) and normal(seed, i, j, k) have no state: the generator
 * is threefry2x64 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011).  With bits(x) the 64 bits of the
 * double x + 0.0 (so that -0 is 0):
 *
 *   key     = bits(seed), bits(k) xor stream
 *   counter = bits(i),    bits(j)
 *
 * Counters a caller leaves out are 0.  As whole doubles go in, any seed and any
 * counters are allowed and different ones never meet; `stream` is 0 for uniform
 * and 1 for normal, which keeps the two apart for all k that are integers below
 * 2^52.  A nan among the operands gives nan.
 *
 * With words w0, w1 of the output, u = floor(w0 / 2^11) and v = floor(w1 / 2^11):
 *
 *   uniform = u 2^-53, in [0, 1)
 *   normal  = sqrt(-2 log((u + 1) 2^-53)) cos(2 pi v 2^-53)   (Box and Muller)
 *
 * of magnitude at most 8.58. */
#ifndef OJ_MATH_RANDOM_H
#define OJ_MATH_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

enum oj_math_stream { OJ_MATH_STREAM_UNIFORM, OJ_MATH_STREAM_NORMAL };

/* The generator's two words at seed, i, j, k; false, and no words, for a nan. */
bool oj_math_random(const double operands[4], enum oj_math_stream stream, uint64_t words[2]);

#endif
