/* Options: one row each, for reading them and for describing them.
 *
 * Adding an option is adding a row: its name, its argument as people see it, the
 * commands that know it, the field of the request it fills and the function that
 * reads its argument into it. */
#include "tools/tool.h"

#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct option_row;
typedef int taker(struct request *request, const struct option_row *row, const char *text);

struct option_row {
	const char *name, *argument; /* NULL: takes none */
	unsigned commands;
	bool advanced;
	taker *take;
	size_t field; /* of struct request */
	const char *const *choices; /* take_choice */
	const char *help;
};

static void *field(struct request *request, const struct option_row *row)
{
	return (char *)request + row->field;
}

/* ---- arguments ---- */

static int take_flag(struct request *request, const struct option_row *row, const char *text)
{
	(void)text;
	*(bool *)field(request, row) = true;
	return 0;
}

static int take_text(struct request *request, const struct option_row *row, const char *text)
{
	*(const char **)field(request, row) = text;
	return 0;
}

static int take_number(struct request *request, const struct option_row *row, const char *text)
{
	return number_read(row->name, text, 0, strlen(text), field(request, row));
}

/* A tolerance or a length, where 0 and less stand for "not given" in the library. */
static int take_positive(struct request *request, const struct option_row *row, const char *text)
{
	double *value = field(request, row);
	int wrong = take_number(request, row, text);
	if (wrong || *value > 0)
		return wrong;
	return complain(row->name, text, 0, strlen(text), "--%s must be positive", row->name);
}

/* A positive number, or 0 for one that means none. */
static int take_or_none(struct request *request, const struct option_row *row, const char *text, double none)
{
	double *value = field(request, row);
	int wrong = take_number(request, row, text);
	if (!wrong && !(*value >= 0))
		return complain(row->name, text, 0, strlen(text), "--%s must be positive, or 0 for none", row->name);
	if (!wrong && *value == 0)
		*value = none;
	return wrong;
}

static int take_share(struct request *request, const struct option_row *row, const char *text)
{
	return take_or_none(request, row, text, -1);
}

static int take_bound(struct request *request, const struct option_row *row, const char *text)
{
	return take_or_none(request, row, text, INFINITY);
}

static int take_count(struct request *request, const struct option_row *row, const char *text)
{
	double value;
	int wrong = number_read(row->name, text, 0, strlen(text), &value);
	if (wrong)
		return wrong;
	if (!(value >= 1 && value <= 9e15) || value != (double)(uint64_t)value)
		return complain(row->name, text, 0, strlen(text), "--%s takes a whole number, 1 or more",
		                row->name);
	*(uint64_t *)field(request, row) = (uint64_t)value;
	return 0;
}

static int find_choice(const struct option_row *row, const char *text, int *number)
{
	char known[256] = "";
	for (int i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			*number = i;
			return 0;
		}
		size_t length = strlen(known);
		snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", row->choices[i]);
	}
	return complain(row->name, text, 0, strlen(text), "--%s is one of %s", row->name, known);
}

static int take_choice(struct request *request, const struct option_row *row, const char *text)
{
	return find_choice(row, text, field(request, row));
}

/* A choice that the library takes by its name. */
static int take_word(struct request *request, const struct option_row *row, const char *text)
{
	int number;
	*(const char **)field(request, row) = text;
	return find_choice(row, text, &number);
}

static int take_span(struct request *request, const struct option_row *row, const char *text)
{
	const char *colon = strchr(text, ':');
	if (!colon)
		return complain(row->name, text, 0, strlen(text), "--%s takes two times, beginning and "
		                "end, such as 0:20", row->name);
	size_t length = (size_t)(colon - text);
	int wrong = number_read(row->name, text, 0, length, &request->span[0]);
	if (wrong == 0)
		wrong = number_read(row->name, text, length + 1, strlen(colon + 1), &request->span[1]);
	request->has_span = true;
	return wrong;
}

