/* The directory law, read off the #includes: who may lean on whom.
 *
 *     tools, bindings, bench -> include/ojit only
 *     jit     -> lib, LLVM-C in jit/llvm alone, MPFR in jit/mpfr alone
 *     solvers -> lib/base, lib/math, lib/system.h
 *     lib/model -> lib/graph -> lib/base, lib/math
 *     tests   -> anything
 *
 * and file names: no two source files share one, where a .c, its .h and its .def
 * (in one directory, or one below the other's) are one file, and a public header
 * may bear the name of what it is the face of. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A path falls under the first row whose prefix it has.  A directory may always
 * include itself and the public headers. */
static const struct law {
	const char *from, *may[6];
} laws[] = {
	{"tests/", {""}},
	{"include/ojit/", {0}},
	{"tools/", {0}},
	{"bindings/", {0}},
	{"bench/", {0}},
	{"examples/", {0}},
	{"jit/llvm/", {"lib/", "jit/", "<llvm-c/"}},
	{"jit/mpfr/", {"lib/", "jit/", "<mpfr"}},
	{"jit/", {"lib/"}},
	{"solvers/", {"lib/base/", "lib/math/", "lib/system.h"}},
	{"lib/model/", {"lib/graph/", "lib/base/", "lib/math/", "lib/system.h"}},
	{"lib/graph/", {"lib/base/", "lib/math/", "lib/system.h"}},
	{"lib/math/", {"lib/base/"}},
	{"lib/base/", {"lib/math/"}},
	{"lib/system.", {"lib/base/"}},
};
static const char *const ours[] = {"include", "lib", "jit", "solvers", "tools", "bindings",
                                   "bench", "examples", "tests"};
enum { OURS = sizeof ours / sizeof *ours, LAWS = sizeof laws / sizeof *laws };

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The include in `line`, '<' or nothing before its path; false where there is
 * none.  `path` has room for 256. */
static bool read_include(const char *line, char *path)
{
	line += strspn(line, " \t");
	if (*line++ != '#')
		return false;
	line += strspn(line, " \t");
	if (!begins(line, "include"))
		return false;
	line += strlen("include");
	line += strspn(line, " \t");
	if (*line != '"' && *line != '<')
		return false;
	size_t front = *line == '<', length = strcspn(line + 1, "\">\n");
	snprintf(path, 256, "%s%.*s", front ? "<" : "", (int)length, line + 1);
	return true;
}

/* NULL where `file` may include `path`, else why it may not. */
static const char *law_breach(const char *file, const char *path)
{
	if (begins(path, "<ojit/"))
		return NULL;
	if (path[0] == '<' && !begins(path, "<llvm") && !begins(path, "<mpfr") && !begins(path, "<lib/") && !begins(path, "<jit/") &&
	    !begins(path, "<solvers/"))
		return NULL;
	if (path[0] != '<' && !strchr(path, '/'))
		return "a path from the repository root was expected";
	if (strstr(path, "../"))
		return "a path from the repository root was expected, without '..'";
	for (size_t k = 0; k < LAWS; k++) {
		if (!begins(file, laws[k].from))
			continue;
		bool inward = begins(path, "jit/llvm/") && !begins(file, "jit/llvm/") && !begins(file, "tests/");
		if (inward)
			return "what is in libojit-llvm is reached through jit/backend.h alone";
		if (begins(path, "jit/mpfr/") && !begins(file, "jit/mpfr/") && !begins(file, "tests/"))
			return "what is in libojit-mpfr is reached through jit/truth.h alone";
		if (begins(path, laws[k].from))
			return NULL;
		for (const char *const *may = laws[k].may; *may; may++)
			if (begins(path, *may))
				return NULL;
		return "the directory law forbids this arrow";
	}
	return "this directory is not in the directory law";
}

static bool is_source(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (!strcmp(dot, ".c") || !strcmp(dot, ".h") || !strcmp(dot, ".def") ||
	               !strcmp(dot, ".cpp"));
}

/* All source files of the tree, as paths from its root. */
enum { MOST_FILES = 4096 };
struct tree {
	char paths[MOST_FILES][192];
	int count;
};
static struct tree tree;

static void collect(const char *directory)
{
	char full[512];
	snprintf(full, sizeof full, "%s/%s", OJIT_SOURCE_DIR, directory);
	DIR *handle = opendir(full);
	if (!handle)
		return;
	for (struct dirent *entry; (entry = readdir(handle));) {
		if (entry->d_name[0] == '.')
			continue;
		char path[512], place[1024];
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		snprintf(place, sizeof place, "%s/%s", OJIT_SOURCE_DIR, path);
		struct stat status;
		if (stat(place, &status) != 0)
			continue;
		if (S_ISDIR(status.st_mode))
			collect(path);
		else if (is_source(entry->d_name) && tree.count < MOST_FILES)
			snprintf(tree.paths[tree.count++], sizeof *tree.paths, "%.191s", path);
	}
	closedir(handle);
}

static void collect_all(void)
{
	tree.count = 0;
	for (int k = 0; k < OURS; k++)
		collect(ours[k]);
	cr_assert_gt(tree.count, 10, "the sources were looked for in %s", OJIT_SOURCE_DIR);
	cr_assert_lt(tree.count, MOST_FILES);
}

