/* Boxes: which rows of a group lie on a lattice.
 *
 * A row is a tuple of integers, the elements its equation reads and writes.  Rows
 * at equal distances in all of them at once are one axis of a box: the elements
 * are then affine maps of the box's indices.  Axes are found one after another:
 * runs of rows first, then runs of equal runs, so that equations of a grid written
 * out one by one are a grid again, of up to RANK axes.  Rows at its edges, which
 * read elsewhere, are boxes of fewer axes.
 *
 * Rows of several families may take turns (u1, v1, u2, v2, ...): up to PERIOD of
 * them are told apart.  All is linear in the rows, but for one sorting an axis. */
#ifndef OJ_ROLL_BOXES_H
#define OJ_ROLL_BOXES_H

#include "lib/graph/program.h"

struct box {
	uint32_t rank, extent[RANK]; /* last axis fastest */
	uint32_t first, points;      /* its rows are boxes.rows[first..first + points) */
};
struct boxes {
	VECTOR(struct box) list;
	uint32_t *rows;              /* [count], those of boxes, then the others in order */
	uint32_t count, covered;     /* rows in boxes */
};

/* column[c][row], c < width, row < count.  Boxes of fewer than `least` points are
 * not kept, and where many rows remain, for which there will be a loop over tables,
 * only boxes that are worth a loop beside it.  False: out of memory.  `boxes` is to be dropped in any case. */
bool oj_boxes_find(ojit_context *context, const int64_t *const *column, uint32_t width, uint32_t count,
                   uint32_t least, struct boxes *boxes);
void oj_boxes_drop(ojit_context *context, struct boxes *boxes);

#endif
