/* Eight lanes, with FMA. */
#define LANES 8
#define FAMILY finz
#define ISA avx512f
#define WITH_FMA 1
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#include "lib/math/lanes.h"
