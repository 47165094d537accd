/* See network.h.  Rates are products of parameters and species, slopes sums of rates: what is
 * otherwise is refused. */
#include "bench/work/network.h"

#include "bench/bench.h"
#include "bench/networks.h"

#ifdef HAVE_JANSSON

static struct {
	struct network network;
	struct source text;
	double *start, *speed;
} open;

static void *room(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);
	if (!memory)
		bench_fail("out of memory");
	return memory;
}

/* The number behind a letter that names all of a kind, s1 or r1, from 0; -1: it is none. */
static int number_of(const char *name, char letter, int count)
{
	int number = 0, end = 0;
	bool fits = name[0] == letter && sscanf(name + 1, "%d%n", &number, &end) == 1 && name[1 + end] == '\0';
	return fits && number > 0 && number <= count ? number - 1 : -1;
}

/* k*s1*s2 */
static bool read_rate(struct network *n, const json_t *parameters, int r, const char *text)
{
	char copy[256], *rest = NULL;
	int count = 0, *reactants = n->reactants[r];
	snprintf(copy, sizeof copy, "%s", text);
	n->rate[r] = 1;
	reactants[0] = reactants[1] = -1;
	for (char *factor = strtok_r(copy, "*", &rest); factor; factor = strtok_r(NULL, "*", &rest)) {
		int species = number_of(factor, 's', n->species);
		const json_t *value = json_object_get(parameters, factor);
		if (species >= 0 && count < 2)
			reactants[count++] = species;
		else if (species < 0 && json_is_number(value))
			n->rate[r] *= json_number_value(value);
		else
			return false;
	}
	return count > 0;
}

/* -r1 + r2, of which there are `count` before. */
static bool read_slope(struct network *n, int species, char *text, long *count)
{
	char *rest = NULL;
	int sign = 1;
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		bool minus = word[0] == '-', plus = word[0] == '+';
		sign = minus ? -1 : plus ? 1 : sign;
		if (*(word += minus || plus) == '\0')
			continue;
		int r = number_of(word, 'r', n->reactions);
		if (r < 0)
			return false;
		n->term = realloc(n->term, (size_t)(*count + 1) * sizeof *n->term);
		if (!n->term)
			bench_fail("out of memory");
		n->term[(*count)++] = sign * (r + 1);
		sign = 1;
	}
	n->first[species + 1] = *count;
	return true;
}

static bool read_arrays(struct network *n, const json_t *json)
{
	const json_t *rates = json_object_get(json, "let"), *slopes = json_object_get(json, "rhs");
	long count = 0;
	bool ok = true;
	n->species = (int)json_array_size(slopes);
	n->reactions = (int)json_array_size(rates);
	n->rate = room((size_t)n->reactions, sizeof *n->rate);
	n->reactants = room((size_t)n->reactions, sizeof *n->reactants);
	n->first = room((size_t)n->species + 1, sizeof *n->first);
	for (int r = 0; ok && r < n->reactions; r++) {
		const json_t *pair = json_array_get(rates, (size_t)r);
		ok = number_of(json_string_value(json_array_get(pair, 0)), 'r', n->reactions) == r
			&& read_rate(n, json_object_get(json, "params"), r, json_string_value(json_array_get(pair, 1)));
	}
	for (int i = 0; ok && i < n->species; i++) {
		char *text = strdup(json_string_value(json_array_get(slopes, (size_t)i)));
		ok = text && read_slope(n, i, text, &count);
		free(text);
	}
	return ok;
}

static int by_number(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;
	return (x > y) - (x < y);
}

/* Entries as column times species plus row, sorted, each once, the diagonal among them. */
static long *list_entries(const struct network *n, long *count)
{
	long terms = n->first[n->species], all = 0, distinct = 0;
	long *keys = room((size_t)(2 * terms + n->species), sizeof *keys);
	for (int i = 0; i < n->species; i++) {
		keys[all++] = (long)i * n->species + i;
		for (long k = n->first[i]; k < n->first[i + 1]; k++)
			for (int j = 0; j < 2; j++) {
				int of = n->reactants[abs(n->term[k]) - 1][j];
				if (of >= 0)
					keys[all++] = (long)of * n->species + i;
			}
	}
	qsort(keys, (size_t)all, sizeof *keys, by_number);
	for (long k = 0; k < all; k++)
		if (k == 0 || keys[k] != keys[k - 1])
			keys[distinct++] = keys[k];
	*count = distinct;
	return keys;
}

static void find_pattern(struct network *n)
{
	long count, *keys = list_entries(n, &count);
	n->column = room((size_t)n->species + 1, sizeof *n->column);
	n->row = room((size_t)count, sizeof *n->row);
	n->entry = room((size_t)n->first[n->species], sizeof *n->entry);
	for (long k = 0; k < count; k++) {
		n->row[k] = keys[k] % n->species;
		n->column[keys[k] / n->species + 1] = k + 1;
	}
	for (int i = 0; i < n->species; i++)
		for (long k = n->first[i]; k < n->first[i + 1]; k++)
			for (int j = 0; j < 2; j++) {
				long key = (long)n->reactants[abs(n->term[k]) - 1][j] * n->species + i;
				const long *at = bsearch(&key, keys, (size_t)count, sizeof key, by_number);
				n->entry[k][j] = at ? at - keys : -1;
			}
	free(keys);
}

static bool read_all(const char *name)
{
	json_t *json = load_network(name);
	if (!json)
		return false;
	bool ok = read_arrays(&open.network, json);
	if (ok) {
		add_network(&open.text, json);
		find_pattern(&open.network);
		open.start = room((size_t)open.network.species, sizeof *open.start);
		open.speed = room((size_t)open.network.reactions, sizeof *open.speed);
		for (int i = 0; i < open.network.species; i++)
			open.start[i] = json_number_value(json_array_get(json_object_get(json, "init"), (size_t)i));
	} else {
		printf("# %s.json is left out: it is no network of mass action alone\n", name);
	}
	json_decref(json);
	return ok;
}

const struct network *network_open(const char *name)
{
	return open.start || read_all(name) ? &open.network : NULL;
}

const char *network_text(size_t *length)
{
	*length = open.text.length;
	return open.text.at;
}

void network_start(double *y)
{
	memcpy(y, open.start, (size_t)open.network.species * sizeof *y);
}

void network_slopes(double t, const double *y, double *out)
{
	(void)t;
	network_rhs(&open.network, y, open.speed, out);
}

void network_close(void)
{
	struct network *n = &open.network;
	free(n->rate), free(n->reactants), free(n->first), free(n->term), free(n->column), free(n->row), free(n->entry);
	free(open.text.at), free(open.start), free(open.speed);
	memset(&open, 0, sizeof open);
}

#else

const struct network *network_open(const char *name)
{
	printf("# %s.json is left out: this bench was built without jansson\n", name);
	return NULL;
}

const char *network_text(size_t *length)
{
	*length = 0;
	return NULL;
}

void network_start(double *y)
{
	(void)y;
}

void network_slopes(double t, const double *y, double *out)
{
	(void)t, (void)y, (void)out;
}

void network_close(void)
{
}

#endif
