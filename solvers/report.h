/* What a run's early ending is called, as a person reads it. */
#ifndef OJ_REPORT_H
#define OJ_REPORT_H

#include "solvers/time_loop.h"

/* What is recorded, and may run out of room. */
enum recorded { RECORDED_ROWS, RECORDED_STEPS };

/* Compose the message into `text`, which is emptied first and kept from run to run;
 * nothing for a success. */
void oj_report(const struct system *system, const struct loop *loop, enum recorded recorded,
               struct text *text);

#endif