static void expect_lawful(const char *path)
{
	char place[512], line[1024], included[256];
	snprintf(place, sizeof place, "%s/%s", OJIT_SOURCE_DIR, path);
	FILE *file = fopen(place, "r");
	if (!file)
		return; /* moved away between listing and reading */
	for (int number = 1; fgets(line, sizeof line, file); number++) {
		if (!read_include(line, included))
			continue;
		const char *why = law_breach(path, included);
		cr_expect(!why, "%s:%d: includes %s: %s", path, number, included, why);
	}
	fclose(file);
}

Test(directory_law, no_include_points_upward)
{
	collect_all();
	for (int k = 0; k < tree.count; k++)
		expect_lawful(tree.paths[k]);
}

/* Whether two paths claim one name although they are two files. */
static bool names_clash(const char *a, const char *b)
{
	const char *name_a = strrchr(a, '/') + 1, *name_b = strrchr(b, '/') + 1;
	size_t stem_a = strcspn(name_a, "."), stem_b = strcspn(name_b, ".");
	if (stem_a != stem_b || strncmp(name_a, name_b, stem_a) != 0)
		return false;
	if (begins(a, "include/") != begins(b, "include/"))
		return false;
	/* One file in parts: in one directory, or below it. */
	size_t depth_a = (size_t)(name_a - a), depth_b = (size_t)(name_b - b);
	bool nested = strncmp(a, b, depth_a < depth_b ? depth_a : depth_b) == 0;
	return !nested || strcmp(name_a, name_b) == 0;
}

Test(directory_law, no_two_files_share_a_name)
{
	collect_all();
	for (int a = 0; a < tree.count; a++)
		for (int b = 0; b < a; b++)
			cr_expect_not(names_clash(tree.paths[a], tree.paths[b]), "%s and %s share a name",
			              tree.paths[a], tree.paths[b]);
}

Test(directory_law, the_check_finds_a_forbidden_include)
{
	static const struct { const char *file, *path; bool lawful; } cases[] = {
		{"lib/base/text.c", "lib/graph/graph.h", false},
		{"lib/base/text.c", "lib/base/memory.h", true},
		{"lib/graph/graph.c", "lib/model/model.h", false},
		{"lib/graph/eval.c", "lib/system.h", true},
		{"lib/model/parse.c", "lib/graph/graph.h", true},
		{"lib/model/parse.c", "jit/backend.h", false},
		{"lib/system.h", "lib/graph/program.h", false},
		{"lib/system.c", "lib/system.h", true},
		{"solvers/loop.c", "lib/system.h", true},
		{"solvers/loop.c", "lib/graph/graph.h", false},
		{"solvers/loop.c", "jit/backend.h", false},
		{"jit/compile.c", "lib/graph/program.h", true},
		{"jit/compile.c", "solvers/loop.h", false},
		{"jit/compile.c", "<llvm-c/Core.h", false},
		{"jit/compile.c", "jit/llvm/emit.h", false},
		{"jit/llvm/emit.c", "jit/backend.h", true},
		{"jit/llvm/emit.c", "<llvm-c/Core.h", true},
		{"jit/llvm/emit.c", "<llvm/IR/Module.h", false},
		{"jit/judge.c", "<mpfr.h", false},
		{"jit/judge.c", "jit/mpfr/exact.h", false},
		{"jit/mpfr/exact.c", "<mpfr.h", true},
		{"tools/main.c", "lib/base/text.h", false},
		{"tools/main.c", "<ojit/model.h", true},
		{"tools/main.c", "tools/options.h", true},
		{"bench/rhs.c", "lib/system.h", false},
		{"include/ojit/model.h", "lib/base/error.h", false},
		{"include/ojit/model.h", "<stddef.h", true},
		{"tests/test_x.c", "solvers/loop.h", true},
		{"lib/graph/graph.c", "graph.h", false},
		{"lib/graph/graph.c", "../base/text.h", false},
		{"lib/graph/graph.c", "<jit/backend.h", false},
		{"lib/graph/graph.c", "tests/support_x.h", false},
		{"elsewhere/x.c", "lib/base/text.h", false},
	};
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
		cr_expect_eq(law_breach(cases[k].file, cases[k].path) == NULL, cases[k].lawful,
		             "%s including %s", cases[k].file, cases[k].path);
}

Test(directory_law, the_check_reads_includes_as_they_are_written)
{
	char path[256];
	cr_assert(read_include("#include \"lib/base/text.h\"\n", path));
	cr_assert_str_eq(path, "lib/base/text.h");
	cr_assert(read_include("\t# include <math.h> /* why */\n", path));
	cr_assert_str_eq(path, "<math.h");
	cr_assert_not(read_include("/* #include <math.h> */\n", path));
	cr_assert_not(read_include("#define include\n", path));
}

Test(directory_law, the_check_finds_a_shared_name)
{
	cr_assert(names_clash("lib/graph/dump.c", "jit/dump.c"));
	cr_assert(names_clash("lib/graph/dump.h", "jit/dump.c"));
	cr_assert(names_clash("jit/dump.c", "jit/llvm/dump.c"));
	cr_assert_not(names_clash("jit/dump.h", "jit/llvm/dump.c"));
	cr_assert_not(names_clash("lib/graph/dump.h", "lib/graph/dump.c"));
	cr_assert_not(names_clash("lib/graph/dump.c", "lib/graph/dumps.c"));
	cr_assert_not(names_clash("include/ojit/program.h", "lib/graph/program.h"));
}
