/* The list of passes; see passes.h. */
#include "lib/graph/passes.h"

const struct pass oj_passes[] = {
	{"simplify", oj_pass_simplify, false},
	{"split", oj_pass_split, true},
	{"roll", oj_pass_roll, false},
	{"inline", oj_pass_inline, false},
	{"fuse", oj_pass_fuse, false},
	{"hoist", oj_pass_hoist, false},
	{"expand", oj_pass_expand, true},
	{"partition", oj_pass_partition, false},
	{NULL, NULL, false},
};
