/*
 * R: users by the sum of their risk in the last 24 hours; on a wide screen the ledger of the
 * selected one beside them. Not here: the ledger's page (ledger.c), the pieces (riskparts.c).
 */
#include "view/riskpages.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "view/pages.h"
#include "view/panes.h"
#include "view/riskparts.h"
#include "view/text.h"
#include "base/banned.h"

#define SIDE_COLS 140
#define FULL_ROWS 36
#define TABLE_H	  9

struct risk_page {
	struct view view;
	struct grid grid, side;
	struct buf asked, asked_type; /* the object whose ledger was asked for */
};

static const struct view_ops risk_ops;

static const struct slice missing_user = { "0", 1 };

void
risk_ask(struct request *r, struct slice object, struct slice type)
{
	struct buf b = { 0 };

	free(r->risk_object);
	buf_add(&b, object.p, object.len);
	r->risk_object = b.p == NULL ? xstrdup("") : buf_steal(&b);
	if (type.len >= sizeof(r->risk_type))
		type.len = sizeof(r->risk_type) - 1;
	memset(r->risk_type, 0, sizeof(r->risk_type));
	if (type.len > 0)
		memcpy(r->risk_type, type.p, type.len);
}

struct slice
risk_object_of(struct slice value, sym_t symbol)
{
	if (symbol == SYM_NA)
		return SLICE("<NA>");
	return symbol == SYM_ABSENT || symbol == SYM_NULL ? missing_user : value;
}

static bool
is_user(struct slice type)
{
	return type.len == 0 || slice_eq(type, SLICE("user"));
}

bool
risk_field(
    struct slice object, struct slice type, const char *field, struct buf *value, sym_t *kind)
{
	if (!is_user(type) || strcmp(field, "user.name") != 0)
		return false;
	*kind = slice_eq(object, missing_user)	  ? SYM_ABSENT
		: slice_eq(object, SLICE("<NA>")) ? SYM_NA
						  : SYM_FIRST;
	if (*kind != SYM_ABSENT)
		buf_add(value, object.p, object.len);
	return true;
}

struct view *
risk_user_page(struct slice object)
{
	struct buf value = { 0 };
	sym_t kind = SYM_FIRST;
	struct view *v;

	(void)risk_field(object, SLICE("user"), "user.name", &value, &kind);
	v = entity_new(ENTITY_USER, buf_slice(&value), kind);
	buf_release(&value);
	return v;
}

/* --- columns --------------------------------------------------------------------------------- */

static const struct book_row *
user(const void *row)
{
	return row;
}

static uint64_t
user_identity(const void *row)
{
	const struct book_row *u = user(row);

	return hash_bytes(
	    u->object.p, u->object.len, hash_bytes(u->type.p, u->type.len, hash_seed()));
}

static char
user_flag(const void *row, enum style *style)
{
	const struct book_row *u = user(row);

	*style = u->severity > RISK_NONE ? risk_style(u->severity) : STYLE_WARN;
	return u->severity > RISK_NONE || u->tactic_rule ? '!' : 0;
}

static void
user_name(const void *row, const struct ui *ui, struct grid_cell *out)
{
	const struct book_row *u = user(row);

	(void)ui;
	if (!is_user(u->type)) {
		buf_add(&out->text, u->type.p, u->type.len);
		buf_addc(&out->text, ':');
	}
	buf_add(&out->text, u->object.p, u->object.len);
	out->value = true;
}

static void
user_sum24(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	risk_sum_text(&out->text, user(row)->sum24, user(row)->severity);
	out->style = risk_style(user(row)->severity);
}

static double
user_n24(const void *row)
{
	return user(row)->sum24;
}

static void
user_sum7(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	risk_score_text(&out->text, user(row)->sum7d);
}

static double
user_n7(const void *row)
{
	return user(row)->sum7d;
}

static void
user_severity(const void *row, const struct ui *ui, struct grid_cell *out)
{
	const struct book_row *u = user(row);

	(void)ui;
	buf_adds(&out->text, u->severity > RISK_NONE ? risk_severity_name(u->severity) : "-");
	out->style = risk_style(u->severity);
}

static double
user_nseverity(const void *row)
{
	return user(row)->severity;
}

static void
user_events(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, user(row)->events, 6);
}

static double
user_nevents(const void *row)
{
	return user(row)->events;
}

static void
user_sources(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, user(row)->sources, 4);
}

static double
user_nsources(const void *row)
{
	return user(row)->sources;
}

static void
user_tactics(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, user(row)->tactics, 4);
	buf_addc(&out->text, user(row)->tactic_rule ? '!' : ' ');
	out->style = user(row)->tactic_rule ? STYLE_WARN : STYLE_NORMAL;
}

