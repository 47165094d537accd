/* One lane, for CPUs without FMA. */
#define LANES 1
#define FAMILY cinz
#define ISA purec
#define WITH_FMA 0
#define TARGET 
#include "lib/math/lanes.h"
