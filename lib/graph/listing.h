/* Listings: sums of one expression over points that are listed when compiling.
 *
 * Every point belongs to a row; the sum of a row's points goes to the row's element.
 * The row with most points comes first, and point k of all rows that have one are
 * neighbours, at start[k] + row, so that lanes run across rows and read neighbours.  Every
 * subscript of the expression becomes one table over the points, every datum one number
 * a point: what is left to do at run time is one sum a row. */
#ifndef OJ_LISTING_H
#define OJ_LISTING_H

#include "lib/graph/domain.h"

struct listing {
	ojit_expr value;           /* in the levels below */
	uint32_t levels;           /* how many there are */
	unsigned level[LEVELS];    /* all different */
	size_t points;
	const int64_t *index;      /* [points * levels]: what level[k] is at a point */
	const int64_t *row;        /* [points], each in 0 .. rows - 1 */
	int64_t rows;
	const int64_t *element;    /* [rows] of target, all different; NULL: the row itself */
	uint32_t target;           /* an array of rank 1 */
	uint32_t origin;
};

/* Append the block to `made`; rows without points get 0.  False: out of memory, or more
 * points than tables can count. */
bool oj_list(struct program *made, const struct listing *listing);

#endif
