/* See module.h. */
#include "lib/base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef OJIT_LIBDIR
#define OJIT_LIBDIR "/usr/local/lib"
#endif

static bool is_readable(const char *path)
{
	return *path && access(path, R_OK) == 0;
}

/* `directory` of `length` bytes and the library's name; "" where it is too long. */
static void join_path(char path[PATH_MAX], const char *directory, size_t length, const char *library)
{
	int written = snprintf(path, PATH_MAX, "%.*s/%s", (int)length, directory, library);
	if (written < 0 || written >= PATH_MAX)
		path[0] = '\0';
}

static bool find_beside(char path[PATH_MAX], const char *library)
{
	Dl_info self;
	path[0] = '\0';
	if (!dladdr((void *)(uintptr_t)oj_module_open, &self) || !self.dli_fname)
		return false;
	const char *slash = strrchr(self.dli_fname, '/');
	if (!slash)
		return false;
	join_path(path, self.dli_fname, (size_t)(slash - self.dli_fname), library);
	return is_readable(path);
}

static bool find_named(char path[PATH_MAX], const char *variable)
{
	const char *named = secure_getenv(variable);
	if (!named || !*named)
		return false;
	int written = snprintf(path, PATH_MAX, "%s", named);
	return written > 0 && written < PATH_MAX;
}

static bool find_installed(char path[PATH_MAX], const char *library)
{
	join_path(path, OJIT_LIBDIR, strlen(OJIT_LIBDIR), library);
	return is_readable(path);
}

static ojit_status open_library(const struct module *module, ojit_status refusal, const void **table,
                                struct oj_error *error)
{
	char path[PATH_MAX];
	const char *library = module->library;
	if (!find_beside(path, library) && !find_named(path, module->variable) && !find_installed(path, library))
		return oj_fail(error, refusal,
		               "there is no %s: %s lies neither beside ojit's library nor in " OJIT_LIBDIR
		               "; put it there, or set %s to its path", module->what, library, module->variable);
	void *opened = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	module_entry *entry = opened ? (module_entry *)(uintptr_t)dlsym(opened, module->entry) : NULL;
	if (!entry) {
		const char *cause = dlerror();
		return oj_fail(error, refusal, "the %s could not be opened: %s; build or install %s again",
		               module->what, cause ? cause : path, library);
	}
	const unsigned *found = entry();
	if (*found != module->version)
		return oj_fail(error, refusal,
		               "the %s %s is of version %u, but %u is needed; install %s and libojit of the "
		               "same release", module->what, path, *found, module->version, library);
	*table = found;
	return OJIT_OK;
}

ojit_status oj_module_open(ojit_context *context, const struct module *module, ojit_status refusal,
                           const void **table, struct oj_error *error)
{
	_Atomic(const void *) *slot = &context->modules[module->kind];
	*table = atomic_load_explicit(slot, memory_order_acquire);
	if (*table)
		return OJIT_OK;
	while (atomic_flag_test_and_set_explicit(&context->modules_lock, memory_order_acquire))
		sched_yield();
	ojit_status status = OJIT_OK;
	*table = atomic_load_explicit(slot, memory_order_relaxed);
	if (!*table)
		status = open_library(module, refusal, table, error);
	if (status == OJIT_OK)
		atomic_store_explicit(slot, *table, memory_order_release);
	atomic_flag_clear_explicit(&context->modules_lock, memory_order_release);
	return status;
}
