/*
 * M: the mutes, what each hides, which of them broke and why. Not here: making one (mute_dialog.c).
 */
#include "view/grid.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "view/pages.h"
#include "view/panes.h"
#include "view/text.h"
#include "base/banned.h"

#define DAY_NS (24 * 3600 * NSEC_PER_SEC)

struct mutes_page {
	struct view view;
	struct grid grid;
};

static const struct view_ops mutes_ops;

/* --- columns --------------------------------------------------------------------------------- */

static const struct snap_mute *
row_of(const void *row)
{
	return row;
}

static uint64_t
identity(const void *row)
{
	return row_of(row)->mute.id;
}

static char
flag(const void *row, enum style *style)
{
	*style = STYLE_ALARM;
	return row_of(row)->mute.is == MUTE_IS_BROKEN ? '!' : 0;
}

static void
state_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	switch (row_of(row)->mute.is) {
	case MUTE_IS_ON:
		buf_adds(&out->text, "on");
		out->style = STYLE_OK;
		break;
	case MUTE_IS_BROKEN:
		buf_adds(&out->text, "BROKEN");
		out->style = STYLE_ALARM;
		break;
	case MUTE_IS_EXPIRED:
		buf_adds(&out->text, "expired");
		out->style = STYLE_DIM;
		break;
	}
}

static void
hides_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->sight.events, 7);
	if (row_of(row)->mute.is != MUTE_IS_ON)
		out->style = STYLE_DIM;
}

static double
hides_number(const void *row)
{
	return (double)row_of(row)->sight.events;
}

static void
hour_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->sight.last_hour, 7);
}

static double
hour_number(const void *row)
{
	return (double)row_of(row)->sight.last_hour;
}

static void
users_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->sight.users, 5);
}

static double
users_number(const void *row)
{
	return row_of(row)->sight.users;
}

static void
filter_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	buf_adds(&out->text, row_of(row)->mute.filter);
}

static void
reason_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	buf_adds(&out->text, row_of(row)->mute.reason);
}

static void
owner_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	buf_adds(&out->text, row_of(row)->mute.owner);
}

static void
expires_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	int64_t left = row_of(row)->mute.expires - clock_wall();

	(void)ui;
	if (row_of(row)->mute.expires == TIME_NONE)
		buf_adds(&out->text, "never");
	else if (left <= 0)
		buf_adds(&out->text, "over");
	else {
		buf_adds(&out->text, "in ");
		time_print_age(&out->text, left);
	}
}

static double
expires_number(const void *row)
{
	int64_t t = row_of(row)->mute.expires;

	return t == TIME_NONE ? 1e30 : (double)t;
}

static const struct grid_column columns[] = {
	{ "STATE", "on, expired, or BROKEN: it hid something else than it was made for", 8, 0, 0,
	    false, 1, state_cell, NULL, NULL },
	{ "HIDES", "events in the index that it hides, or would", 7, 0, 0, true, -1, hides_cell,
	    hides_number, NULL },
	{ "LAST H", "of them in the last hour", 7, 0, 30, true, -1, hour_cell, hour_number, NULL },
	{ "USERS", "users among them", 5, 0, 40, true, -1, users_cell, users_number, NULL },
	{ "EXPIRES", "when it ends by itself", 8, 0, 10, false, 1, expires_cell, expires_number,
	    NULL },
	{ "FILTER", "what it hides", 20, 5, 0, false, 1, filter_cell, NULL, NULL },
	{ "REASON", "why, in the words of who made it", 12, 3, 20, false, 1, reason_cell, NULL,
	    NULL },
	{ "OWNER", "who made it", 8, 0, 50, false, 1, owner_cell, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, false, 0, NULL, NULL, NULL },
};

static const struct grid_def mutes_grid = {
	.column = columns,
	.identity = identity,
	.flag = flag,
	.sort = GRID_COLUMNS,
	.empty =
	    "Nothing is muted. m on a row of a table mutes its cell, the row or its rule, and says first what that hides.",
};

/* --- the page -------------------------------------------------------------------------------- */

static struct mutes_page *
page(struct view *v)
{
	return (struct mutes_page *)v;
}

static const struct snap_mute *
set(struct mutes_page *p, const struct ui *ui, const struct snapshot *s)
{
	grid_set(&p->grid, ui, s == NULL ? NULL : s->mute, sizeof(struct snap_mute),
	    s == NULL ? 0 : s->nmute);
	return grid_row(&p->grid);
}

static void
mutes_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "Mutes");
}

static void
mutes_request(struct view *v, struct ui *ui, struct request *r)
{
	(void)v;
	(void)ui;
	r->want_mutes = true;
}

