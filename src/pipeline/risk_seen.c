/*
 * The memory of what was ever seen: rows of the view of shells, users in containers, executables in
 * images. Two live queries say what there is; each new row of theirs is told to the history once,
 * which knows whether an earlier run met it. Names are hashes that are the same in every run.
 */
#include "pipeline/risk_private.h"

#include "base/hash.h"
#include "base/xalloc.h"
#include "query/viewdef.h"
#include "base/banned.h"

/* Constant, so that names last; whoever makes two names collide hides the newness of one of them.
 */
static const uint64_t seeds[2] = { 0x66616c636f746f70u, 0x7365656e20626566u };

static const enum field_id pair_fields[4] = { FIELD_USER, FIELD_CONTAINER_NAME, FIELD_EXEPATH,
	FIELD_IMAGE };

static const enum seen_kind pair_kind[2] = { SEEN_USER_CONTAINER, SEEN_EXE_IMAGE };

/* The fields of a remembered row: the view of shells. */
static unsigned
row_fields(enum field_id out[GROUP_BY_MAX])
{
	unsigned n = 0;

	for (; view_defs[0].by[n] != NULL; n++)
		out[n] = field_by_name(slice_of(view_defs[0].by[n]));
	return n;
}

static void
row_name(const struct slice *part, unsigned n, uint64_t out[2])
{
	for (unsigned s = 0; s < 2; s++) {
		out[s] = seeds[s];
		for (unsigned i = 0; i < n; i++) {
			out[s] = hash_mix(out[s], part[i].len);
			out[s] = hash_bytes(part[i].p, part[i].len, out[s]);
		}
	}
}

static bool
pair_name(struct slice a, struct slice b, uint64_t out[2])
{
	const struct slice part[2] = { a, b };

	if (a.len == 0 || b.len == 0)
		return false;
	row_name(part, 2, out);
	return true;
}

static int
find(const struct query *q, enum field_id field)
{
	for (unsigned i = 0; i < q->nby; i++)
		if (field_by_name(slice_of(q->by[i])) == field)
			return (int)i;
	return -1;
}

void
risk_columns(const struct query *q, struct risk_columns *out)
{
	enum field_id row[GROUP_BY_MAX];

	out->user = find(q, FIELD_USER);
	out->nrow = row_fields(row);
	out->whole = true;
	for (unsigned i = 0; i < 4; i++)
		out->pair[i] = find(q, pair_fields[i]);
	for (unsigned i = 0; i < out->nrow; i++) {
		out->row[i] = find(q, row[i]);
		out->whole &= out->row[i] >= 0;
	}
}

static bool
is_new(const struct risk *r, enum seen_kind kind, const uint64_t name[2])
{
	return history_seen_peek(r->o.history, kind, name) == SEEN_NEW;
}

bool
risk_row_is_new(const struct risk *r, const struct risk_columns *c, const struct snap_row *row)
{
	struct slice part[GROUP_BY_MAX];
	uint64_t name[2];

	if (r->seen.pairs.live == NULL)
		return false;
	for (unsigned i = 0; c->whole && i < c->nrow; i++)
		part[i] = row->symbol[c->row[i]] < SYM_FIRST ? (struct slice){ NULL, 0 }
							     : row->cell[c->row[i]];
	if (c->whole) {
		row_name(part, c->nrow, name);
		if (is_new(r, SEEN_ROW, name))
			return true;
	}
	for (unsigned i = 0; i < 2; i++) {
		int a = c->pair[2 * i], b = c->pair[2 * i + 1];

		if (a >= 0 && b >= 0 && row->symbol[a] >= SYM_FIRST &&
		    row->symbol[b] >= SYM_FIRST && pair_name(row->cell[a], row->cell[b], name) &&
		    is_new(r, pair_kind[i], name))
			return true;
	}
	return false;
}

static struct live *
open_query(struct risk *r, struct query *q)
{
	struct filter_error err;
	struct live *l = live_open(r->model, q, &err);

	query_release(q);
	return l;
}

void
risk_seen_open(struct risk *r)
{
	struct query q;

	view_query(&view_defs[0], &q);
	r->seen.row.live = open_query(r, &q);
	query_init(&q);
	q.bucket = RISK_ALL_TIME; /* rows with a bucket have no counts by minute: cheaper */
	for (unsigned i = 0; i < 4; i++)
		q.by[q.nby++] = xstrdup(field_info(pair_fields[i])->name);
	r->seen.pairs.live = open_query(r, &q);
}

void
risk_seen_close(struct risk *r)
{
	live_close(r->model, r->seen.row.live);
	live_close(r->model, r->seen.pairs.live);
	r->seen = (struct risk_seen){ 0 };
}

static struct slice
text_of(const struct risk *r, sym_t symbol)
{
	return symbol < SYM_FIRST ? (struct slice){ NULL, 0 }
				  : symtab_text(model_symbols(r->model), symbol);
}

static void
tell_row(struct risk *r, const sym_t *key, unsigned n)
{
	struct slice part[GROUP_BY_MAX];
	uint64_t name[2];

	for (unsigned i = 0; i < n; i++)
		part[i] = text_of(r, key[i]);
	row_name(part, n, name);
	(void)history_seen(r->o.history, SEEN_ROW, name);
}

static void
tell_pairs(struct risk *r, const sym_t *key, unsigned n)
{
	uint64_t name[2];

	(void)n;
	for (unsigned i = 0; i < 2; i++)
		if (pair_name(text_of(r, key[2 * i]), text_of(r, key[2 * i + 1]), name))
			(void)history_seen(r->o.history, pair_kind[i], name);
}

/* New rows stand behind the old ones; fewer than before: the table was started anew. */
static void
tell(struct risk *r, struct risk_memory *m, unsigned nby,
    void (*one)(struct risk *r, const sym_t *key, unsigned n))
{
	const struct group_table *t;
	uint32_t n;

	if (m->live == NULL)
		return;
	t = live_groups(m->live);
	n = group_count(t);
	if (n < m->done)
		m->done = 0;
	for (; m->done < n; m->done++)
		if (group_key(t, m->done)[0] != SYM_OTHER)
			one(r, group_key(t, m->done), nby);
}

void
risk_seen_work(struct risk *r)
{
	enum field_id field[GROUP_BY_MAX];

	tell(r, &r->seen.row, row_fields(field), tell_row);
	tell(r, &r->seen.pairs, 4, tell_pairs);
}
