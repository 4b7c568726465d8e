/* Made-up input for the tests of this layer and the source layer, and an answer as text, to compare
 * answers by. */
#ifndef FALCOTOP_TESTS_SAMPLE_H
#define FALCOTOP_TESTS_SAMPLE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "pipeline/engine.h"

/* A JSON event; equal numbers give equal bytes. uuid < 0: none. */
static inline void
sample_event(struct buf *out, unsigned i, int uuid)
{
	static const char *const user[] = { "root", "www-data", "alice", "", "<NA>" };
	static const char *const priority[] = { "Critical", "Notice", "Warning", "Debug" };

	buf_addf(out, "{\"hostname\":\"node-%u\",\"output\":\"%s in a container (n=%u)\",", i % 3,
	    i % 4 == 0 ? "A shell was spawned" : "File opened", i);
	buf_addf(out, "\"output_fields\":{\"container.id\":\"c%u\",\"container.name\":\"web-%u\",",
	    i % 7, i % 7);
	buf_addf(out, "\"my.own\":\"v%u\",\"proc.name\":\"sh%u\",\"user.name\":\"%s\"},", i % 5,
	    i % 11, user[i % 5]);
	buf_addf(out, "\"priority\":\"%s\",\"rule\":\"Rule %u\",\"source\":\"syscall\",",
	    priority[i % 4], i % 13);
	if (uuid >= 0)
		buf_addf(out, "\"uuid\":\"00000000-0000-0000-0000-%012d\",", uuid);
	buf_addf(out, "\"tags\":[\"a\",\"b\"],\"time\":\"2026-01-15T08:%02u:%02u.%09uZ\"}\n",
	    i / 60 % 60, i % 60, i % 1000);
}

/* Lines of every fate: events in JSON and text, noise, blank lines, rejected ones, an event split
 * in three CRI pieces, one on two lines, no final newline. */
static inline void
sample_lines(struct buf *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		sample_event(out, i, i % 17 == 0 ? (int)(i / 34) : -1);
		if (i % 9 == 0)
			buf_addf(out,
			    "%02u:%02u:%02u.000000001: Notice A shell was spawned "
			    "(user=bob%u container=host)\n",
			    i / 3600 % 24, i / 60 % 60, i % 60, i % 4);
		if (i % 31 == 0)
			buf_addf(out,
			    "12:00:00.000000001: Notice A shell was spawned (user=eve%u command=a\n"
			    "b container=host)\n",
			    i % 4);
		if (i % 19 == 0)
			buf_adds(out, "{\"no\":\n");
		if (i % 23 == 0)
			buf_adds(out, "this is neither\n\n");
		if (i % 29 == 0)
			buf_adds(out,
			    "2026-01-15T08:00:00.1Z stdout P {\"output\":\"split\",\"priority\":\n"
			    "2026-01-15T08:00:00.2Z stdout P \"Error\",\"rule\":\"Split\",\n"
			    "2026-01-15T08:00:00.3Z stdout F \"time\":\"2026-01-15T09:00:00Z\","
			    "\"output_fields\":{\"user.name\":\"cri\"}}\n");
	}
	sample_event(out, n, -1);
	out->len--;
}

static inline void
print_tally(struct buf *out, const struct tally *t)
{
	buf_addf(out, "bytes %llu lines %llu records %llu accepted %llu noise %llu blank %llu ",
	    (unsigned long long)t->bytes, (unsigned long long)t->lines,
	    (unsigned long long)t->records, (unsigned long long)t->accepted,
	    (unsigned long long)t->noise, (unsigned long long)t->blank);
	buf_addf(out, "internal %llu duplicates %llu rejected %llu repaired %llu dropped %llu\n",
	    (unsigned long long)t->internal, (unsigned long long)t->duplicates,
	    (unsigned long long)tally_rejected(t), (unsigned long long)t->repaired,
	    (unsigned long long)t->dropped);
}