static double
user_ntactics(const void *row)
{
	return user(row)->tactics;
}

static void
user_trend(const void *row, const struct ui *ui, int y, int x, int cells, enum style style)
{
	uint32_t v[BOOK_TREND];
	int n = cells < BOOK_TREND ? cells : BOOK_TREND;

	(void)ui;
	for (int i = 0; i < n; i++)
		v[i] = (uint32_t)(user(row)->trend[BOOK_TREND - n + i] * 16);
	draw_spark(y, x, style, v, (unsigned)n);
}

static void
user_first(const void *row, const struct ui *ui, struct grid_cell *out)
{
	text_time(&out->text, user(row)->first, ui->now, ui->local);
}

static double
user_nfirst(const void *row)
{
	return (double)user(row)->first;
}

static void
user_last(const void *row, const struct ui *ui, struct grid_cell *out)
{
	time_print_age(&out->text, ui->now - user(row)->last);
}

static double
user_nlast(const void *row)
{
	return (double)user(row)->last;
}

static const struct grid_column columns[] = {
	{ "USER", "the risk object: a user; of another type when it is named before a colon", 12, 2,
	    0, false, 1, user_name, NULL, NULL },
	{ "RISK 24H", "sum of the scores in the last 24 hours; ! over the threshold", 8, 0, 0, true,
	    -1, user_sum24, user_n24, NULL },
	{ "7 D", "the same over 7 days", 7, 0, 0, true, -1, user_sum7, user_n7, NULL },
	{ "SEVERITY", "of the 24-hour sum: medium, high, critical", 8, 0, 30, false, -1,
	    user_severity, user_nseverity, NULL },
	{ "EVENTS", "risk events in the last 7 days", 6, 0, 20, true, -1, user_events, user_nevents,
	    NULL },
	{ "SOURCES", "different searches that made them", 7, 0, 40, true, -1, user_sources,
	    user_nsources, NULL },
	{ "TACTICS", "different ATT&CK tactics; ! the rule of tactics and sources holds", 8, 0, 50,
	    true, -1, user_tactics, user_ntactics, NULL },
	{ "24 H TREND", "score by hour, newest at the right", 24, 0, 80, false, 0, NULL, NULL,
	    user_trend },
	{ "FIRST", "time of the first contributing event of the 7 days", 8, 0, 70, false, 1,
	    user_first, user_nfirst, NULL },
	{ "LAST", "how long ago the newest contributing event was", 5, 0, 10, true, -1, user_last,
	    user_nlast, NULL },
	{ NULL, NULL, 0, 0, 0, false, 0, NULL, NULL, NULL },
};

static const struct grid_def risk_grid = {
	.column = columns,
	.identity = user_identity,
	.flag = user_flag,
	.sort = 1,
	.empty =
	    "No user has risk in the 7 days before now. Risk events come from detections (d lists them) and from the history.",
};

/* --- the page -------------------------------------------------------------------------------- */

static struct risk_page *
page(struct view *v)
{
	return (struct risk_page *)v;
}

static void
set(struct risk_page *p, const struct ui *ui, const struct snapshot *s)
{
	grid_set(&p->grid, ui, s == NULL ? NULL : s->risk.user, sizeof(struct book_row),
	    s == NULL ? 0 : s->risk.nusers);
}

static void
risk_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "Risk");
}

static void
risk_request(struct view *v, struct ui *ui, struct request *r)
{
	struct risk_page *p = page(v);
	const struct book_row *u;

	r->want_risk = true;
	set(p, ui, ui_snapshot(ui));
	u = grid_row(&p->grid);
	if (u != NULL) {
		buf_clear(&p->asked);
		buf_add(&p->asked, u->object.p, u->object.len);
		buf_clear(&p->asked_type);
		buf_add(&p->asked_type, u->type.p, u->type.len);
	}
	if (p->asked_type.len > 0)
		risk_ask(r, buf_slice(&p->asked), buf_slice(&p->asked_type));
}

/* The object in the snapshot is that of the row under the cursor. */
static bool
has_object(const struct risk_page *p, const struct snapshot *s)
{
	const struct book_row *u = grid_row(&p->grid);

	return u != NULL && slice_eq(u->object, s->risk.object.row.object) &&
	       slice_eq(u->type, s->risk.object.row.type);
}

static unsigned
risk_settle(struct view *v, struct ui *ui, const struct snapshot *s)
{
	struct risk_page *p = page(v);
	const struct book_row *u;

	set(p, ui, s);
	u = grid_row(&p->grid);
	if (u == NULL || (slice_eq(u->object, buf_slice(&p->asked)) &&
			     slice_eq(u->type, buf_slice(&p->asked_type))))
		return REACT_NONE;
	return REACT_REQUEST;
}

