/*
 * Risk events repeat the same few texts hour after hour; here each is kept once. How much may be
 * kept is the caller's to decide, by `bytes`.
 */
#include "detect/texts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define TEXT_COST 64 /* of the record, its slots and the allocation */

struct text {
	char *p; /* NULL: free */
	uint32_t len;
	uint32_t refs; /* of a free one: the next free number + 1 */
};

static bool
same_text(const void *arg, uint32_t number, const void *key)
{
	return slice_eq(texts_get(arg, number), *(const struct slice *)key);
}

static uint64_t
hash_of(struct slice s)
{
	return hash_bytes(s.len == 0 ? "" : s.p, s.len, hash_seed());
}

static uint32_t
new_number(struct texts *t)
{
	uint32_t number;

	if (t->free != 0) {
		number = t->free - 1;
		t->free = t->text[number].refs;
		return number;
	}
	if (t->n == t->room) {
		t->room = t->room == 0 ? 64 : 2 * t->room;
		t->text = xreallocarray(t->text, t->room, sizeof(*t->text));
	}
	return t->n++;
}

uint32_t
texts_take(struct texts *t, struct slice s)
{
	uint64_t hash = hash_of(s);
	uint32_t number = lookup_find(&t->index, hash, same_text, t, &s);

	if (number != LOOKUP_NONE)
		return texts_hold(t, number);
	number = new_number(t);
	t->text[number] =
	    (struct text){ xstrndup(s.len == 0 ? "" : s.p, s.len), (uint32_t)s.len, 1 };
	t->bytes += s.len + TEXT_COST;
	lookup_add(&t->index, hash, number);
	return number;
}

uint32_t
texts_hold(struct texts *t, uint32_t number)
{
	t->text[number].refs++;
	return number;
}

void
texts_drop(struct texts *t, uint32_t number)
{
	struct text *x = &t->text[number];

	if (--x->refs > 0)
		return;
	lookup_remove(&t->index, hash_of((struct slice){ x->p, x->len }), number);
	t->bytes -= x->len + TEXT_COST;
	free(x->p);
	*x = (struct text){ .refs = t->free };
	t->free = number + 1;
}

struct slice
texts_get(const struct texts *t, uint32_t number)
{
	return (struct slice){ t->text[number].p, t->text[number].len };
}

void
texts_release(struct texts *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		free(t->text[i].p);
	free(t->text);
	lookup_release(&t->index);
	*t = (struct texts){ 0 };
}
