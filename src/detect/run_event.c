/*
 * Rows of a running search as risk events: identity, objects, message, ATT&CK. When a row is looked
 * at is run.c's.
 */
#include "detect/run_private.h"

#include <stdio.h>

#include "base/clock.h"
#include "detect/attack.h"
#include "base/banned.h"

#define FNV_PRIME ((__uint128_t)1 << 88 | 0x13b)

static __uint128_t
fnv(__uint128_t h, const void *p, size_t len)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ byte[i]) * FNV_PRIME;
	return h;
}

/* With its length before it, so that no two lists of parts are the same bytes. */
static __uint128_t
fnv_part(__uint128_t h, struct slice s)
{
	unsigned char len[8];

	for (unsigned i = 0; i < 8; i++)
		len[i] = (unsigned char)((uint64_t)s.len >> (8 * i));
	return fnv(fnv(h, len, sizeof(len)), s.p, s.len);
}

void
risk_identity(
    uint64_t id[2], struct slice search, int64_t hour, struct slice row, struct slice object)
{
	__uint128_t h = (__uint128_t)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du;
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)(hour / NSEC_PER_SEC));

	h = fnv_part(h, search);
	h = fnv_part(h, (struct slice){ text, (size_t)n });
	h = fnv_part(h, row);
	h = fnv_part(h, object);
	id[0] = (uint64_t)(h >> 64);
	id[1] = (uint64_t)h;
}

/* The values of the by-fields in sight, a line each; a newline or backslash inside is written \n,
 * \\. */
static void
print_row(const struct spl *s, const struct spl_row *row, struct buf *out)
{
	bool first = true;

	buf_clear(out);
	buf_adds(out, "");
	for (unsigned i = 0; i < spl_ncolumns(s); i++) {
		const struct slice text = row->cell[i].text;

		if (spl_column_field(s, i, NULL) == NULL)
			continue;
		if (!first)
			buf_addc(out, '\n');
		first = false;
		for (size_t k = 0; k < text.len; k++) {
			if (text.p[k] == '\n')
				buf_adds(out, "\\n");
			else if (text.p[k] == '\\')
				buf_adds(out, "\\\\");
			else
				buf_addc(out, text.p[k]);
		}
	}
}

static struct risk_event
base_event(const struct spl_row *row)
{
	return (struct risk_event){
		.hour = row->bucket, .first = row->first, .last = row->last, .count = row->count
	};
}

static void
send(struct emit *e, struct risk_event *ev, struct slice object)
{
	if (object.len == 0)
		return;
	ev->object = object;
	risk_identity(ev->id, ev->search, ev->hour, ev->row, object);
	if (e->shadow) {
		run_hidden_note(&e->run->hidden, ev);
		return;
	}
	ev->muted = run_hidden_all(&e->run->hidden, ev);
	e->fn(e->arg, ev);
	e->n++;
}

/*
 * As Splunk scores it: whoever the field says, also the "0" of fillnull and "<NA>"; nobody when
 * there is no value. Several values are several objects.
 */
static void
send_objects(struct emit *e, struct risk_event *ev, const struct spl_cell *c)
{
	if (c->kind == SPL_MISSING)
		return;
	if (c->nitem == 0)
		send(e, ev, c->text);
	for (uint32_t i = 0; i < c->nitem; i++)
		send(e, ev, c->item[i]);
}

void
run_emit_detection(struct emit *e, const struct spl_row *row)
{
	const struct detection *d = e->watch->detection;
	struct texts *t = &e->run->texts;
	struct risk_event ev = base_event(row);

	print_row(e->watch->spl, row, &t->row);
	ev.row = buf_slice(&t->row);
	ev.search = slice_of(d->search_name);
	ev.stories = slice_of(d->stories);
	ev.techniques = slice_of(d->techniques);
	ev.tactics = slice_of(e->watch->tactics);
	for (unsigned i = 0; i < d->nrisk; i++) {
		const struct risk_object *o = &d->risk[i];
		int column = spl_column_index(e->watch->spl, slice_of(o->field));

		if (column < 0)
			continue;
		buf_clear(&t->message);
		(void)detection_expand(o->message, e->result, row, &t->message);
		ev.message = buf_slice(&t->message);
		ev.object_type = slice_of(o->type);
		ev.score = o->score;
		send_objects(e, &ev, &row->cell[column]);
	}
}

static void
local_tags(struct emit *e, const struct spl_row *row)
{
	const struct detect_run_options *o = &e->run->options;
	const struct spl_cell *c = &row->cell[LOCAL_TAGS];
	struct texts *t = &e->run->texts;
	struct buf tags = { 0 };

	buf_adds(&tags, "");
	if (c->nitem == 0)
		buf_add(&tags, c->text.p, c->text.len);
	for (uint32_t i = 0; i < c->nitem; i++) {
		buf_add(&tags, c->item[i].p, c->item[i].len);
		buf_addc(&tags, ' ');
	}
	if (c->kind == SPL_MISSING && o->rule_tags != NULL)
		o->rule_tags(o->arg, row->cell[LOCAL_RULE].text, &tags);
	buf_clear(&t->techniques);
	buf_clear(&t->tactics);
	attack_from_tags(buf_slice(&tags), &t->techniques, &t->tactics);
	buf_release(&tags);
}

void
run_emit_local(struct emit *e, const struct spl_row *row)
{
	const struct detect_run_options *o = &e->run->options;
	const struct slice rule = row->cell[LOCAL_RULE].text, user = row->cell[LOCAL_USER].text;
	struct texts *t = &e->run->texts;
	struct risk_event ev = base_event(row);

	if (user.len == 0 || slice_eq(user, SLICE("<NA>")))
		return;
	local_tags(e, row);
	print_row(e->watch->spl, row, &t->row);
	buf_clear(&t->search);
	buf_adds(&t->search, "local: ");
	buf_add(&t->search, rule.p, rule.len);
	buf_clear(&t->message);
	buf_add(&t->message, rule.p, rule.len);
	buf_adds(&t->message, " by user ");
	buf_add(&t->message, user.p, user.len);
	ev.row = buf_slice(&t->row);
	ev.search = buf_slice(&t->search);
	ev.message = buf_slice(&t->message);
	ev.techniques = buf_slice(&t->techniques);
	ev.tactics = buf_slice(&t->tactics);
	ev.stories = SLICE("");
	ev.object_type = SLICE("user");
	if (o->local_score != NULL)
		ev.score = o->local_score(o->arg, rule, (enum priority)row->priority);
	send(e, &ev, user);
}
