/* One lane, with FMA. */
#define LANES 1
#define FAMILY finz
#define ISA purecfma
#define WITH_FMA 1
#define TARGET __attribute__((target("avx2,fma")))
#include "lib/math/lanes.h"
