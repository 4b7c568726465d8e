/* One event in full: what the index has of it, and every key of its raw bytes. Also the copies of
 * rejected records. */
#include "pipeline/snap.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define KEYS_MAX (DECODE_MAX_KEYS + 64)

struct keys {
	struct arena *arena;
	struct snap_key *key;
	unsigned n, cap;
};

static void
add_key(const struct event_key *key, void *arg)
{
	struct keys *k = arg;
	struct snap_key *to;

	if (k->n == KEYS_MAX)
		return;
	if (k->n == k->cap) {
		k->cap = k->cap == 0 ? 64 : k->cap * 2;
		k->key = xreallocarray(k->key, k->cap, sizeof(*k->key));
	}
	to = &k->key[k->n++];
	memset(to, 0, sizeof(*to));
	to->name = arena_copy(k->arena, key->name);
	to->text = arena_copy(k->arena, key->value.text);
	to->kind = key->value.kind;
	to->top_level = key->top_level;
}

static void
every_key(struct snap *s, struct snap_event *out)
{
	struct keys k = { .arena = &s->out->arena };

	decode_every_key(s->decoder, out->raw.p, out->raw.len, add_key, &k);
	if (k.n > 0) {
		out->key = arena_alloc(k.arena, k.n * sizeof(*out->key));
		memcpy(out->key, k.key, k.n * sizeof(*out->key));
		out->nkeys = k.n;
	}
	free(k.key);
}

void
snap_event(struct snap *s, uint64_t number, struct snap_event *out)
{
	struct arena *a = &s->out->arena;
	const struct symtab *symbols = model_symbols(s->model);
	const struct falco_event *ev;

	memset(out, 0, sizeof(*out));
	out->event.number = number;
	if (number == UINT64_MAX || !model_event(s->model, number, &out->event))
		return;
	out->found = true;
	out->rule = arena_copy(a, symtab_text(symbols, model_field(s->model, number, FIELD_RULE)));
	out->origin = arena_copy(a, slice_of(rawstore_name(s->raw, out->event.origin)));
	out->output =
	    arena_copy(a, symtab_text(symbols, model_field(s->model, number, FIELD_MESSAGE)));
	buf_clear(&s->scratch);
	if (!model_raw(s->model, &out->event, &s->scratch))
		return;
	out->raw_found = true;
	out->raw = arena_copy(a, buf_slice(&s->scratch));
	ev = model_decode(s->model, number, NULL, 0);
	if (ev != NULL && ev->output.p != NULL)
		out->output = arena_copy(a, ev->output);
	every_key(s, out);
}

/* The newest first; the last one is the first of the run, whatever came after it. */
void
snap_bad_lines(
    struct snapshot *out, const struct order *o, struct feed *const *feeds, unsigned nfeeds)
{
	unsigned ring = o->nbad < BAD_RING ? (unsigned)o->nbad : BAD_RING;
	unsigned n = ring + (o->nbad > BAD_RING);

	if (n == 0)
		return;
	out->bad = arena_alloc(&out->arena, n * sizeof(*out->bad));
	out->bad_source = arena_alloc(&out->arena, n * sizeof(*out->bad_source));
	for (unsigned i = 0; i < n; i++) {
		const struct bad_line *b =
		    i == ring ? &o->first_bad : &o->bad[(o->nbad - 1 - i) % BAD_RING];

		out->bad[i] = *b;
		out->bad[i].text = arena_copy(&out->arena, b->text);
		out->bad_source[i] = b->source < nfeeds
					 ? arena_copy(&out->arena, slice_of(feeds[b->source]->name))
					 : (struct slice){ NULL, 0 };
	}
	out->nbad = n;
}