static int take_items(struct request *request, const struct option_row *row, const char *text)
{
	return items_read(field(request, row), row->name, text, false);
}

static int take_names(struct request *request, const struct option_row *row, const char *text)
{
	return names_read(field(request, row), row->name, text);
}

/* A whole kernel, or the name of a number. */
static int take_of(struct request *request, const struct option_row *row, const char *text)
{
	request->scalar = NULL;
	request->whole = true;
	for (request->of = 0; row->choices[request->of]; request->of++)
		if (strcmp(text, row->choices[request->of]) == 0)
			return 0;
	request->of = OJIT_RHS;
	request->whole = false;
	request->scalar = text;
	return 0;
}

/* A number for all, or name=value. */
static int take_tolerances(struct request *request, const struct option_row *row, const char *text)
{
	return items_read(field(request, row), row->name, text, true);
}

static int take_json(struct request *request, const struct option_row *row, const char *text)
{
	(void)row, (void)text;
	request->format = JSON;
	return 0;
}

static int take_pass(struct request *request, const struct option_row *row, const char *text)
{
	(void)row;
	size_t count = request->compile.without_count++;
	request->without = resize_memory(request->without, count + 1, sizeof *request->without);
	request->without[count] = text;
	request->compile.without = request->without;
	return 0;
}

static int take_lanes(struct request *request, const struct option_row *row, const char *text)
{
	static const char *const widths[] = {"0", "1", "2", "4", "8"};
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
		if (strcmp(text, widths[i]) == 0) {
			request->compile.lanes = atoi(text);
			return 0;
		}
	return complain(row->name, text, 0, strlen(text), "--lanes is one of 1, 2, 4, 8, or 0 for what "
	                "suits the machine");
}

static int take_threads(struct request *request, const struct option_row *row, const char *text)
{
	double value;
	int wrong = number_read(row->name, text, 0, strlen(text), &value);
	if (wrong)
		return wrong;
	if (!(value >= 0 && value <= 1024) || value != (double)(int)value)
		return complain(row->name, text, 0, strlen(text), "--%s takes a whole number up to 1024, or 0 for as "
		                "many as there are cores", row->name);
	request->compile.threads = (int)value;
	return 0;
}

/* ---- rows ---- */

static const char *const formats[] = {[CSV] = "csv", [JSON] = "json", [NPY] = "npy", NULL};
static const char *const kernels[] = {[OJIT_RHS] = "rhs", [OJIT_OBSERVABLES] = "outputs",
                                      [OJIT_INITIAL] = "init", NULL};
static const char *const evaluated[] = {[OJIT_RHS] = "rhs", [OJIT_OBSERVABLES] = "outputs", [OJIT_INITIAL] = "init",
                                       [EVAL_JACOBIAN] = "jac", [EVAL_TANGENT] = "jvp", [EVAL_ADJOINT] = "vjp",
                                       [EVAL_BY_PARAMETERS] = "dfdp", [EVAL_BY_TIME] = "dfdt",
                                       [EVAL_GRADIENT] = "grad", [EVAL_HESSIAN_PRODUCT] = "hvp",
                                       [EVAL_HESSIAN] = "hess", NULL};
static const char *const wholes[] = {[OJIT_RHS] = "rhs", [OJIT_OBSERVABLES] = "outputs", NULL};
static const char *const executors[] = {[OJIT_AUTOMATIC] = "automatic", [OJIT_OPTIMISED] = "optimised",
                                        [OJIT_UNOPTIMISED] = "unoptimised",
                                        [OJIT_INTERPRETER] = "interpreter", NULL};
static const char *const jacobians[] = {[OJIT_JACOBIAN_AUTOMATIC] = "automatic", [OJIT_JACOBIAN_DIRECT] = "direct",
                                        [OJIT_JACOBIAN_COLOURED] = "coloured", NULL};
