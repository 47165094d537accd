/* Four lanes, with FMA. */
#define LANES 4
#define FAMILY finz
#define ISA avx2
#define WITH_FMA 1
#define TARGET __attribute__((target("avx2,fma")))
#include "lib/math/lanes.h"
