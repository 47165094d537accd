/* What the parts of the command share: the request a command line makes, messages,
 * and a model made ready for it.
 *
 * The command is a client like any other: it sees nothing but the public headers.
 * What cannot go on is told to stderr where it is found; functions then return the
 * exit status, 0 for "go on". */
#ifndef TOOL_H
#define TOOL_H

#include <ojit/ojit.h>

#include <stdbool.h>
#include <stdio.h>

enum {
	EXIT_DONE,  /* all of it */
	EXIT_EARLY, /* the solve ended early; what there is was written */
	EXIT_DIFFERS = EXIT_EARLY, /* a check found a disagreement */
	EXIT_WRONG, /* a model or an option makes no sense, or a file failed */
};

struct request;

/* Commands are bits, so that an option can belong to several. */
enum { RUN = 1, EVAL = 2, DUMP = 4, METHODS = 8, CHECK = 16 };
struct command {
	const char *name, *arguments, *summary;
	unsigned bit;
	int (*act)(const struct request *request);
	bool wants_file;
};
extern const struct command commands[]; /* ends with name NULL */

/* ---- the request ---- */

/* One `name=value` of an option, or a value alone (name NULL). */
struct item {
	char *name;
	char *meant; /* the model's guess at what an unknown name means, or NULL */
	double value;
	const char *option, *text; /* the option's name, and all of its argument */
	size_t at, length;         /* of the name within text, bytes */
};
struct items {
	struct item *all;
	size_t count;
};

/* What `ojit eval` knows beyond enum ojit_kernel. */
enum { EVAL_JACOBIAN = OJIT_KERNEL_COUNT, EVAL_TANGENT, EVAL_ADJOINT, EVAL_BY_PARAMETERS, EVAL_BY_TIME,
       EVAL_GRADIENT, EVAL_HESSIAN_PRODUCT, EVAL_HESSIAN };

enum format { CSV, JSON, NPY, FORMAT_COUNT }; /* FORMAT_COUNT: not given */

struct request {
	const struct command *command;
	const char *file, *output, *times, *stage;
	const char *scalar; /* --of, where it is no whole kernel */
	bool has_span, final, steps, stats, explain, refine, progress, no_progress;
	bool whole;         /* --of is rhs or outputs, by name */
	double span[2], every;
	uint64_t points, digits, seed; /* 0: not given */
	int format, kernel, of;
	ojit_options options;
	struct items set, init, at, atol, direction, weights, wrt;
	ojit_compile_options compile;
	const char **without;
};

/* Read a command line after the command's name.  *help: it was asked for, and
 * nothing else matters. */
int request_read(struct request *request, const struct command *command, int count, char **words,
                 bool *help);
void request_drop(struct request *request);
/* The part of the help that lists a command's options. */
void options_print(FILE *out, unsigned command);

/* ---- arguments of options (items.c) ---- */

/* All of `text` as a number, or a complaint about `option` whose argument it is in. */
int number_read(const char *option, const char *argument, size_t at, size_t length, double *value);
/* Add the items of "name=value,name=value" to a list.  Commas inside brackets
 * belong to names.  `bare`: a value without a name is allowed. */
int items_read(struct items *items, const char *option, const char *text, bool bare);
/* Those of "name,name". */
int names_read(struct items *items, const char *option, const char *text);
void items_drop(struct items *items);

/* The numbers of a file, separated by blanks, commas or newlines; free *values. */
int times_read(const char *path, double **values, size_t *count);

/* ---- messages (messages.c) ---- */

/* Tell stderr what is wrong with an option (its name without --); the caret stands under `length` bytes at
 * `at` of its argument (argument NULL: no caret). Returns EXIT_WRONG. */