static const char *const laws[] = {[OJIT_LAW_EXACT] = "exact", [OJIT_LAW_FINITE] = "finite",
                                   [OJIT_LAW_REAL] = "real", NULL};
static const char *const linears[] = {"auto", "dense", "band", "sparse", "static", NULL};
static const char *const norms[] = {[OJIT_NORM_RMS] = "rms", [OJIT_NORM_MAX] = "max", NULL};

#define FIELD(member) offsetof(struct request, member)

static const struct option_row rows[] = {
	{"t", "A:B", RUN, false, take_span, 0, NULL,
	 "integrate from time A to time B, forwards or backwards"},
	{"method", "NAME", RUN, false, take_text, FIELD(options.method), NULL,
	 "the method, one of those that `ojit methods` lists (default auto: what is cheapest on the way)"},
	{"rtol", "X", RUN, false, take_positive, FIELD(options.rtol), NULL, "relative tolerance"},
	{"atol", "X|NAME=X,...", RUN, false, take_tolerances, FIELD(atol), NULL,
	 "absolute tolerance of all states, or of some by name"},
	{"set", "NAME=VALUE,...", RUN | EVAL | DUMP | CHECK, false, take_items, FIELD(set), NULL,
	 "give parameters or constants other values; the name of an array means all its elements"},
	{"init", "NAME=VALUE,...", RUN, false, take_items, FIELD(init), NULL,
	 "give states other initial values"},
	{"points", "N", RUN, false, take_count, FIELD(points), NULL,
	 "put out N equidistant times, both ends among them (default 200)"},
	{"every", "DT", RUN, false, take_positive, FIELD(every), NULL, "put out every DT"},
	{"times", "FILE", RUN, false, take_text, FIELD(times), NULL,
	 "put out the times that stand in a file (- for standard input)"},
	{"steps", NULL, RUN, false, take_flag, FIELD(steps), NULL, "put out every step taken"},
	{"final", NULL, RUN, false, take_flag, FIELD(final), NULL, "put out the last state only"},
	{"output", "FILE", RUN | EVAL | DUMP | CHECK, false, take_text, FIELD(output), NULL,
	 "write to a file, not to standard output"},
	{"format", "csv|json|npy", RUN | EVAL, false, take_choice, FIELD(format), formats,
	 "of what is put out (default: what the name of --output ends in, else csv; npy holds one record a "
	 "row, with a field for t, each scalar and each family; eval: lines of text, or json)"},
	{"stats", NULL, RUN, false, take_flag, FIELD(stats), NULL,
	 "tell standard error what the solve took (JSON always says so)"},
	{"refine", NULL, RUN, false, take_flag, FIELD(refine), NULL,
	 "solve again with tighter tolerances until the digits that the tolerance promises agree, and say how "
	 "many hold; with --fixed-step, steps are halved"},
	{"points", "N", CHECK, false, take_count, FIELD(points), NULL,
	 "random points around the initial values or --at (default: up to 20, half a second's work)"},
	{"digits", "N", CHECK, false, take_count, FIELD(digits), NULL,
	 "that must agree, relative to the sum of the absolute terms (default 13)"},
	{"seed", "N", CHECK, false, take_count, FIELD(seed), NULL, "of random points (default 1)"},
	{"json", NULL, CHECK, false, take_json, 0, NULL, "write JSON instead of text"},
	{"digits", "N", RUN, false, take_count, FIELD(digits), NULL, "that --refine is after"},
	{"kernel", "rhs|outputs|init", DUMP, false, take_choice, FIELD(kernel), kernels,
	 "the right-hand side (default), the observables or the initial values"},
	{"kernel", "NAME", EVAL, false, take_choice, FIELD(kernel), evaluated,
	 "rhs (default), outputs, init, or a derivative: jac (sparse, by states), dfdp (sparse, by parameters), "
	 "dfdt, jvp (J v), vjp (v' J); of one number S (--of): grad, hess (sparse), hvp (H v)"},
	{"v", "NAME=VALUE,...", EVAL, false, take_items, FIELD(direction), NULL,
	 "the vector of jvp and hvp (states, parameters and, of jvp, t) and of vjp (states, or observables, see --of); "
	 "what is not named is 0"},
	{"wrt", "states|parameters|NAME,...", EVAL, false, take_names, FIELD(wrt), NULL,
	 "what to differentiate by: all states (default; of dfdp: parameters; of jvp: what --v names), all parameters, or "
	 "some by name; of jac and jvp also t"},
	{"of", "rhs|outputs|NAME", EVAL, false, take_of, FIELD(of), wholes,
	 "what derivatives are of (default rhs): all, or an observable, or a state, whose derivative by time is meant; "
	 "grad, hess and hvp: one number, or all of rhs or outputs with --weights; vjp: rhs, outputs, or one number, "
	 "which gives its gradient"},
	{"weights", "NAME=VALUE,...", EVAL, false, take_items, FIELD(weights), NULL,
	 "grad, hess and hvp of the sum of all elements of --of rhs (default) or outputs, each times its weight; what "
	 "is not named has weight 0"},
	{"at", "NAME=VALUE,...", CHECK, false, take_items, FIELD(at), NULL,
	 "the time t and states of the first point; what is not named has its initial value"},
	{"at", "NAME=VALUE,...", EVAL, false, take_items, FIELD(at), NULL,
	 "the time t and the states to evaluate at; states not named have their initial values"},
	{"stage", "NAME", DUMP, false, take_text, FIELD(stage), NULL, "which stage of compiling to print"},
	{"explain", NULL, DUMP, false, take_flag, FIELD(explain), NULL,
	 "begin with what the stage decided and why, as comments (stages roll, separate, pairs, jac, newton, jvp, vjp, hvp, hess)"},

	{"norm", "rms|max", RUN, true, take_choice, FIELD(options.norm), norms,
	 "of the scaled errors (default rms)"},
	{"first-step", "H", RUN, true, take_positive, FIELD(options.first_step), NULL,
	 "length of the first step, else chosen from the equations"},
	{"max-step", "H", RUN, true, take_positive, FIELD(options.max_step), NULL, "no step is longer"},
	{"min-step", "H", RUN, true, take_positive, FIELD(options.min_step), NULL,
	 "end where a shorter step were needed"},
	{"fixed-step", "H", RUN, true, take_positive, FIELD(options.fixed_step), NULL,
	 "steps of this length, without error control"},
	{"step-limit", "N", RUN, true, take_count, FIELD(options.step_limit), NULL,
	 "attempt N steps at most (default 1000000)"},
	{"linear", "auto|dense|band|sparse|static", RUN, true, take_word, FIELD(options.linear), linears,
	 "how implicit methods solve linear systems (default auto: what takes the fewest operations)"},
	{"nonnegative", "NAME,...|all", RUN, true, take_text, FIELD(options.nonnegative), NULL,
	 "states that stay at or above 0: steps that take them below by more than their tolerance are shortened"},
	{"until-steady", "X", RUN, true, take_share, FIELD(options.until_steady), NULL,
	 "end where, going on as in two steps in a row, no state would change by more than this share of itself, or its "
	 "atol, in the whole span, and put out that point too; 0: go on, though the model says otherwise"},
	{"reverse-method", "NAME", RUN, true, take_text, FIELD(options.reverse_method), NULL,
	 "having reached the end, go back over the same steps with this method and put out the way back; the adjoint of "
	 "--method returns to the initial values: implicit_euler for euler, implicit_midpoint and trapezoid for "
	 "themselves"},
	{"growth-limit", "X", RUN, true, take_bound, FIELD(options.growth_limit), NULL,
	 "end where a state's magnitude is beyond; 0: nowhere, though the model says otherwise"},
	{"memory-limit", "BYTES", RUN, true, take_count, FIELD(options.memory_limit), NULL,
	 "of what is kept for the output (default 4 GiB)"},
	{"progress", NULL, RUN, true, take_flag, FIELD(progress), NULL,
	 "tell standard error how far the solve is, terminal or not"},
	{"no-progress", NULL, RUN, true, take_flag, FIELD(no_progress), NULL,
	 "do not (default: on a terminal, once a solve takes half a second)"},
	{"executor", "NAME", RUN | EVAL | CHECK, true, take_choice, FIELD(compile.executor), executors,
	 "automatic (default), optimised, unoptimised, or interpreter: all give the same bits"},
	{"jacobian", "NAME", RUN | EVAL | DUMP | CHECK, true, take_choice, FIELD(compile.jacobian), jacobians,
	 "how sparse Jacobians are computed: automatic (default: by counted operations), direct (a formula an entry), "
	 "or coloured (tangents in as many directions as the columns have colours)"},
	{"lanes", "W", RUN | EVAL | DUMP | CHECK, true, take_lanes, 0, NULL,
	 "numbers a vector: 1, 2, 4, 8, or 0 for what suits the machine"},
	{"threads", "N", RUN | EVAL | CHECK, true, take_threads, 0, NULL,
	 "that compile at once (default 1), or 0 for as many as there are cores; results do not depend on it"},
	{"fp", "LAW", RUN | EVAL | DUMP | CHECK, true, take_choice, FIELD(compile.law), laws,
	 "rules that may simplify: exact (default) changes no bit of any result; finite is right where "
	 "neither inf nor nan occurs; real is right for real numbers, rounding may differ: sums over all "
	 "pairs that addition theorems make sums over one index are then those"},
	{"no-pass", "NAME", RUN | EVAL | DUMP | CHECK, true, take_pass, 0, NULL,
	 "leave out a pass of the compiler, or step, the compiling of whole steps; may be given several "
	 "times"},
};
enum { ROWS = sizeof rows / sizeof *rows, LONG = 256 };

