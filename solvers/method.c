/* See method.h. */
#include "solvers/method.h"

#include "solvers/auto.h"
#include "solvers/bdf.h"
#include "solvers/radau.h"
#include "solvers/rock.h"
#include "solvers/rosenbrock.h"
#include "solvers/sdirk.h"
#include "solvers/tableau.h"

#include <string.h>
#include <strings.h>

/* Methods that are rows of no table; ends with stepper NULL.
 *
 * ROCK: of safety 0.8 and 0.9, beta 0 to 0.12, these take the fewest evaluations for an
 * error (heat equation, Brusselator, tolerances from 1e-3 to 1e-6). */
static const struct method others[] = {
	{.stepper = &oj_stepper_rock, .row = &oj_rock2,
	 .control = {.error_order = 2, .safety = 0.8, .shrink = 0.2, .grow = 5, .beta = 0.08},
	 .info = {.name = "rock2", .full_name = "ROCK2 2(1), 3 to 200 stages as stability needs",
	          .aliases = "", .source = "A. Abdulle, A. A. Medovikov, Numer. Math. 90 (2001) 1-18",
	          .order = 2, .estimate_order = 1, .stages = 3, .dense_order = 2, .extra_stages = 2}},
	{.stepper = &oj_stepper_rock, .row = &oj_rock4,
	 .control = {.error_order = 4, .safety = 0.8, .shrink = 0.2, .grow = 5, .beta = 0.04},
	 .info = {.name = "rock4", .full_name = "ROCK4 4(3), 5 to 142 stages as stability needs",
	          .aliases = "", .source = "A. Abdulle, SIAM J. Sci. Comput. 23 (2002) 2041-2054",
	          .order = 4, .estimate_order = 3, .stages = 5, .dense_order = 4, .extra_stages = 13,
	          .fsal = true}},
	{.stepper = &oj_stepper_taylor, .row = &oj_stepper_taylor,
	 .control = {.error_order = 4, .safety = 0.9, .shrink = 0.1, .grow = 10}, /* of rejected steps alone */
	 .info = {.name = "taylor", .full_name = "Taylor series, their order from rtol, their own interpolants",
	          .aliases = "", .source = "A. Jorba, M. Zou, Exp. Math. 14 (2005) 99-117"}},
	{.stepper = &oj_stepper_radau, .row = &oj_radau, .control = {.error_order = 4, .safety = 0.9, .shrink = 0.125, .grow = 8},
	 .info = {.name = "radau", .full_name = "Radau IIA of orders 5, 9 and 13, as iterations converge",
	          .aliases = "", .source = "E. Hairer, G. Wanner, J. Comp. Appl. Math. 111 (1999) 93-111",
	          .order = 5, .estimate_order = 3, .stages = 3, .dense_order = 4}},
	{.stepper = &oj_stepper_radau, .row = &oj_radau5, .control = {.error_order = 4, .safety = 0.9, .shrink = 0.125, .grow = 8},
	 .info = {.name = "radau5", .full_name = "Radau IIA 5(3)", .aliases = "radau_iia_5",
	          .source = "E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.8",
	          .order = 5, .estimate_order = 3, .stages = 3, .dense_order = 4}},
	{.stepper = &oj_stepper_radau, .row = &oj_radau9, .control = {.error_order = 6, .safety = 0.9, .shrink = 0.125, .grow = 8},
	 .info = {.name = "radau9", .full_name = "Radau IIA 9(5)", .aliases = "radau_iia_9",
	          .source = "E. Hairer, G. Wanner, J. Comp. Appl. Math. 111 (1999) 93-111",
	          .order = 9, .estimate_order = 5, .stages = 5, .dense_order = 6}},
	{.stepper = &oj_stepper_radau, .row = &oj_radau13, .control = {.error_order = 8, .safety = 0.9, .shrink = 0.125, .grow = 8},
	 .info = {.name = "radau13", .full_name = "Radau IIA 13(7)", .aliases = "radau_iia_13",
	          .source = "E. Hairer, G. Wanner, J. Comp. Appl. Math. 111 (1999) 93-111",
	          .order = 13, .estimate_order = 7, .stages = 7, .dense_order = 8}},
	{.stepper = &oj_stepper_radau, .row = &oj_implicit_euler, .control = {.error_order = 2, .safety = 0.9, .shrink = 0.125, .grow = 8},
	 .info = {.name = "implicit_euler", .full_name = "implicit Euler", .aliases = "implicit-euler backward_euler",
	          .source = "E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.3",
	          .order = 1, .estimate_order = 1, .stages = 1, .dense_order = 1}},
	{.stepper = &oj_stepper_bdf, .row = &oj_stepper_bdf, .control = {.error_order = 2, .safety = 0.9, .shrink = 0.1, .grow = 10},
	 .info = {.name = "bdf", .full_name = "backward differentiation formulas of orders 1 to 5, 2 in steps of given size",
	          .aliases = "ode15s CV_BDF", .source = "P. N. Brown, G. D. Byrne, A. C. Hindmarsh, SIAM J. Sci. Stat. Comput. 10 (1989) "
	          "1038-1051"}},
	{.stepper = &oj_stepper_auto, .row = &oj_stepper_auto,
	 .info = {.name = "auto", .full_name = "explicit, stabilised or implicit, by counted cost", .aliases = "automatic",
	          .source = "E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.2"}},
	{.stepper = NULL},
};

