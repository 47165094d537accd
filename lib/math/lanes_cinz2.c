/* Two lanes, for CPUs without FMA. */
#define LANES 2
#define FAMILY cinz
#define ISA sse2
#define WITH_FMA 0
#define TARGET 
#include "lib/math/lanes.h"
