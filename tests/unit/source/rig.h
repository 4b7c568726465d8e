/* An engine with sources in a directory of its own, and waiting for what they count. */
#ifndef FALCOTOP_TESTS_RIG_H
#define FALCOTOP_TESTS_RIG_H

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "pipeline/sample.h"
#include "source/source.h"

struct rig {
	struct engine *e;
	struct source_set *set;
	char dir[64];
	char err[256];
	/* the engine thread hangs in its wake callback while this is true */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool block, blocked;
};

static inline void
rig_wake(void *arg)
{
	struct rig *r = arg;

	pthread_mutex_lock(&r->lock);
	r->blocked = r->block;
	pthread_cond_broadcast(&r->cond);
	while (r->block)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static inline void
rig_init(struct rig *r, unsigned threads, size_t batch, const struct source_options *so)
{
	const struct engine_options eo = { .threads = threads,
		.memory = 256 << 20,
		.spool = 64 << 20,
		.batch_size = batch,
		.wake = rig_wake,
		.wake_arg = r };

	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->cond, NULL);
	memcpy(r->dir, "/tmp/falcotop-test.XXXXXX", sizeof("/tmp/falcotop-test.XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	r->e = engine_new(&eo);
	r->set = source_set_new(r->e, so);
}

/* Files left in the directory are removed by name: it has no others. */
static inline void
rig_release(struct rig *r)
{
	static const char *const names[] = { "a", "b", "a.1", "sock", "long", "fifo" };
	char path[128];

	source_set_free(r->set);
	engine_free(r->e);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(r->dir), 0);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->cond);
}

static inline const char *
rig_path(struct rig *r, const char *name)
{
	static char path[2][160];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", r->dir, name);
	return path[turn];
}

static inline int
rig_add(struct rig *r, const char *prefix, const char *name)
{
	char spec[300];

	snprintf(spec, sizeof(spec), "%s%s", prefix, rig_path(r, name));
	return source_set_add(r->set, spec, r->err, sizeof(r->err));
}

static inline void
rig_append(struct rig *r, const char *name, const char *p, size_t len)
{
	int fd = open(rig_path(r, name), O_WRONLY | O_CREAT | O_APPEND, 0600);

	ck_assert_int_ge(fd, 0);
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, p + at, len - at);

		ck_assert_int_gt(n, 0);
		at += (size_t)n;
	}
	close(fd);
}

static inline struct snapshot *
rig_snapshot(struct rig *r)
{
	struct snapshot *s;
	struct request q;

	request_init(&q);
	q.want_bad = true;
	s = engine_answer(r->e, &q);
	ck_assert_ptr_nonnull(s);
	request_release(&q);
	return s;
}

/* Waits until the source of that number fulfils the condition (its snapshot is `f`), at most 20
 * seconds. */
#define RIG_WAIT(r, number, condition)                                                             \
	do {                                                                                       \
		int64_t until_ = clock_mono() + 20 * NSEC_PER_SEC;                                 \
		bool ok_ = false;                                                                  \
		while (!ok_) {                                                                     \
			struct snapshot *s_ = rig_snapshot(r);                                     \
			const struct snap_source *f = &s_->source[number];                         \
			ok_ = (condition);                                                         \
			snapshot_free(s_);                                                         \
			ck_assert_msg(ok_ || clock_mono() < until_, "never: %s", #condition);      \
			if (!ok_)                                                                  \
				usleep(1000);                                                      \
		}                                                                                  \
	} while (0)

#endif