/* ---- reading ---- */

/* The row of a code that getopt gives back; NULL: it is none of ours. */
static const struct option_row *row_of(int code)
{
	if (code == 'o')
		for (size_t i = 0; i < ROWS; i++)
			if (strcmp(rows[i].name, "output") == 0)
				return &rows[i];
	return code >= LONG && code < LONG + ROWS ? &rows[code - LONG] : NULL;
}

/* `word` is an option that the command does not have. */
static int fail_unknown(const struct request *request, const char *word)
{
	const char *near[ROWS + 2] = {"help"}, *name = request->command->name;
	char wanted[64];
	size_t count = 1;
	snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(word, "="), word);
	const char *bare = wanted + strspn(wanted, "-");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].commands & request->command->bit)
			near[count++] = rows[i].name;
		else if (strcmp(rows[i].name, bare) == 0)
			return complain_plainly("ojit %s does not take %s; `ojit %s --help` lists what it takes",
			                        name, wanted, name);
	}
	const char *best = nearest_word(bare, near);
	if (best)
		return complain_plainly("there is no option %s; did you mean --%s?", wanted, best);
	return complain_plainly("there is no option %s; `ojit %s --help` lists what there is", wanted, name);
}

static int fail_option(const struct request *request, int result, int code, const char *word)
{
	const struct option_row *row = row_of(code);
	char letter[] = {'-', (char)code, '\0'};
	if (!row)
		return fail_unknown(request, code ? letter : word);
	if (result == ':')
		return complain_plainly("%s needs a value; write %s %s", word, word, row->argument);
	return complain_plainly("--%s takes no value; write --%s alone", row->name, row->name);
}