static inline void
print_row(struct buf *out, const struct query *q, const struct snap_row *r, unsigned ncell)
{
	for (unsigned i = 0; i < ncell; i++) {
		buf_addf(out, "%u:", r->symbol[i]);
		buf_add(out, r->cell[i].p, r->cell[i].len);
		buf_addc(out, '|');
	}
	if (q->kind == QUERY_GROUPS)
		buf_addf(out, "%llu %lld %lld p%u rate %.3f", (unsigned long long)r->group.count,
		    (long long)r->group.first, (long long)r->group.last, r->group.priority,
		    r->rate);
	else
		buf_addf(out, "#%llu %lld line %u at %llu+%u flags %x",
		    (unsigned long long)r->event.number, (long long)r->event.time, r->event.line,
		    (unsigned long long)r->event.offset, r->event.length, r->event.flags);
	for (unsigned i = 0; i < q->ndistinct; i++) {
		buf_addf(out, " dc %u ", r->group.distinct[i]);
		buf_add(out, r->values[i].p, r->values[i].len);
	}
	buf_addc(out, '\n');
}

/* All of it that does not depend on clocks. */
static inline void
print_snapshot(struct buf *out, const struct request *r, const struct snapshot *s)
{
	print_tally(out, &s->tally);
	for (unsigned i = 0; i < REQUEST_PANELS; i++) {
		const struct snap_panel *p = &s->panel[i];
		const struct query *q = &r->panel[i].query;

		if (!p->used)
			continue;
		buf_addf(out, "panel %u bad %d total %llu matched %llu first %lld last %lld\n", i,
		    p->bad_query, (unsigned long long)p->total, (unsigned long long)p->matched,
		    (long long)p->first, (long long)p->last);
		for (unsigned k = 0; k < PRIORITY_COUNT; k++)
			buf_addf(out, "%llu ", (unsigned long long)p->by_priority[k]);
		buf_addc(out, '\n');
		for (unsigned k = 0; k < p->nrows; k++)
			print_row(out, q, &p->row[k], q->nby + r->panel[i].want_output);
		for (unsigned k = 0; k < p->nbuckets; k++)
			for (unsigned j = 0; j < PRIORITY_COUNT; j++)
				buf_addf(out, "%llu%c", (unsigned long long)p->bucket[k].count[j],
				    j + 1 == PRIORITY_COUNT ? '\n' : ' ');
	}
	for (unsigned i = 0; i < s->nbad; i++) {
		buf_addf(out, "bad %s line %u at %llu: ", reject_name(s->bad[i].reason),
		    s->bad[i].line, (unsigned long long)s->bad[i].offset);
		buf_add(out, s->bad[i].text.p, s->bad[i].text.len);
		buf_addc(out, '\n');
	}
}

/* Fails at the first line that differs. (Check cannot print long strings.) */
static inline void
assert_same_text(const char *got, const char *want)
{
	for (unsigned line = 1; *got != '\0' || *want != '\0'; line++) {
		int g = (int)strcspn(got, "\n"), w = (int)strcspn(want, "\n");

		ck_assert_msg(g == w && memcmp(got, want, (size_t)g) == 0,
		    "line %u: %.*s\nand not: %.*s", line, g > 900 ? 900 : g, got, w > 900 ? 900 : w,
		    want);
		got += g + (got[g] == '\n');
		want += w + (want[w] == '\n');
	}
}

static inline void
set_by(struct query *q, const char *fields)
{
	struct filter_error err;

	ck_assert(query_set_by(q, fields, &err));
}

/* A question with a group panel, an event panel with output, a histogram and the rejected lines. */
static inline void
sample_request(struct request *r)
{
	request_init(r);
	r->number = 1;
	r->want_bad = r->want_sources = true;
	r->panel[0].used = true;
	r->panel[0].rows = 1000;
	set_by(&r->panel[0].query, "user.name,container.name,my.own");
	query_and(&r->panel[0].query, "output icontains \"a shell WAS spawned\"");
	r->panel[0].query.distinct[r->panel[0].query.ndistinct++] = xstrdup("rule");
	r->panel[1].used = true;
	r->panel[1].rows = 100000;
	r->panel[1].want_output = true;
	r->panel[1].query.kind = QUERY_EVENTS;
	set_by(&r->panel[1].query, "user.name,rule,my.own");
	r->panel[2].used = true;
	r->panel[2].buckets = 40;
	r->panel[2].query.kind = QUERY_HISTOGRAM;
}

#endif
