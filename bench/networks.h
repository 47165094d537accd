/* Networks of the corpora as texts; the directory is named by OJIT_CORPORA. */
#ifndef NETWORKS_H
#define NETWORKS_H

#include "bench/texts.h"

#ifdef HAVE_JANSSON
#include <jansson.h>

static inline void add_long(struct source *s, const char *text)
{
	for (size_t length = strlen(text); length > 0;) {
		size_t some = length < 200 ? length : 200;
		add(s, "%.*s", (int)some, text);
		text += some;
		length -= some;
	}
}

/* NULL: it is not there, which is said. */
static inline json_t *load_network(const char *name)
{
	const char *corpora = getenv("OJIT_CORPORA");
	char path[4096];
	snprintf(path, sizeof path, "%s/networks/%s.json", corpora ? corpora : "", name);
	json_t *network = json_load_file(path, 0, NULL);
	if (!network)
		printf("# %s.json is left out: set OJIT_CORPORA to the directory that holds networks/\n", name);
	return network;
}

static inline void add_network(struct source *s, const json_t *network)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(json_object_get(network, "params"), key, value)
		add(s, "param %s = %.17g\n", key, json_number_value(value));
	json_t *states = json_object_get(network, "states");
	json_array_foreach(json_object_get(network, "init"), i, value)
		add(s, "init %s = %.17g\n", json_string_value(json_array_get(states, i)), json_number_value(value));
	json_array_foreach(json_object_get(network, "let"), i, value) {
		add(s, "let %s = ", json_string_value(json_array_get(value, 0)));
		add_long(s, json_string_value(json_array_get(value, 1)));
		add(s, "\n");
	}
	json_array_foreach(json_object_get(network, "rhs"), i, value) {
		add(s, "%s' = ", json_string_value(json_array_get(states, i)));
		add_long(s, json_string_value(value));
		add(s, "\n");
	}
}

/* False: it is not there. */
static inline int read_network(struct source *s, const char *name)
{
	json_t *network = load_network(name);
	if (!network)
		return 0;
	add_network(s, network);
	json_decref(network);
	return 1;
}
#else
static inline int read_network(struct source *s, const char *name)
{
	(void)s;
	printf("%s.json is left out: this bench was built without jansson\n", name);
	return 0;
}
#endif

#endif