int complain(const char *option, const char *argument, size_t at, size_t length,
             const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same without an option. */
int complain_plainly(const char *format, ...) __attribute__((format(printf, 1, 2)));
int complain_item(const struct item *item, const char *message);
/* What the library says. */
int complain_error(ojit_error error);
/* Memory that is there, or the end of the process. */
void *get_memory(size_t count, size_t size);
void *resize_memory(void *memory, size_t count, size_t size);
char *copy_text(const char *text, size_t length);
/* The nearest of `words` (NULL at its end) to a mistyped one; NULL: none is near. */
const char *nearest_word(const char *word, const char *const *words);

/* ---- a model made ready (session.c) ---- */

struct session {
	ojit_context *context;
	ojit_model *model;
	ojit_program *program;
	ojit_solver *solver;
};
/* The request's model, with its constants set. */
int session_read(struct session *session, const struct request *request);
/* And compiled, with its parameters set, and a solver on it. */
int session_open(struct session *session, const struct request *request);
/* A solver on its program, with the request's parameters; in place of the one it had, which is the
 * caller's now. */
int session_solver(struct session *session, const struct request *request);
void session_close(struct session *session);
/* The time among the items of --at, which it is taken out of, for it is no state; else
 * `otherwise`. */
double time_given(const struct request *request, double otherwise);
/* Set elements of a vector of the solver from items with names. */
int session_set(struct session *session, ojit_vector vector, const struct items *items);

/* ---- what derivatives are by (inputs.c) ---- */

enum { INPUT_KINDS = 3 }; /* states, parameters and the time, as enum ojit_inputs has its bits */
struct inputs {
	ojit_solver *solver;
	size_t counts[INPUT_KINDS];
	bool *chosen; /* one an input: states, then parameters, then the time */
};
/* None is chosen; `time`: it is one of them. */
void inputs_init(struct inputs *inputs, ojit_solver *solver, bool time);
void inputs_drop(struct inputs *inputs);
size_t inputs_first(const struct inputs *inputs, int kind);
size_t inputs_total(const struct inputs *inputs);
/* Its name, which lives until the next is asked for. */
const char *inputs_name(const struct inputs *inputs, size_t input);
/* Is any of that kind chosen; which kinds are, as enum ojit_inputs or-ed. */
bool inputs_has(const struct inputs *inputs, int kind);
unsigned inputs_kinds(const struct inputs *inputs);
/* Choose all of a kind; those that items name: "states", "parameters" or one by one. */
void inputs_choose_all(struct inputs *inputs, int kind);
int inputs_choose(struct inputs *inputs, const struct items *names);
/* A vector of all inputs from items with names, which have to be chosen. */
int inputs_read(const struct inputs *inputs, const struct items *items, double *v);

/* ---- output (output.c) ---- */

struct output {
	FILE *file;
	const char *path; /* NULL: stdout */
};
/* Open the request's output; an existing file keeps its contents until
 * output_begin. */
int output_open(struct output *output, const struct request *request);
/* What is written next replaces what the file held. */
void output_begin(struct output *output);
/* Flush, close, and say what went wrong with writing, if anything did. */
int output_close(struct output *output);
/* Nothing more gets through. */
bool output_failed(const struct output *output);

void csv_name(FILE *out, const char *name);
void csv_number(FILE *out, double value);
/* Strings and numbers of JSON; a number that is not finite is a string. */
void json_string(FILE *out, const char *text);
void json_number(FILE *out, double value);
/* `"name":value` of elements `values` of a vector, in braces. */
void json_values(FILE *out, ojit_solver *solver, ojit_vector vector, const double *values);

/* ---- derivatives (derivative.c) ---- */

/* Evaluate and write the derivative that is asked for, at (t, y). */
int derivative_show(struct session *session, const struct request *request, ojit_evaluator *evaluator, double t,
                    const double *y);
/* v[k] = the item's value for all elements that items name, of a vector that is 0 so far. */
int vector_read(ojit_solver *solver, ojit_vector names, const struct items *items, double *v);
/* The same for a gradient, a Hessian or its product with a vector (scalar.c). */
int scalar_show(struct session *session, const struct request *request, ojit_evaluator *evaluator, double t,
                const double *y);

double seconds_now(void); /* of a clock that only goes forward */

/* ---- runs (run.c) ---- */

struct plan {
	double span[2];
	ojit_options options;
	ojit_output output;
	double *times;
};
struct result {
	ojit_solver *solver;
	ojit_stats stats; /* of the last run */
	ojit_program_info info;
	double seconds;   /* of all runs */
	const struct refinement *refinement; /* NULL: there was one run */
};
/* Run the plan once. */
int plan_run(struct session *session, const struct request *request, struct plan *plan,
             struct result *result);

/* ---- results (result.c) ---- */

int result_write(struct output *output, const struct request *request, const struct result *result);
void result_print_stats(const struct result *result);

/* The rows as an NPY file (records.c). */
int records_write(struct output *output, const struct result *result);

/* ---- refining (refine.c) ---- */

struct refinement {
	size_t columns;  /* the time not counted */
	double *digits;  /* [columns] that agree between the last two runs */
	double *scales;  /* [columns] magnitudes below which there are no relative digits */
	size_t worst;    /* of columns */
	double wanted, rtol, atol, fixed_step; /* of the last run; fixed_step 0: tolerances */
	int runs;        /* that reached the end; the first counts also if it did not */
	char *failure;   /* what was said of a run after those that did not; NULL: there was none */
	bool reached;
};
/* Run again and again, tighter each time, until the digits wanted agree. */
int refine(struct session *session, const struct request *request, struct plan *plan, struct result *result,
           struct refinement *refinement);
/* Say to stderr what holds. */
void refinement_tell(ojit_solver *solver, const struct refinement *refinement);
/* As a member of the statistics; nothing where it is NULL. */
void refinement_write_json(FILE *out, ojit_solver *solver, const struct refinement *refinement);
void refinement_drop(struct refinement *refinement);

/* ---- progress (progress.c) ---- */

struct progress {
	double t0, t1, begun, shown, share, rate; /* rate: of the share, a second */
	uint64_t steps;
	bool wanted, visible;
	int columns; /* written by the last line */
};
void progress_begin(struct progress *progress, const struct request *request, const double span[2]);
/* A step has ended at time t. */
void progress_step(struct progress *progress, double t);
/* Take the line away again. */
void progress_end(struct progress *progress);
/* What the line says `elapsed` seconds after the beginning, with `left` seconds to go. */
int progress_text(char *text, size_t size, double share, uint64_t steps, double elapsed, double left);

/* ---- commands ---- */

int run_command(const struct request *request);
int eval_command(const struct request *request);
int check_command(const struct request *request);
int dump_command(const struct request *request);
/* Names of the stages that dump knows, NULL at the end. */
const char *const *stage_names(void);
int methods_command(const struct request *request);

#endif
