/* The list of passes; see passes.h. */
#include "lib/graph/passes.h"

const struct pass oj_passes[] = {
	{"simplify", oj_pass_simplify, false, false},
	{"split", oj_pass_split, true, false},
	{"roll", oj_pass_roll, false, true},
	{"separate", oj_pass_separate, false, true},
	{"inline", oj_pass_inline, false, false},
	{"fuse", oj_pass_fuse, false, false},
	{"hoist", oj_pass_hoist, false, false},
	{"pairs", oj_pass_pairs, false, true},
	{"expand", oj_pass_expand, true, false},
	{"partition", oj_pass_partition, false, false},
	{NULL, NULL, false, false},
};
