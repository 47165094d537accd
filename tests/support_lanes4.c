/* Calls with four lanes. */
#include "tests/support_lanes.h"

#include <immintrin.h>
#include <string.h>

SUPPORT_CALL(4, __m256d, __attribute__((target("avx2"))))
