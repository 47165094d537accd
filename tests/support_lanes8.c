/* Calls with eight lanes. */
#include "tests/support_lanes.h"

#include <immintrin.h>
#include <string.h>

SUPPORT_CALL(8, __m512d, __attribute__((target("avx512f"))))