/* Below the users: the selected one. */
static void
draw_selected(struct risk_page *p, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct slice text;
	struct buf b = { 0 };
	int y = a.y + 1;

	draw_hline(a.y, a.x, a.w, STYLE_DIM);
	if (!has_object(p, s))
		return;
	if (a.h >= 4)
		risk_strip_draw(y++, a.x + 1, a.w - 2, ui, s);
	risk_forecast(&b, ui, s, NULL);
	text = buf_slice(&b);
	for (; y < a.y + a.h && text.len > 0 && y < a.y + 5; y++)
		(void)draw_text(y, a.x + 1, a.w - 2, STYLE_NORMAL,
		    y == a.y + a.h - 1 || y == a.y + 4 ? text : draw_break(&text, a.w - 2));
	buf_release(&b);
	if (a.h < 20)
		return;
	y = a.y + 4;
	risk_timeline_draw((struct area){ y, a.x, a.h - 4 - TABLE_H, a.w }, ui, s);
	y = a.y + a.h - TABLE_H;
	pane_title(y, a.x, a.w, "risk events of the last 7 days (u 2: all of it)");
	(void)risk_table_draw((struct area){ y + 1, a.x, TABLE_H - 1, a.w }, 0, ui, s);
}

static void
risk_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct risk_page *p = page(v);
	bool wide = a.w >= SIDE_COLS;
	int below = a.h >= FULL_ROWS ? 22
		    : a.h >= 18	     ? 5
		    : a.h >= 14	     ? 3
				     : 0,
	    left = wide ? a.w / 2 : a.w;

	set(p, ui, s);
	if (s != NULL && !s->risk.on) {
		(void)draw_text(a.y + a.h / 2, a.x + 2, a.w - 4, STYLE_DIM,
		    SLICE("Neither detections nor a history are there: nothing makes risk."));
		return;
	}
	if (s != NULL && a.h >= 10 && !ui->folded) {
		risk_rules_draw(a.y, ui, s);
		a.y++;
		a.h--;
	}
	if (s != NULL && below > 0) {
		a.h -= below;
		draw_selected(p, ui, (struct area){ a.y + a.h, a.x, below, a.w }, s);
	}
	grid_draw(&p->grid, ui, (struct area){ a.y, a.x, a.h, wide ? left - 1 : left });
	if (wide && s != NULL) {
		draw_vline(a.y, a.x + left - 1, a.h, STYLE_DIM);
		if (has_object(p, s)) {
			ledger_set(&p->side, ui, s);
			grid_draw(&p->side, ui, (struct area){ a.y, a.x + left, a.h, a.w - left });
		}
	}
}

static unsigned
risk_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct risk_page *p = page(v);
	const struct book_row *u;

	set(p, ui, s);
	if (a == ACTION_RISK)
		return v->below != NULL ? REACT_POP : REACT_NONE;
	if (a != ACTION_ENTER)
		return grid_act(&p->grid, a);
	u = grid_row(&p->grid);
	if (u == NULL)
		return REACT_NONE;
	ui->next = ledger_new(u->object, u->type);
	return REACT_PUSH;
}

static unsigned
risk_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	set(page(v), ui, s);
	return grid_find(&page(v)->grid, ui, text, dir);
}

static void
risk_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	(void)s;
	grid_place(&((const struct risk_page *)v)->grid, out);
}

static struct grid *
risk_grid_of(struct view *v)
{
	return &page(v)->grid;
}

static bool
risk_row_field(const struct view *v, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	const struct risk_page *p = (const struct risk_page *)v;
	const struct book_row *u;

	if (s == NULL || p->grid.base != (const char *)s->risk.user)
		return false;
	u = grid_row(&p->grid);
	return u != NULL && risk_field(u->object, u->type, field, value, kind);
}

static void
risk_close(struct view *v)
{
	struct risk_page *p = page(v);

	grid_release(&p->grid);
	grid_release(&p->side);
	buf_release(&p->asked);
	buf_release(&p->asked_type);
	free(p);
}

static const char *const risk_hints[] = { "Enter", "ledger", NULL };

static const struct view_ops risk_ops = {
	.kind = "risk",
	.hints = risk_hints,
	.title = risk_title,
	.request = risk_request,
	.settle = risk_settle,
	.draw = risk_draw,
	.act = risk_act,
	.find = risk_find,
	.place = risk_place,
	.grid = risk_grid_of,
	.field = risk_row_field,
	.close = risk_close,
};

struct view *
risk_page_new(void)
{
	struct risk_page *p = xcalloc(1, sizeof(*p));

	p->view.ops = &risk_ops;
	grid_init(&p->grid, &risk_grid);
	grid_init(&p->side, &ledger_grid);
	p->side.passive = true;
	return &p->view;
}