static void
draw_words(const struct ui *ui, struct area a, const struct snap_mute *m)
{
	struct buf b = { 0 };
	int y = a.y + 1, end = a.y + a.h;

	draw_hline(a.y, a.x, a.w, STYLE_DIM);
	if (m == NULL)
		return;
	if (m->problem != NULL)
		y += pane_text((struct area){ y, a.x + 1, end - y, a.w - 2 }, STYLE_WARN,
		    slice_of(m->problem));
	if (m->mute.why != NULL && m->mute.why[0] != '\0')
		y += pane_text((struct area){ y, a.x + 1, end - y, a.w - 2 }, STYLE_WARN,
		    slice_of(m->mute.why));
	if (y < end)
		y += pane_text((struct area){ y, a.x + 1, end - y, a.w - 2 }, STYLE_NORMAL,
		    slice_of(m->mute.filter));
	buf_adds(&b, "made ");
	time_print(&b, m->mute.created, TIME_ISO_SECOND, ui->local);
	if (m->mute.owner != NULL && m->mute.owner[0] != '\0') {
		buf_adds(&b, " by ");
		buf_adds(&b, m->mute.owner);
	}
	for (int i = PRIORITY_COUNT - 1; i >= 0; i--)
		if (m->sight.by_priority[i] > 0) {
			buf_addf(&b, "  %s ", priority_short((enum priority)i));
			text_count(&b, m->sight.by_priority[i]);
		}
	if (m->mute.reason != NULL && m->mute.reason[0] != '\0') {
		buf_adds(&b, "  ");
		buf_adds(&b, m->mute.reason);
	}
	if (y < end)
		(void)draw_text(y, a.x + 1, a.w - 2, STYLE_DIM, buf_slice(&b));
	buf_release(&b);
}

static void
mutes_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct mutes_page *p = page(v);
	const struct snap_mute *m = set(p, ui, s);
	int words = a.h >= 12 ? 5 : 0;

	if (s != NULL && words > 0) {
		a.h -= words;
		draw_words(ui, (struct area){ a.y + a.h, a.x, words, a.w }, m);
	}
	grid_draw(&p->grid, ui, a);
}

static unsigned
lift(struct ui *ui, const struct snap_mute *m)
{
	if (m == NULL || ui->services == NULL || ui->services->mute_lift == NULL)
		return REACT_REDRAW;
	ui->services->mute_lift(ui->services->arg, m->mute.id);
	ui_say(ui, STYLE_OK, "mute removed");
	return REACT_REDRAW | REACT_REQUEST;
}

/* On again, for as long as it was made for, at least a day. */
static unsigned
arm(struct ui *ui, const struct snap_mute *m)
{
	int64_t expires, span;

	if (m == NULL || ui->services == NULL || ui->services->mute_arm == NULL)
		return REACT_REDRAW;
	if (m->mute.is == MUTE_IS_ON) {
		ui_say(ui, STYLE_DIM, "it is on");
		return REACT_REDRAW;
	}
	expires = m->mute.expires;
	span = expires == TIME_NONE ? 0 : expires - m->mute.created;
	if (expires != TIME_NONE && expires <= clock_wall())
		expires = clock_wall() + (span > DAY_NS ? span : DAY_NS);
	ui->services->mute_arm(ui->services->arg, m->mute.id, expires);
	ui_say(ui, STYLE_OK, "on again, for what it hides now");
	return REACT_REDRAW | REACT_REQUEST;
}

static unsigned
mutes_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct mutes_page *p = page(v);
	const struct snap_mute *m = set(p, ui, s);

	switch (a) {
	case ACTION_LIFT: return lift(ui, m);
	case ACTION_ARM: return arm(ui, m);
	case ACTION_ENTER:
	case ACTION_EVENTS:
		if (m == NULL)
			return REACT_NONE;
		ui->show_muted = true;
		ui_say(ui, STYLE_DIM, "what mutes hide is shown from here on: V hides it again");
		ui->next = table_new(view_def("events"), NULL, m->mute.filter, "muted");
		return REACT_PUSH;
	default: return grid_act(&p->grid, a);
	}
}

static unsigned
mutes_seek(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	(void)set(page(v), ui, s);
	return grid_find(&page(v)->grid, ui, text, dir);
}

static void
mutes_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	(void)s;
	grid_place(&((const struct mutes_page *)v)->grid, out);
}

static struct grid *
mutes_grid_of(struct view *v)
{
	return &page(v)->grid;
}

static void
mutes_close(struct view *v)
{
	grid_release(&page(v)->grid);
	free(page(v));
}

static const char *const mutes_hints[] = { "x", "remove", "r", "on again", "V", "show hidden",
	"Enter", "events", NULL };

static const struct view_ops mutes_ops = {
	.kind = "mutes",
	.hints = mutes_hints,
	.title = mutes_title,
	.request = mutes_request,
	.draw = mutes_draw,
	.act = mutes_act,
	.find = mutes_seek,
	.place = mutes_place,
	.grid = mutes_grid_of,
	.close = mutes_close,
};

struct view *
mutes_page_new(void)
{
	struct mutes_page *p = xcalloc(1, sizeof(*p));

	p->view.ops = &mutes_ops;
	grid_init(&p->grid, &mutes_grid);
	return &p->view;
}
