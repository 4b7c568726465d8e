/*
 * Raw bytes decoded once more: for slots taken after the event came in, for the cells and the page
 * of one event. What it reads is a record that was accepted before, so one event is expected, the
 * first that comes.
 */
#include "model/internal.h"

#include "base/banned.h"

#define WINDOW_MAX (256u << 10)

static void
forget_pending(struct decoder *d)
{
	struct falco_event ev;
	enum reject_reason reason;

	while (decode_flush(d, &ev, &reason) != VERDICT_END)
		;
}

static bool
decode_event(struct again *a, const char *p, size_t len)
{
	const char *end = p + len;
	unsigned lines;
	enum reject_reason reason;
	enum verdict v;

	forget_pending(a->decoder);
	while (p < end) {
		const char *line_end = decode_line_end(p, end, &lines);

		decode_line(a->decoder, p, (size_t)(line_end - p), false);
		while ((v = decode_next(a->decoder, &a->event, &reason)) != VERDICT_END)
			if (v == VERDICT_EVENT)
				return true;
		p = line_end < end ? line_end + 1 : end;
	}
	return false;
}

static struct decoder *
the_decoder(struct model *m)
{
	if (m->again.decoder == NULL)
		m->again.decoder = decoder_new();
	return m->again.decoder;
}

void
again_window(struct model *m, uint64_t number, uint64_t end)
{
	struct again *a = &m->again;
	struct model_event e, next;
	uint64_t to;

	a->window_valid = false;
	if (m->raw == NULL || !model_event(m, number, &e))
		return;
	to = e.offset + e.length;
	while (++number < end && model_event(m, number, &next)) {
		if (next.origin != e.origin || next.offset < to ||
		    next.offset + next.length - e.offset > WINDOW_MAX)
			break;
		to = next.offset + next.length;
	}
	buf_clear(&a->window);
	a->window_valid =
	    rawstore_read(m->raw, e.origin, e.offset, (uint32_t)(to - e.offset), &a->window);
	a->window_origin = e.origin;
	a->window_offset = e.offset;
}

static bool
in_window(const struct again *a, const struct model_event *e)
{
	return a->window_valid && e->origin == a->window_origin && e->offset >= a->window_offset &&
	       e->offset + e->length <= a->window_offset + a->window.len;
}

static bool
decode_record(struct model *m, const struct model_event *e)
{
	struct again *a = &m->again;

	if (in_window(a, e))
		return decode_event(a, a->window.p + (e->offset - a->window_offset), e->length);
	buf_clear(&a->raw);
	return model_raw(m, e, &a->raw) && decode_event(a, a->raw.p, a->raw.len);
}

const struct falco_event *
again_slots(struct model *m, const struct model_event *e)
{
	const struct schema_view *v = m->view;
	struct decoder *d = the_decoder(m);
	const char *name[SCHEMA_FIELDS];

	if (m->again.wants != v->version) {
		/* the names of the worker's decoder: slots keep their number, free ones look for
		 * nothing */
		for (unsigned i = 0; i < v->nfields; i++)
			name[i] = v->field_gen[i] == 0 || block_is_pseudo(v->field_name[i])
				      ? ""
				      : v->field_name[i];
		decoder_want(d, name, v->nfields);
		m->again.wants = v->version;
	}
	if (!decode_record(m, e))
		return NULL;
	block_pseudo_fields(v, &m->again.event);
	return &m->again.event;
}

static void
give_pseudo(struct falco_event *ev, unsigned i, const char *name)
{
	struct slice text = { NULL, 0 };

	switch (name[0]) {
	case 'o': text = ev->output; break;
	case 'r': text = ev->raw; break;
	case 'u': text = ev->uuid; break;
	default: break;
	}
	ev->extra_present &= ~((uint32_t)1 << i);
	if (text.p == NULL)
		return;
	ev->extra_present |= (uint32_t)1 << i;
	ev->extra[i] = (struct value){ text, VALUE_STRING };
}

const struct falco_event *
again_names(struct model *m, const struct model_event *e, const char *const *names, unsigned n)
{
	struct decoder *d = the_decoder(m);

	m->again.window_valid = false;
	m->again.wants = 0;
	decoder_want(d, names, n);
	if (!decode_record(m, e))
		return NULL;
	for (unsigned i = 0; i < n; i++)
		if (block_is_pseudo(names[i]))
			give_pseudo(&m->again.event, i, names[i]);
	return &m->again.event;
}

void
again_release(struct model *m)
{
	decoder_free(m->again.decoder);
	buf_release(&m->again.raw);
	buf_release(&m->again.window);
	buf_release(&m->again.text);
}
