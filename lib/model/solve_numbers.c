/* See solve_numbers.h. */
#include "lib/model/solve_numbers.h"

#include <math.h>

const struct solve_number oj_solve_numbers[SETTINGS] = {
	[SETTING_RTOL] = {"rtol", 0, INFINITY, true, "must be greater than 0"},
	[SETTING_ATOL] = {"atol", 0, INFINITY, false, "must be 0 or greater"},
	[SETTING_UNTIL_STEADY] = {"until_steady", 0, 1, true, "must be above 0 and below 1"},
	[SETTING_GROWTH_LIMIT] = {"growth_limit", 0, INFINITY, true, "must be greater than 0"},
};

bool oj_solve_allows(enum setting setting, double value)
{
	const struct solve_number *row = &oj_solve_numbers[setting];
	return (row->more ? value > row->least : value >= row->least) && value < row->below;
}