enum { OTHERS = sizeof others / sizeof others[0] - 1 };

struct method oj_method_of_tableau(const struct tableau *row)
{
	return (struct method){
		.stepper = &oj_stepper_explicit,
		.row = row,
		.control = {row->error_order, row->safety, row->shrink, row->grow, row->beta, .predicts = false},
		.info = {
			.name = row->name,
			.full_name = row->full_name,
			.aliases = row->aliases,
			.source = row->source,
			.order = row->order,
			.estimate_order = row->estimate_order[0],
			.stages = row->stages + row->fsal,
			.dense_order = row->dense_order,
			.extra_stages = row->extra,
			.fsal = row->fsal,
		},
	};
}

static struct method method_of_rosenbrock(const struct rosenbrock *row)
{
	return (struct method){
		.stepper = &oj_stepper_rosenbrock,
		.row = row,
		.control = {row->error_order, row->safety, row->shrink, row->grow, row->beta, .predicts = true},
		.info = {
			.name = row->name,
			.full_name = row->full_name,
			.aliases = row->aliases,
			.source = row->source,
			.order = row->order,
			.estimate_order = row->estimate_order,
			.stages = row->stages,
			.dense_order = row->dense_order,
		},
	};
}

static struct method method_of_sdirk(const struct sdirk *row)
{
	return (struct method){
		.stepper = &oj_stepper_sdirk,
		.row = row,
		.control = row->control,
		.info = {
			.name = row->name,
			.full_name = row->full_name,
			.aliases = row->aliases,
			.source = row->source,
			.order = row->order,
			.estimate_order = row->estimate_order,
			.stages = row->stages,
			.dense_order = row->dense_order,
			.fsal = oj_sdirk_diagonal(row, 0) == 0,
		},
	};
}

static struct method tableau_method(size_t i)
{
	return oj_method_of_tableau(oj_tableau_at(i));
}

static const char *tableau_name(size_t i)
{
	return oj_tableau_at(i)->name;
}

static struct method rosenbrock_method(size_t i)
{
	return method_of_rosenbrock(oj_rosenbrock_at(i));
}

static const char *rosenbrock_name(size_t i)
{
	return oj_rosenbrock_at(i)->name;
}

static struct method sdirk_method(size_t i)
{
	return method_of_sdirk(oj_sdirk_at(i));
}

static const char *sdirk_name(size_t i)
{
	return oj_sdirk_at(i)->name;
}

static size_t other_count(void)
{
	return OTHERS;
}

static struct method other_method(size_t i)
{
	return others[i];
}

static const char *other_name(size_t i)
{
	return others[i].info.name;
}

/* The tables of rows, one behind the other. */
static const struct {
	size_t (*count)(void);
	struct method (*at)(size_t i);
	const char *(*name)(size_t i);
} tables[] = {
	{oj_tableau_count, tableau_method, tableau_name},
	{oj_rosenbrock_count, rosenbrock_method, rosenbrock_name},
	{oj_sdirk_count, sdirk_method, sdirk_name},
	{other_count, other_method, other_name},
};
enum { TABLES = sizeof tables / sizeof *tables };

/* The table that row *i of all is in, and its number there. */
static size_t table_of(size_t *i)
{
	size_t table = 0;
	while (table + 1 < TABLES && *i >= tables[table].count())
		*i -= tables[table++].count();
	return table;
}

size_t oj_method_count(void)
{
	size_t count = 0;
	for (size_t table = 0; table < TABLES; table++)
		count += tables[table].count();
	return count;
}

struct method oj_method_at(size_t i)
{
	size_t table = table_of(&i);
	return tables[table].at(i);
}

/* Is `name` one of the blank-separated words? */
static bool has_word(const char *words, const char *name)
{
	size_t length = strlen(name);
	while (*words) {
		size_t word = strcspn(words, " ");
		if (word == length && strncasecmp(words, name, word) == 0)
			return true;
		words += word;
		words += strspn(words, " ");
	}
	return false;
}

/* Does method i bear the name, or have it as an alias?  Asked of many at every run: no
 * method is put together for it. */
static bool is_called(size_t i, const char *name)
{
	size_t table = table_of(&i);
	return strcasecmp(tables[table].name(i), name) == 0;
}

static bool has_alias(size_t i, const char *name)
{
	return has_word(oj_method_at(i).info.aliases, name);
}

bool oj_method_find(const char *name, struct method *method)
{
	size_t count = oj_method_count(), i = 0;
	while (i < count && !is_called(i, name))
		i++;
	for (size_t k = 0; i == count && k < count; k++)
		i = has_alias(k, name) ? k : i;
	if (i < count)
		*method = oj_method_at(i);
	return i < count;
}

bool oj_method_known(const char *name, struct text *known)
{
	struct method method;
	if (oj_method_find(name, &method))
		return true;
	for (size_t i = 0; i < oj_method_count(); i++)
		oj_text_format(known, i ? ", %s" : "%s", oj_method_at(i).info.name);
	return false;
}

size_t ojit_method_count(void)
{
	return oj_method_count();
}

ojit_method ojit_method_info(size_t i)
{
	return i < oj_method_count() ? oj_method_at(i).info : (ojit_method){.name = NULL};
}