/* Is a word on its own one more item of the option before it? */
static bool goes_on(const struct option_row *before, const char *word)
{
	return before && before->take == take_items && word[strcspn(word, "=/.")] == '=';
}

static int take_file(struct request *request, const char *word)
{
	if (!request->command->wants_file)
		return complain_plainly("ojit %s takes no file; leave '%s' out", request->command->name, word);
	if (request->file)
		return complain_plainly("there is one model too many: '%s' after '%s'; give one file", word,
		                        request->file);
	request->file = word;
	return 0;
}

static void list_options(const struct request *request, struct option *list)
{
	*list++ = (struct option){"help", no_argument, NULL, 'h'};
	for (int i = 0; i < ROWS; i++)
		if (rows[i].commands & request->command->bit)
			*list++ = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
			                          NULL, LONG + i};
	*list = (struct option){0};
}

/* One option or word as getopt found it. */
static int take_found(struct request *request, int code, const struct option_row **before, const char *word)
{
	if (code == '?' || code == ':')
		return fail_option(request, code, optopt, word);
	if (code != 1 || !goes_on(*before, optarg))
		*before = row_of(code);
	return *before ? (*before)->take(request, *before, optarg) : take_file(request, optarg);
}

static int read_words(struct request *request, int count, char **words, bool *help)
{
	struct option list[ROWS + 2];
	const struct option_row *before = NULL;
	const char *shorts = request->command->bit == METHODS ? "-:h" : "-:ho:";
	int wrong = 0;
	list_options(request, list);
	opterr = 0;
	optind = 0; /* 0 and "-" ask glibc to begin anew and to hand out words in place, as code 1 */
	for (int code; !wrong && !*help && (code = getopt_long(count, words, shorts, list, NULL)) != -1;) {
		*help = code == 'h';
		wrong = *help ? 0 : take_found(request, code, &before, words[optind - 1]);
	}
	for (; !wrong && !*help && optind < count; optind++)
		wrong = take_file(request, words[optind]);
	return wrong;
}

