/* Time as the element of an array: what is differentiated by arrays can then be
 * differentiated by time. */
#ifndef OJ_TIME_ARRAY_H
#define OJ_TIME_ARRAY_H

#include "lib/graph/program.h"

/* An array of one element for time, which is to be nowhere once a program is made; UINT32_MAX
 * when out of memory. */
uint32_t oj_time_array(struct space *space);
/* Time becomes a load of the array, or a load of the array becomes time. */
ojit_status oj_time_to_array(struct program *program, uint32_t array, struct oj_error *error);
ojit_status oj_array_to_time(struct program *program, uint32_t array, struct oj_error *error);

#endif
