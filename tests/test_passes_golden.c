/* Every pass against its golden files: tests/golden/PASS/NAME.txt. */
#include "tests/support_golden.h"

#include <criterion/criterion.h>

Test(passes_golden, simplify_gives_what_its_files_say)
{
	cr_assert(golden_pass("simplify") >= 5);
}

Test(passes_golden, split_gives_what_its_files_say)
{
	cr_assert(golden_pass("split") >= 10);
}

Test(passes_golden, roll_gives_what_its_files_say)
{
	cr_assert(golden_pass("roll") >= 6);
}

Test(passes_golden, separate_gives_what_its_files_say)
{
	cr_assert(golden_pass("separate") >= 8);
}

Test(passes_golden, inline_gives_what_its_files_say)
{
	cr_assert(golden_pass("inline") >= 2);
}

Test(passes_golden, fuse_gives_what_its_files_say)
{
	cr_assert(golden_pass("fuse") >= 3);
}

Test(passes_golden, hoist_gives_what_its_files_say)
{
	cr_assert(golden_pass("hoist") >= 5);
}

Test(passes_golden, expand_gives_what_its_files_say)
{
	cr_assert(golden_pass("expand") >= 3);
}

Test(passes_golden, partition_gives_what_its_files_say)
{
	cr_assert(golden_pass("partition") >= 2);
}

Test(passes_golden, pairs_gives_what_its_files_say)
{
	cr_assert(golden_pass("pairs") >= 6);
}
