/* Which way a Jacobian is computed: by formulas of its entries (jacobian.h), which carry
 * derivatives through intermediates by sparse products, or by tangents in the directions
 * of a colouring (coloured.h).  Operations of both are counted, and the fewer taken. */
#ifndef OJ_JACOBIAN_WAY_H
#define OJ_JACOBIAN_WAY_H

#include "lib/base/text.h"
#include "lib/graph/jacobian.h"

enum jacobian_way { JACOBIAN_AUTOMATIC, JACOBIAN_DIRECT, JACOBIAN_COLOURED };

/* As oj_jacobian_program.  `explanation`: where what was chosen from is told, in lines
 * that begin with '#'; NULL: nowhere. */
ojit_status oj_jacobian_by_way(struct program *made, const struct program *program, const struct program *prepare,
                               const struct jacobian_request *request, enum jacobian_way way,
                               struct text *explanation, struct pattern *pattern, struct oj_error *error);

#endif
