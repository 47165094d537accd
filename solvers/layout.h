/* The vectors in a stepper's state: each lies behind the state, as many strides long as it
 * says, in the order in which they are listed. */
#ifndef OJ_LAYOUT_H
#define OJ_LAYOUT_H

#include <stdint.h>

struct part {
	double **at;
	int strides;
};

static inline void lay_out_parts(const struct part *parts, int count, int64_t stride, double *memory)
{
	for (int i = 0; i < count; i++) {
		*parts[i].at = memory;
		memory += parts[i].strides * stride;
	}
}

/* Pointers into a state that is a copy of the one at `from`. */
static inline void move_parts(const struct part *parts, int count, void *state, const void *from)
{
	for (int i = 0; i < count; i++)
		*parts[i].at = (double *)((char *)state + ((const char *)*parts[i].at - (const char *)from));
}

#endif
