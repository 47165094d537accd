/* See crew.h.
 *
 * The caller's thread works as well; others are made for this translation alone and
 * are gone when it ends, and where none can be made the caller does all of it.
 * Modules are taken in order, so when one fails, all before it have been taken, and
 * the first of the failed is the same whatever the number of threads. */
#include "jit/llvm/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { STACK = 8 << 20 }; /* code generators recurse */

struct task {
	struct object *piece;
	struct oj_error error;
};

struct crew {
	const struct program *program;
	const struct target *target;
	const struct cut *cut;
	struct task *tasks; /* one a module */
	atomic_size_t next;
	atomic_bool failed;
};

static void *work(void *user)
{
	struct crew *crew = user;
	size_t module;
	while (!atomic_load(&crew->failed) && (module = atomic_fetch_add(&crew->next, 1)) < crew->cut->levels.count) {
		struct task *task = &crew->tasks[module];
		if (oj_module_translate(crew->program, crew->target, crew->cut, (uint32_t)module, task->piece, NULL, NULL,
		                        &task->error) != OJIT_OK)
			atomic_store(&crew->failed, true);
	}
	return NULL;
}

/* Signals are for the threads of the host. */
static size_t hire(struct crew *crew, pthread_t *threads, size_t count)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	size_t hired = 0;
	if (count == 0 || pthread_attr_init(&attributes))
		return 0;
	pthread_attr_setstacksize(&attributes, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (hired < count && !pthread_create(&threads[hired], &attributes, work, crew))
		hired++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return hired;
}

static ojit_status run(struct crew *crew, size_t helpers)
{
	ojit_context *context = crew->cut->context;
	pthread_t *threads = helpers ? oj_memory_get(context, helpers * sizeof *threads) : NULL;
	if (helpers && !threads)
		return OJIT_OUT_OF_MEMORY;
	size_t hired = hire(crew, threads, helpers);
	work(crew);
	for (size_t t = 0; t < hired; t++)
		pthread_join(threads[t], NULL);
	oj_memory_put(context, threads, helpers * sizeof *threads);
	return OJIT_OK;
}

static ojit_status first_failure(struct crew *crew, struct oj_error *error)
{
	for (size_t module = 0; module < crew->cut->levels.count; module++)
		if (crew->tasks[module].error.status != OJIT_OK)
			return oj_fail_copy(error, &crew->tasks[module].error);
	return OJIT_OK;
}

ojit_status oj_crew_translate(const struct program *program, const struct target *target, const struct cut *cut,
                              struct object *pieces, struct oj_error *error)
{
	size_t count = cut->levels.count, threads = target->threads > 1 ? (size_t)target->threads : 1;
	struct crew crew = {.program = program, .target = target, .cut = cut};
	if (count == 1)
		return oj_module_translate(program, target, cut, 0, pieces, NULL, NULL, error);
	crew.tasks = oj_memory_get(cut->context, count * sizeof *crew.tasks);
	if (!crew.tasks)
		return oj_fail_memory(error);
	for (size_t module = 0; module < count; module++) {
		crew.tasks[module].piece = &pieces[module];
		oj_error_init(&crew.tasks[module].error, cut->context);
	}
	ojit_status status = run(&crew, (threads < count ? threads : count) - 1);
	status = status == OJIT_OK ? first_failure(&crew, error) : oj_fail_memory(error);
	for (size_t module = 0; module < count; module++)
		oj_error_drop(&crew.tasks[module].error);
	oj_memory_put(cut->context, crew.tasks, count * sizeof *crew.tasks);
	return status;
}