/* Not given: what the output's name ends in. */
static int settle_format(struct request *request)
{
	const char *dot = request->output ? strrchr(request->output, '.') : NULL;
	bool given = request->format != FORMAT_COUNT;
	for (int f = 0; !given && f < FORMAT_COUNT; f++)
		if (dot && strcmp(dot + 1, formats[f]) == 0)
			request->format = f;
	if (request->format == FORMAT_COUNT)
		request->format = CSV;
	if (request->format != NPY)
		return 0;
	if (request->command->bit == EVAL)
		return complain("format", "npy", 0, 3, "--format: ojit eval writes lines of text, or json");
	if (!request->output && isatty(STDOUT_FILENO))
		return complain_plainly("NPY is no text for a terminal; write it to a file with -o");
	return 0;
}

/* --of, --wrt and --weights of derivatives of whole kernels. */
static int check_whole(struct request *request)
{
	bool product = request->kernel == EVAL_TANGENT || request->kernel == EVAL_ADJOINT;
	if (request->scalar && request->kernel == EVAL_ADJOINT) { /* its gradient */
		if (request->direction.count)
			return complain_plainly("--v are weights of all elements of --of rhs or outputs, and --of %s is one number; "
			                        "give one of the two", request->scalar);
		request->kernel = EVAL_GRADIENT;
		return 0;
	}
	if (request->weights.count)
		return complain_plainly("--weights belongs to --kernel grad, hess and hvp; vjp takes weights as --v");
	if (request->direction.count && !product)
		return complain_plainly("--v is the vector of --kernel jvp, vjp or hvp; choose one of them");
	if (request->wrt.count && request->kernel == EVAL_BY_TIME)
		return complain_plainly("dfdt is by the time; --kernel jac takes --wrt");
	return 0;
}

