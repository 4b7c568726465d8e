/*
 * Why a list is empty, and which key undoes it: an empty screen without a word is the worst answer.
 */
#include "view/list.h"

#include "query/filter.h"
#include "view/text.h"
#include "base/banned.h"

struct lines {
	struct area a;
	int y;
};

static void
line(struct lines *l, enum style style, struct slice text)
{
	while (text.len > 0 && l->y < l->a.y + l->a.h) {
		struct slice part = draw_break(&text, l->a.w - 4);

		(void)draw_text(l->y++, l->a.x + 2, l->a.w - 4, style, part);
	}
}

static void
bad_query(struct lines *l, const struct snap_panel *p)
{
	struct buf b = { 0 };

	buf_addf(&b, "this cannot be asked: %s", p->error.message);
	line(l, STYLE_WARN, buf_slice(&b));
	line(l, STYLE_NORMAL, SLICE("\\ edits the filter, X drops it, Backspace goes back"));
	buf_release(&b);
}

static void
nothing_arrived(struct lines *l, const struct snapshot *s)
{
	struct buf b = { 0 };
	uint64_t rejected = tally_rejected(&s->tally);

	if (s->loading) {
		buf_adds(&b, "loading");
		if (s->to_read > 0)
			buf_addf(
			    &b, " %u %%", (unsigned)(100.0 * (double)s->read / (double)s->to_read));
		buf_adds(&b, " - no event yet");
	} else if (rejected > 0 || s->tally.noise > 0) {
		buf_adds(&b, "no line was an event: ");
		text_plural(&b, rejected, "bad line");
		buf_adds(&b, ", ");
		text_plural(&b, s->tally.noise, "line");
		buf_adds(&b, " of Falco's own log. H shows them");
	} else
		buf_adds(&b, ui_live(s) ? "no event yet" : "no event: everything was read");
	line(l, STYLE_BOLD, buf_slice(&b));
	for (unsigned i = 0; i < s->nsources; i++) {
		const struct snap_source *src = &s->source[i];

		buf_clear(&b);
		buf_addf(&b, "%s: ", source_state_name(src->state));
		buf_add(&b, src->name.p, src->name.len);
		if (src->error.len > 0) {
			buf_adds(&b, " - ");
			buf_add(&b, src->error.p, src->error.len);
		}
		line(l,
		    src->state == SOURCE_FAILED || src->state == SOURCE_RETRY ? STYLE_WARN
									      : STYLE_NORMAL,
		    buf_slice(&b));
	}
	buf_release(&b);
}

/* A name that is in no catalogue is most likely a slip of the pen. */
static void
unknown_fields(const struct ui *ui, struct lines *to)
{
	struct filter_error err;
	struct filter *f = ui->filter == NULL ? NULL : filter_parse(ui->filter, &err);
	struct slice name;
	struct buf b = { 0 };

	for (unsigned i = 0; f != NULL && i < 16 && filter_field_name(f, i, &name); i++) {
		if (field_by_name(name) != FIELD_NONE)
			continue;
		buf_clear(&b);
		buf_addf(&b,
		    "\"%.*s\" is no field that falcotop knows: only events that carry it "
		    "can match",
		    (int)name.len, name.p);
		line(to, STYLE_WARN, buf_slice(&b));
	}
	if (f != NULL)
		filter_free(f);
	buf_release(&b);
}

static void
filtered_out(const struct list *l, const struct ui *ui, struct lines *to, const struct snapshot *s)
{
	struct buf b = { 0 };

	buf_adds(&b, "none of ");
	text_plural(&b, s->stats.retained, "event");
	buf_adds(&b, " is in this view");
	line(to, STYLE_BOLD, buf_slice(&b));
	buf_clear(&b);
	if (ui->filter != NULL) {
		buf_addf(&b, "filter: %s   - X drops it, \\ edits it", ui->filter);
		line(to, STYLE_NORMAL, buf_slice(&b));
		unknown_fields(ui, to);
	}
	buf_clear(&b);
	if (ui->since != TIME_NONE || ui->until != TIME_NONE) {
		buf_adds(&b, "time range:");
		if (ui->since != TIME_NONE) {
			buf_adds(&b, " since ");
			text_when(&b, ui->since, ui->now, ui->local);
		}
		if (ui->until != TIME_NONE) {
			buf_adds(&b, " until ");
			text_when(&b, ui->until, ui->now, ui->local);
		}
		buf_addf(&b, "   - %s drops it", ui->filter != NULL ? "X again" : "X");
		line(to, STYLE_NORMAL, buf_slice(&b));
	}
	buf_clear(&b);
	if (l->def->filter != NULL) {
		buf_addf(&b,
		    "the view shows only: %s   - 2 Users, 3 Containers and 4 Rules show every event",
		    l->def->filter);
		line(to, STYLE_NORMAL, buf_slice(&b));
	}
	buf_clear(&b);
	if (l->terms != NULL) {
		buf_addf(&b, "drilled down to: %s   - Backspace goes back", l->terms);
		line(to, STYLE_NORMAL, buf_slice(&b));
	}
	buf_release(&b);
}

void
empty_draw(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s)
{
	const struct snap_panel *p = list_panel(l, s);
	struct lines to = { a, a.h > 3 ? a.y + 1 : a.y };

	if (p == NULL) {
		line(&to, STYLE_DIM, SLICE("asking ..."));
		return;
	}
	if (p->bad_query)
		bad_query(&to, p);
	else if (p->done < p->to_scan) {
		struct buf b = { 0 };

		buf_addf(&b, "looking through the events: %u %%",
		    (unsigned)(100.0 * (double)p->done / (double)p->to_scan));
		line(&to, STYLE_DIM, buf_slice(&b));
		buf_release(&b);
	} else if (s->stats.events == 0)
		nothing_arrived(&to, s);
	else
		filtered_out(l, ui, &to, s);
}
