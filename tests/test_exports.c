/* What the libraries show to the process that opens them: libojit its public
 * functions, libojit-llvm, libojit-linear and libojit-mpfr their one entry.  Any other symbol
 * could be met by a host's own LLVM, or be taken for one of the host's. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_public(const char *name)
{
	return strncmp(name, "ojit_", 5) == 0 && strcmp(name, "ojit_llvm_backend") != 0 &&
	       strcmp(name, "ojit_linear_library") != 0 && strcmp(name, "ojit_mpfr_truth") != 0;
}

static bool is_linear_entry(const char *name)
{
	return strcmp(name, "ojit_linear_library") == 0;
}

static bool is_entry(const char *name)
{
	return strcmp(name, "ojit_llvm_backend") == 0;
}

/* Symbols `library` defines for others, each held to `allowed`; their number. */
static int count_exports(const char *variable, bool (*allowed)(const char *name))
{
	const char *library = getenv(variable);
	if (!library)
		cr_skip_test("%s does not say where the library is; ctest sets it", variable);
	char command[1024], name[512];
	snprintf(command, sizeof command, "nm -D --defined-only --format=posix '%s'", library);
	FILE *list = popen(command, "r");
	cr_assert_not_null(list);
	int count = 0;
	for (; fscanf(list, "%511s%*[^\n]", name) == 1; count++)
		cr_expect(allowed(name), "%s exports %s", library, name);
	cr_assert_eq(pclose(list), 0, "%s", command);
	return count;
}

Test(exports, libojit_shows_its_public_functions_alone)
{
	cr_assert_gt(count_exports("OJIT_LIBRARY", is_public), 3);
}

Test(exports, libojit_llvm_shows_its_entry_alone)
{
	cr_assert_eq(count_exports("OJIT_LLVM", is_entry), 1);
}

Test(exports, libojit_linear_shows_its_entry_alone)
{
	cr_assert_eq(count_exports("OJIT_LINEAR", is_linear_entry), 1);
}

static bool is_truth(const char *name)
{
	return strcmp(name, "ojit_mpfr_truth") == 0;
}

Test(exports, libojit_mpfr_shows_its_entry_alone)
{
	cr_assert_eq(count_exports("OJIT_MPFR", is_truth), 1);
}