static int check_derivative(struct request *request)
{
	if (request->command->bit != EVAL)
		return 0;
	if (request->kernel <= OJIT_INITIAL && (request->whole || request->scalar))
		return complain_plainly("--of belongs to derivatives; write --kernel outputs");
	if (request->kernel <= OJIT_INITIAL && request->wrt.count)
		return complain_plainly("--wrt says what to differentiate by; choose a derivative with --kernel");
	if (request->kernel < EVAL_GRADIENT)
		return check_whole(request);
	if (request->direction.count && request->kernel != EVAL_HESSIAN_PRODUCT)
		return complain_plainly("--v is the vector of --kernel jvp, vjp or hvp; choose one of them");
	if (request->whole && request->weights.count == 0)
		return complain_plainly("--of rhs and --of outputs are many numbers; give the weights of their sum with "
		                        "--weights, or name one of them");
	if (request->weights.count && request->scalar)
		return complain_plainly("--weights are of all elements of --of rhs or outputs, and --of %s is one number; "
		                        "give one of the two", request->scalar);
	return 0;
}

static int check_refining(const struct request *request)
{
	if (request->refine && request->steps)
		return complain_plainly("--refine compares what is put out at the same times, and every solve has "
		                        "steps of its own; give --points, --every, --times or --final");
	if (request->digits > 15)
		return complain_plainly("--digits takes 1 to 15: double has hardly 16");
	if (request->digits && !request->refine && request->command->bit == RUN)
		return complain_plainly("--digits says what --refine is after; add --refine");
	if (request->progress && request->no_progress)
		return complain_plainly("--progress and --no-progress exclude each other; give one of them");
	return 0;
}

static int check_request(const struct request *request)
{
	int grids = (request->points > 0) + (request->every > 0) + (request->times != NULL) +
	            request->steps + request->final;
	if (grids > 1)
		return complain_plainly("--points, --every, --times, --steps and --final exclude each other; "
		                        "give one of them");
	if (request->command->wants_file && !request->file)
		return complain_plainly("there is no model; write ojit %s %s", request->command->name,
		                        request->command->arguments);
	return 0;
}

int request_read(struct request *request, const struct command *command, int count, char **words,
                 bool *help)
{
	*request = (struct request){.command = command, .options = ojit_options_default(),
	                            .compile = ojit_compile_options_default(), .format = FORMAT_COUNT};
	*help = false;
	int wrong = read_words(request, count, words, help);
	if (wrong || *help)
		return wrong;
	wrong = check_request(request);
	if (!wrong)
		wrong = check_derivative(request);
	if (!wrong)
		wrong = check_refining(request);
	return wrong ? wrong : settle_format(request);
}

void request_drop(struct request *request)
{
	items_drop(&request->set);
	items_drop(&request->init);
	items_drop(&request->at);
	items_drop(&request->direction);
	items_drop(&request->weights);
	items_drop(&request->wrt);
	items_drop(&request->atol);
	free(request->without);
}

/* ---- describing ---- */

/* `text` broken into lines of at most 56 letters, all but the first indented. */
static void print_folded(FILE *out, const char *text, int indent)
{
	enum { WIDTH = 56 };
	while (strlen(text) > WIDTH) {
		int length = WIDTH;
		while (length > 0 && text[length] != ' ')
			length--;
		fprintf(out, "%.*s\n%*s", length, text, indent, "");
		text += length + 1;
	}
	fprintf(out, "%s\n", text);
}

static void print_rows(FILE *out, unsigned command, bool advanced)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & command) || rows[i].advanced != advanced)
			continue;
		char left[64];
		bool output = strcmp(rows[i].name, "output") == 0;
		snprintf(left, sizeof left, "%s--%s%s%s", output ? "-o, " : "", rows[i].name,
		         rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		fprintf(out, "  %-22s", left);
		if (strlen(left) > 21)
			fprintf(out, "\n%24s", "");
		print_folded(out, rows[i].help, 24);
	}
}

void options_print(FILE *out, unsigned command)
{
	fputs("\nOptions:\n", out);
	print_rows(out, command, false);
	fputs("  -h, --help            print this\n", out);
	if (command == METHODS)
		return;
	fputs("\nAdvanced options:\n", out);
	print_rows(out, command, true);
}
