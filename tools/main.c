/* The command `ojit`: which command is meant, and help. */
#include "tools/tool.h"

#include <string.h>

const struct command commands[] = {
	{"run", "FILE [options]", "solve a model and write the solution", RUN, run_command, true},
	{"eval", "FILE [options]", "evaluate a model at one point", EVAL, eval_command, true},
	{"check", "FILE [options]", "hold all that is compiled of a model to MPFR", CHECK, check_command, true},
	{"dump", "FILE --stage NAME [options]", "print a model after a stage of compiling", DUMP,
	 dump_command, true},
	{"methods", "", "list the methods", METHODS, methods_command, false},
	{0},
};

static void print_help(FILE *out)
{
	fputs("ojit compiles the right-hand sides of ordinary differential equations and solves them.\n\n"
	      "Usage:\n", out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  ojit %-7s %-28s %s\n", c->name, c->arguments, c->summary);
	fputs("  ojit --version\n\n`ojit COMMAND --help` describes a command.\n", out);
}

static void print_stages(FILE *out)
{
	fputs("\nStages, in their order:\n ", out);
	for (const char *const *stage = stage_names(); *stage; stage++)
		fprintf(out, " %s", *stage);
	fputs("\n", out);
}

static void print_command_help(const struct command *command)
{
	printf("ojit %s: %s\n\nUsage: ojit %s %s\n", command->name, command->summary, command->name,
	       command->arguments);
	options_print(stdout, command->bit);
	if (command->bit == DUMP)
		print_stages(stdout);
	if (command->bit == CHECK)
		puts("\nExit status: 0 all agrees; 1 something does not; 2 the model or an option makes no\n"
		     "sense, or a file failed.");
	if (command->bit == RUN)
		puts("\nExit status: 0 done; 1 the solve ended early, what there is was written;\n"
		     "2 the model or an option makes no sense, or a file failed.");
}

static int fail_command(const char *word)
{
	const char *names[sizeof commands / sizeof *commands + 1];
	size_t count = 0;
	for (const struct command *c = commands; c->name; c++)
		names[count++] = c->name;
	names[count] = NULL;
	const char *best = nearest_word(word, names);
	if (best)
		return complain_plainly("there is no command '%s'; did you mean 'ojit %s'?", word, best);
	return complain_plainly("there is no command '%s'; `ojit --help` lists what there is", word);
}

/* What was printed may still meet a full disk. */
static int finish(int status)
{
	struct output output = {stdout, NULL};
	int wrong = output_close(&output);
	return status ? status : wrong;
}

static int act(const struct command *command, int count, char **words)
{
	struct request request;
	bool help;
	int status = request_read(&request, command, count, words, &help);
	if (status == 0 && help) {
		print_command_help(command);
		status = finish(0);
	} else if (status == 0) {
		status = command->act(&request);
	}
	request_drop(&request);
	return status;
}

int main(int count, char **words)
{
	if (count < 2) {
		print_help(stderr);
		return EXIT_WRONG;
	}
	const char *word = words[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		print_help(stdout);
		return finish(0);
	}
	if (strcmp(word, "--version") == 0) {
		printf("ojit %d.%d.%d\n", OJIT_VERSION_MAJOR, OJIT_VERSION_MINOR, OJIT_VERSION_PATCH);
		return finish(0);
	}
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(word, c->name) == 0)
			return act(c, count - 1, words + 1);
	return fail_command(word);
}
