/* Numbers from NPY files, versions 1 to 3: a magic, the length of the header, a
 * header in Python's notation, then the numbers.  Format: numpy.lib.format. */
#include "lib/model/import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct header {
	char type[8];
	bool fortran;
	int rank;
	int64_t shape[8];
	const char *data;
	size_t length; /* of data */
};

static ojit_status fail(const struct import *i, const char *what)
{
	return oj_fail_at(i->error, OJIT_IO, i->origin, "%s is not an NPY file that can be read: %s; save it again with numpy.save",
	                  i->path, what);
}

/* Behind `'key':` and blanks in the header's text; NULL: not there. */
static const char *find(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	if (!at)
		return NULL;
	at += strlen(key);
	while (*at == ' ' || *at == ':')
		at++;
	return at;
}

static bool read_shape(const char *at, struct header *h)
{
	if (*at++ != '(')
		return false;
	while (*at != ')') {
		if (!isdigit((unsigned char)*at) || h->rank == 8)
			return false;
		int64_t value = 0;
		for (; isdigit((unsigned char)*at); at++) {
			if (value > INT64_MAX / 16)
				return false;
			value = 10 * value + (*at - '0');
		}
		h->shape[h->rank++] = value;
		while (*at == ' ' || *at == ',')
			at++;
	}
	return true;
}

static ojit_status read_header(const struct import *i, const char *bytes, size_t length, struct header *h)
{
	char text[1024];
	if (length < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
		return fail(i, "it does not begin as one");
	const unsigned char *u = (const unsigned char *)bytes;
	size_t start = u[6] == 1 ? 10 : 12, size = u[8] | (size_t)u[9] << 8;
	if (u[6] < 1 || u[6] > 3)
		return fail(i, "its version is unknown");
	if (u[6] > 1)
		size |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
	if (size > length - start || size >= sizeof text)
		return fail(i, "its header is cut off or too long");
	memcpy(text, bytes + start, size);
	text[size] = '\0';
	const char *type = find(text, "'descr'"), *order = find(text, "'fortran_order'"), *shape = find(text, "'shape'");
	if (!type || !order || !shape || *type++ != '\'')
		return fail(i, "its header lacks descr, fortran_order or shape, or it is a structured array");
	size_t type_length = strcspn(type, "'");
	memcpy(h->type, type, type_length < 7 ? type_length : 7);
	h->fortran = strncmp(order, "True", 4) == 0;
	if (!read_shape(shape, h))
		return fail(i, "its shape cannot be read");
	h->data = bytes + start + size;
	h->length = length - start - size;
	return OJIT_OK;
}

static double number_at(const char *type, const char *at)
{
	double f8;
	float f4;
	int64_t i8;
	int32_t i4;
	switch (type[1] * 256 + type[2]) {
	case 'f' * 256 + '8':
		return memcpy(&f8, at, 8), f8;
	case 'f' * 256 + '4':
		return memcpy(&f4, at, 4), f4;
	case 'i' * 256 + '8':
		return memcpy(&i8, at, 8), (double)i8;
	case 'i' * 256 + '4':
		return memcpy(&i4, at, 4), i4;
	default:
		return *at != 0; /* b1 */
	}
}

static bool known_type(const char *type)
{
	static const char *const types[] = {"<f8", "<f4", "<i8", "<i4", "|b1"};
	for (size_t k = 0; k < sizeof types / sizeof *types; k++)
		if (strcmp(type, types[k]) == 0)
			return true;
	return false;
}

/* Where element `at`, counted row by row, lies in the file's order. */
static int64_t position(const struct header *h, int64_t at)
{
	int64_t position = 0, scale = 1, places[8];
	if (!h->fortran)
		return at;
	for (int k = h->rank; k-- > 0; at /= h->shape[k])
		places[k] = at % h->shape[k];
	for (int k = 0; k < h->rank; scale *= h->shape[k++])
		position += scale * places[k];
	return position;
}

ojit_status oj_import_npy(struct import *i, const char *bytes, size_t length)
{
	struct header h = {0};
	char found[96] = "[...]", wanted[96];
	TRY(read_header(i, bytes, length, &h));
	bool same = h.rank == i->rank;
	for (int k = 0; same && k < h.rank; k++)
		same = h.shape[k] == i->extent[k];
	if (!same)
		return oj_fail_at(i->error, OJIT_SHAPE, i->origin, "%s has shape %s, but %s needs %s; change the ranges or the file",
		                  i->path, h.rank <= 3 ? oj_import_shape(found, h.rank, h.shape) : found, i->name,
		                  oj_import_shape(wanted, i->rank, i->extent));
	if (!known_type(h.type))
		return oj_fail_at(i->error, OJIT_UNSUPPORTED, i->origin, "%s has numbers of type '%s'; save it as <f8, <f4, <i8, <i4 or |b1",
		                  i->path, h.type);
	size_t size = (size_t)(h.type[2] - '0');
	if (h.length / size < (size_t)i->count)
		return fail(i, "its numbers are cut off");
	for (int64_t k = 0; k < i->count; k++)
		i->values[k] = number_at(h.type, h.data + size * (size_t)position(&h, k));
	return OJIT_OK;
}
