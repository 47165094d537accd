/* What a run's early ending is called, as a person reads it. */
#ifndef OJ_REPORT_H
#define OJ_REPORT_H

#include "solvers/time_loop.h"

/* Compose the message into `text`, which is emptied first and kept from run to run;
 * nothing for a success. */
void oj_report(const struct system *system, const struct loop *loop, struct text *text);

#endif
