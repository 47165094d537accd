/* An allocator under a test's eye.
 *
 * It counts what is live, checks that every block comes back with the size it
 * was asked with, and refuses one chosen allocation: a sweep over `refuse` makes
 * each allocation of an action fail once. */
#ifndef SUPPORT_ALLOCATOR_H
#define SUPPORT_ALLOCATOR_H

#include <ojit/base.h>
#include <stdatomic.h>

struct watched_allocator {
	atomic_long calls;       /* allocations asked for so far */
	atomic_long live_blocks; /* handed out and not back yet */
	atomic_long live_bytes;
	atomic_long wrong_sizes; /* blocks released with another size than they had */
	long refuse;             /* the call, from 1, that gets NULL; 0: none */
	long refuse_from;        /* every call from this one on gets NULL; 0: none */
};

/* An allocator that reports to `watched`, which must outlive it. */
ojit_allocator watched_allocator(struct watched_allocator *watched);

/* Call `action` with a fresh context once for every allocation it makes, that
 * allocation refused, and once with none refused.  `action` returns whether it
 * succeeded.  Returns the number of allocations swept (fewer under sanitizers); -1 where a refused
 * allocation was not reported, something was left live, a size was wrong, or the
 * action failed with nothing refused; *culprit then is the refused call. */
long watched_sweep(int (*action)(ojit_context *context, void *user), void *user, long *culprit);

/* The same from allocation `first` on, counted from 1: what comes before is swept elsewhere. */
long watched_sweep_from(int (*action)(ojit_context *context, void *user), void *user, long first, long *culprit);

#endif
