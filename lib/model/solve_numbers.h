/* Numbers that `solve` takes: one row each. */
#ifndef OJ_SOLVE_NUMBERS_H
#define OJ_SOLVE_NUMBERS_H

#include <stdbool.h>

enum setting { SETTING_RTOL, SETTING_ATOL, SETTING_UNTIL_STEADY, SETTING_GROWTH_LIMIT, SETTINGS };

struct solve_number {
	const char *name;
	double least, below; /* what it may be: `least` or more, and less than `below` */
	bool more;           /* more than `least` */
	const char *wrong;   /* said of any other number */
};
extern const struct solve_number oj_solve_numbers[SETTINGS] __attribute__((visibility("hidden")));

bool oj_solve_allows(enum setting setting, double value);

#endif
