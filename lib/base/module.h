/* Modules: parts of ojit in libraries of their own, opened when they are first needed,
 * so that processes which never need them do not pay for what they link. */
#ifndef OJ_MODULE_H
#define OJ_MODULE_H

#include "lib/base/error.h"

struct module {
	enum module_kind kind; /* where a context remembers it */
	const char *library;   /* such as "libojit-llvm.so" */
	const char *what;      /* it is to a user, such as "code generator" */
	const char *variable;  /* of the environment, that may hold its path */
	const char *entry;     /* a module_entry that it exports */
	unsigned version;      /* that is needed */
};
/* Returns a table that begins with the version it is of; the rest is the module's. */
typedef const unsigned *module_entry(void);

/* The module's table, opened if it was not yet.  It is looked for beside the library (or
 * program) that this function lives in, then where the environment's variable says, then
 * in the directory of installed libraries.  Once opened it stays: its code may be
 * running.  `refusal`, a status, where it cannot be.  Any thread. */
ojit_status oj_module_open(ojit_context *context, const struct module *module, ojit_status refusal,
                           const void **table, struct oj_error *error);

#endif
