/* The degree of values as polynomials in time, where states and intermediates are of
 * endless degree: what tells which Taylor coefficients vanish by structure. */
#ifndef OJ_DEGREE_H
#define OJ_DEGREE_H

#include "lib/graph/program.h"

enum { ENDLESS_DEGREE = 10000 };

struct degrees {
	const struct space *space;
	VECTOR(uint16_t) at; /* by node, filled as far as was asked */
};
void oj_degrees_drop(struct degrees *degrees);
/* Of node `e`; failure to remember it sets *ok false and gives 0. */
unsigned oj_degree(struct degrees *degrees, ojit_expr e, bool *ok);

#endif
