/* Where the log of a pod was left, and which lines came before: pure, no I/O. */
#ifndef FALCOTOP_SOURCE_KUBE_LOG_H
#define FALCOTOP_SOURCE_KUBE_LOG_H

#include "event/timestamp.h"
#include "source/private.h"

/* Lines of the very same nanosecond that are recognised when they come again. */
#define KUBE_LOG_SAME 256

struct kube_log {
	int64_t last; /* time of the newest line; TIME_NONE: none yet */
	unsigned n;
	uint64_t same[KUBE_LOG_SAME]; /* hashes of the lines that have it */
	bool again[KUBE_LOG_SAME];    /* and were seen in this run */
	bool resuming;		      /* lines that we have may come */
	bool torn;		      /* a run ended in a line that has not come whole since */
	uint64_t repeats;
};

void kube_log_init(struct kube_log *l);
/* Another run of kubectl begins. since: what to ask for ("2026-11-24T08:00:00Z"), "" = everything.
 */
void kube_log_resume(struct kube_log *l, char since[32]);
/* Takes out of whole lines what came before, and a torn end: returns how many bytes are left. */
size_t kube_log_lines(struct kube_log *l, char *p, size_t n);

#endif
