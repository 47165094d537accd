/* Finding and opening the code generator.
 *
 * It is looked for beside the library (or program) this function lives in, then
 * where the environment's OJIT_LLVM says, then in the directory of installed
 * libraries.  Once opened it stays: code made by it may be running. */
#include "jit/backend.h"

#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libojit-llvm.so"
#ifndef OJIT_LIBDIR
#define OJIT_LIBDIR "/usr/local/lib"
#endif

static bool is_readable(const char *path)
{
	return *path && access(path, R_OK) == 0;
}

/* `directory` of `length` bytes and the library's name; "" where it is too long. */
static void join_path(char path[PATH_MAX], const char *directory, size_t length)
{
	int written = snprintf(path, PATH_MAX, "%.*s/%s", (int)length, directory, LIBRARY);
	if (written < 0 || written >= PATH_MAX)
		path[0] = '\0';
}

static bool find_beside(char path[PATH_MAX])
{
	Dl_info self;
	path[0] = '\0';
	if (!dladdr((void *)(uintptr_t)oj_backend_open, &self) || !self.dli_fname)
		return false;
	const char *slash = strrchr(self.dli_fname, '/');
	if (!slash)
		return false;
	join_path(path, self.dli_fname, (size_t)(slash - self.dli_fname));
	return is_readable(path);
}

static bool find_named(char path[PATH_MAX])
{
	const char *named = secure_getenv("OJIT_LLVM");
	if (!named || !*named)
		return false;
	int written = snprintf(path, PATH_MAX, "%s", named);
	return written > 0 && written < PATH_MAX;
}

static bool find_installed(char path[PATH_MAX])
{
	join_path(path, OJIT_LIBDIR, strlen(OJIT_LIBDIR));
	return is_readable(path);
}

static ojit_status open_library(const struct backend **backend, struct oj_error *error)
{
	char path[PATH_MAX];
	if (!find_beside(path) && !find_named(path) && !find_installed(path))
		return oj_fail(error, OJIT_BACKEND,
		               "there is no code generator: " LIBRARY " lies neither beside ojit's library "
		               "nor in " OJIT_LIBDIR "; put it there, or set OJIT_LLVM to its path");
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	backend_entry *entry = library ? (backend_entry *)(uintptr_t)dlsym(library, "ojit_llvm_backend") : NULL;
	if (!entry) {
		const char *cause = dlerror();
		return oj_fail(error, OJIT_BACKEND,
		               "the code generator could not be opened: %s; build or install " LIBRARY " again",
		               cause ? cause : path);
	}
	const struct backend *found = entry();
	if (found->version != BACKEND_VERSION)
		return oj_fail(error, OJIT_BACKEND,
		               "the code generator %s is of version %u, but %u is needed; "
		               "install " LIBRARY " and libojit of the same release",
		               path, found->version, (unsigned)BACKEND_VERSION);
	*backend = found;
	return OJIT_OK;
}

ojit_status oj_backend_open(ojit_context *context, const struct backend **backend,
                            struct oj_error *error)
{
	*backend = atomic_load_explicit(&context->backend, memory_order_acquire);
	if (*backend)
		return OJIT_OK;
	while (atomic_flag_test_and_set_explicit(&context->backend_lock, memory_order_acquire))
		sched_yield();
	ojit_status status = OJIT_OK;
	*backend = atomic_load_explicit(&context->backend, memory_order_relaxed);
	if (!*backend)
		status = open_library(backend, error);
	if (status == OJIT_OK)
		atomic_store_explicit(&context->backend, (void *)*backend, memory_order_release);
	atomic_flag_clear_explicit(&context->backend_lock, memory_order_release);
	return status;
}
