/*
 * The lines above and below every page: is the input alive, counts and health, where am I under
 * which filter and order; the function bar, the prompt and the message line. Nothing that changes
 * what is shown may be invisible here.
 */
#include "view/stack.h"

#include <stdio.h>

#include "base/clock.h"
#include "view/actions.h"
#include "view/grid.h"
#include "view/list.h"
#include "view/strip.h"
#include "view/text.h"
#include "base/banned.h"

#define QUIET_NS                                                                                   \
	(10 * NSEC_PER_SEC) /* after that long without input the clock shows minutes: nothing      \
			       moves on a quiet screen */
#define PANEL_PREVIEW 6

int
header_lines(const struct ui *ui, int rows)
{
	if (ui->folded || rows < 8)
		return 1;
	return rows < 14 ? 2 : 3;
}

static bool
is_quiet(const struct snapshot *s)
{
	int64_t now = clock_wall();

	for (unsigned i = 0; i < s->nsources; i++)
		if (s->source[i].last_arrival != TIME_NONE &&
		    now - s->source[i].last_arrival < QUIET_NS)
			return false;
	return true;
}

static void
draw_mode(const struct ui *ui, struct strip *to)
{
	const struct snapshot *s = ui->snap;
	struct buf clock = { 0 };

	if (ui->paused) {
		if (ui->behind > 0) {
			text_count(&clock, ui->behind);
			(void)strip_add(to, 1, STYLE_ALARM, " PAUSED, %s new ", clock.p);
		} else
			(void)strip_add(to, 1, STYLE_ALARM, " PAUSED ");
		buf_clear(&clock);
	}
	if (s == NULL) {
		(void)strip_add(to, 1, STYLE_BAR, "starting");
		return;
	}
	if (ui_live(s))
		(void)strip_add(to, 1, STYLE_TAB_ON, "LIVE");
	else if (s->loading && s->to_read > 0) {
		unsigned percent = (unsigned)(100.0 * (double)s->read / (double)s->to_read);

		if (strip_add(to, 1, STYLE_TAB_ON, "REPLAY %u%%", percent) &&
		    to->x + 12 < to->end) {
			draw_gauge(to->y, to->x + 1, 10, STYLE_BAR, s->read, s->to_read);
			to->x += 11;
		}
	} else
		(void)strip_add(to, 1, STYLE_TAB_ON, "REPLAY");
	time_print(&clock, ui->now, to->end >= 120 ? TIME_ISO_SECOND : TIME_CLOCK, ui->local);
	if (ui_live(s) && is_quiet(s) && clock.len >= 8) /* cut the seconds, keep what follows */
		(void)strip_add(to, 1, STYLE_BAR, "%.*s%s", to->end >= 120 ? 16 : 5, clock.p,
		    to->end >= 120 && clock.len > 19 ? clock.p + 19
		    : ui->local			     ? ""
						     : "Z");
	else
		(void)strip_add(
		    to, 1, STYLE_BAR, "%s%s", clock.p, to->end >= 120 || ui->local ? "" : "Z");
	buf_release(&clock);
}

static bool
is_trouble(enum source_state s)
{
	return s == SOURCE_FAILED || s == SOURCE_RETRY;
}

/* Each source by name where there is room, else how many are in which state. */
static void
draw_sources(const struct snapshot *s, struct strip *to, int room)
{
	unsigned count[SOURCE_FAILED + 1] = { 0 };
	unsigned shown = 0;

	for (unsigned i = 0; i < s->nsources; i++)
		count[s->source[i].state]++;
	if (s->nsources <= 4 && room >= 40 * (int)s->nsources) {
		for (unsigned i = 0; i < s->nsources; i++) {
			const struct snap_source *src = &s->source[i];
			struct buf rate = { 0 };
			int w = draw_width(src->name, 36);

			if (to->x + w + 20 > to->end)
				break;
			(void)strip_add(to, 1, STYLE_BAR, "|");
			(void)draw_text(to->y, to->x, 1, STYLE_BAR, SLICE(" "));
			(void)draw_tail(to->y, to->x + 1, w, STYLE_BAR, src->name);
			to->x += w + 1;
			text_rate(&rate, src->rate);
			(void)strip_add(to, 1, is_trouble(src->state) ? STYLE_ALARM : STYLE_BAR,
			    "%s", source_state_name(src->state));
			if (src->rate > 0 && src->state != SOURCE_DONE)
				(void)strip_add(to, 1, STYLE_BAR, "%s/s", rate.p);
			buf_release(&rate);
		}
		return;
	}
	(void)strip_add(to, 1, STYLE_BAR, "| src");
	for (int i = 0; i <= SOURCE_FAILED; i++)
		if (count[i] > 0) {
			(void)strip_add(to, 1,
			    is_trouble((enum source_state)i) ? STYLE_ALARM : STYLE_BAR, "%u %s",
			    count[i], source_state_name((enum source_state)i));
			shown++;
		}
	if (shown == 0)
		(void)strip_add(to, 1, STYLE_BAR, "none");
}

static void
draw_alive(const struct ui *ui, int y)
{
	struct strip to = { y, 1, draw_cols(), STYLE_BAR };
	const struct snapshot *s = ui->snap;
	struct buf b = { 0 };

	draw_fill((struct area){ y, 0, 1, draw_cols() }, STYLE_BAR);
	(void)strip_add(&to, 0, STYLE_BAR, "falcotop");
	draw_mode(ui, &to);
	if (s == NULL)
		return;
	draw_sources(s, &to, to.end - to.x - 30);
	if (ui_live(s) || s->loading) {
		text_rate(&b, s->rate);
		(void)strip_add(&to, 1, STYLE_BAR, "| %s/s", b.p);
		buf_clear(&b);
	}
	text_count(&b, s->stats.events);
	(void)strip_add(&to, 1, STYLE_BAR, "| %s ev", b.p);
	buf_release(&b);
}

/* wide: the screen has room for those that are seldom. */
static void
draw_priorities(const struct snapshot *s, struct strip *to, bool wide)
{
	for (int p = PRIORITY_COUNT - 1; p >= 0; p--) {
		uint64_t n = s->stats.by_priority[p];
		struct buf b = { 0 };

		/* The middle ones are always there; the rest only when they occur, or where there
		 * is room. */
		if (n == 0 && (p == PRIORITY_UNKNOWN ||
				  (!wide && (p < PRIORITY_NOTICE || p > PRIORITY_CRITICAL))))
			continue;
		text_count(&b, n);
		(void)strip_add(to, to->x == 1 ? 0 : 2,
		    n > 0 ? STYLE_PRIORITY + (unsigned)p : STYLE_DIM, "%s %s",
		    priority_short((enum priority)p), b.p);
		buf_release(&b);
	}
}

/* What the user must know of the history: it is not kept, or not now; H says why. */
static void
draw_history(const struct snapshot *s, struct strip *to)
{
	const struct history_status *h = &s->risk.history;
	const char *state = history_state_name(h->state);
	enum style style = h->state == HISTORY_REFUSED ? STYLE_ALARM : STYLE_WARN;

	if (!s->risk.on)
		return;
	switch (h->state) {
	case HISTORY_OFF: (void)strip_add(to, 1, STYLE_DIM, "history off"); break;
	case HISTORY_RETRYING:
	case HISTORY_REFUSED:
		if (to->end < 120 || !strip_add(to, 1, style, "history %s: %.48s", state, h->error))
			(void)strip_add(to, 1, style, "history %s", state);
		break;
	case HISTORY_OPENING:
	case HISTORY_OK:
		if (h->note[0] != '\0')
			(void)strip_add(to, 1, STYLE_WARN, "history: see H");
		break;
	}
}

enum { LOSSES = 4 };

/* What is missing from the picture, in words; out[i] stays empty where nothing is and that needs no
 * saying. */
static void
loss_words(const struct ui *ui, bool wide, struct buf out[LOSSES], bool lost[LOSSES])
{
	const struct snapshot *s = ui->snap;
	const struct {
		const char *name;
		uint64_t n;
	} all[LOSSES] = { { "bad", tally_rejected(&s->tally) }, { "dropped", s->tally.dropped },
		{ "kernel drops", s->tally.kernel_drops }, { "left memory", s->stats.evicted } };

	for (unsigned i = 0; i < LOSSES; i++) {
		lost[i] = all[i].n > 0;
		if (!lost[i] && !wide && i > 0)
			continue;
		buf_addf(&out[i], "%s ", all[i].name);
		text_count(&out[i], all[i].n);
	}
	if (lost[LOSSES - 1]) {
		buf_adds(&out[LOSSES - 1], " (index from ");
		text_when(&out[LOSSES - 1], s->stats.index_from, ui->now, ui->local);
		buf_addc(&out[LOSSES - 1], ')');
	}
}

/* What is lost has its room first; priorities and the history take what is left. */
static void
draw_health(const struct ui *ui, int y)
{
	struct strip to = { y, 1, draw_cols(), STYLE_NORMAL };
	const struct snapshot *s = ui->snap;
	struct buf words[LOSSES] = { { 0 } };
	bool lost[LOSSES], wide = draw_cols() >= 120;
	int bar;

	if (s == NULL)
		return;
	loss_words(ui, wide, words, lost);
	to.end -= 2; /* the bar */
	for (unsigned i = 0; i < LOSSES; i++)
		to.end -= lost[i] ? (int)words[i].len + 2 : 0;
	draw_priorities(s, &to, wide);
	(void)strip_add(&to, 1, STYLE_DIM, "|");
	bar = to.x;
	draw_history(s, &to);
	to.end = draw_cols();
	for (unsigned i = 0; i < LOSSES; i++) {
		if (words[i].len > 0)
			(void)strip_add(&to, to.x == bar ? 1 : 2, lost[i] ? STYLE_WARN : STYLE_DIM,
			    "%s", words[i].p);
		buf_release(&words[i]);
	}
}

static void
breadcrumb(const struct ui *ui, struct buf *out)
{
	const struct view *path[32];
	unsigned n = 0;

	for (const struct view *v = ui->top; v != NULL && n < 32; v = v->below)
		path[n++] = v;
	while (n > 0) {
		n--;
		path[n]->ops->title(path[n], out);
		if (n > 0)
			buf_adds(out, " > ");
	}
}

/* "sort COUNT v" and what holds the order. */
static void
sort_words(const struct ui *ui, struct buf *out)
{
	struct view *v = ui_page(ui);
	const struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);
	size_t before = out->len;

	if (l != NULL) {
		buf_adds(out, "sort ");
		for (unsigned i = 0; i < l->ncol; i++)
			if (strcmp(l->def->column[i].name, l->sort) == 0)
				column_title(out, &l->def->column[i]);
		buf_adds(out, l->descending ? " desc" : " asc");
	} else if (v->ops->grid != NULL && v->ops->grid(v)->sort < GRID_COLUMNS) {
		const struct grid *g = v->ops->grid(v);

		buf_addf(out, "sort %s %s", g->def->column[g->sort].title,
		    g->descending ? "desc" : "asc");
	}
	if (ui->frozen && out->len > before)
		buf_adds(out, ", order frozen");
}

/* What the command line and the memory leave out of the page. */
static void
limit_words(const struct ui *ui, struct buf *out)
{
	struct view *v = ui_page(ui);
	const struct snapshot *s = ui_snapshot(ui);
	const struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);
	const struct snap_panel *p = l == NULL ? NULL : list_panel(l, s);

	if (ui->since != TIME_NONE) {
		buf_adds(out, "since ");
		text_when(out, ui->since, ui->now, ui->local);
		buf_adds(out, "  ");
	}
	if (ui->until != TIME_NONE) {
		buf_adds(out, "until ");
		text_when(out, ui->until, ui->now, ui->local);
		buf_adds(out, "  ");
	}
	if (l != NULL && ui->limit > 0) {
		buf_adds(out, "first ");
		text_plural(out, ui->limit, "row");
		buf_adds(out, "  ");
	}
	if (p != NULL &&
	    (p->missed > 0 || (l->def->kind == QUERY_EVENTS && s->stats.evicted > 0))) {
		buf_adds(out, "only events from ");
		text_when(out, s->stats.index_from, ui->now, ui->local);
		buf_adds(out, " on  ");
	}
}

/* What mutes hide is never unsaid. */
static void
muted_words(const struct ui *ui, struct buf *out)
{
	const struct snapshot *s = ui->snap;

	if (s == NULL || s->nmutes == 0)
		return;
	if (ui->show_muted) {
		buf_adds(out, "shown though muted: ");
		text_count(out, s->muted);
		buf_adds(out, " ev  ");
		return;
	}
	text_plural(out, s->nmutes, "mute");
	buf_adds(out, s->nmutes == 1 ? " hides " : " hide ");
	text_count(out, s->muted);
	buf_adds(out, " ev  ");
}

static void
draw_where(const struct ui *ui, int y)
{
	struct buf crumb = { 0 }, sort = { 0 };
	int cols = draw_cols(), w, room, right, muted;
	bool on = ui->filter != NULL;

	breadcrumb(ui, &crumb);
	limit_words(ui, &sort);
	muted_words(ui, &sort);
	muted = (int)sort.len;
	sort_words(ui, &sort);
	if (muted > 0 && cols < 100) /* what is left out matters more */
		sort.len = (size_t)muted;
	while (sort.len > 0 && sort.p[sort.len - 1] == ' ')
		sort.len--;
	right = (int)sort.len;
	w = draw_value_width(buf_slice(&crumb), cols);
	room = cols - 2 - right - (on ? 24 : 16);
	room = room < 12 ? 12 : room;
	w = w < room ? w : room;
	(void)draw_value_tail(y, 1, w, STYLE_TITLE, buf_slice(&crumb));
	room = cols - 1 - w - 2 - right - 2 - 1;
	if (room > 8) {
		int used = draw_fmt(y, 1 + w + 2, 8, on ? STYLE_WARN : STYLE_DIM, "filter: ");

		(void)draw_text(y, 1 + w + 2 + used, room - used, on ? STYLE_WARN : STYLE_DIM,
		    on ? slice_of(ui->filter) : SLICE("none"));
	}
	(void)draw_right(y, cols - 1 - right, right,
	    ui->frozen || muted > 0 ? STYLE_WARN : STYLE_DIM, buf_slice(&sort));
	buf_release(&crumb);
	buf_release(&sort);
}

void
header_draw(struct ui *ui, int lines)
{
	draw_alive(ui, 0);
	if (lines == 2)
		draw_where(ui, 1);
	if (lines >= 3) {
		draw_health(ui, 1);
		draw_where(ui, 2);
	}
}

/* --- the bottom
 * -------------------------------------------------------------------------------------------------
 */

static const struct {
	const char *key, *twin;
	const char *word, *brief;
	bool letter; /* has no function key */
} bar[] = {
	{ "F1", "?", "Help", "Help", false },
	{ "F2", "v", "Views", "View", false },
	{ "F3", "/", "Find", "Find", false },
	{ "F4", "\\", "Filter", "Filt", false },
	{ "F5", "e", "Events", "Evts", false },
	{ "F6", "s", "Sort", "Sort", false },
	{ "F7", "", "Columns", "Cols", false },
	{ "F10", "q", "Quit", "Quit", false },
	{ "R", "", "risk", "risk", true },
	{ "u", "", "user", "user", true },
	{ "c", "", "container", "contnr", true },
	{ "m", "", "mute", "mute", true },
	{ "p", "", "pause", "pause", true },
	{ "o", "", "freeze", "freeze", true },
	{ "T", "", "zone", "zone", true },
	{ "H", "", "health", "health", true },
};

/* A key and its word; false when they do not fit whole. */
static bool
bar_piece(
    struct strip *to, bool wide, bool letter, const char *key, const char *word, const char *twin)
{
	int gap = to->x == 0 ? 0 : wide ? 2 : 1, space = letter || wide;
	int need =
	    gap + (int)(strlen(key) + strlen(word)) + space + (wide && *twin != '\0' ? 2 : 0);

	if (to->x + need > to->end)
		return false;
	(void)strip_add(to, gap, STYLE_BAR_KEY, "%s", key);
	(void)strip_add(to, space, STYLE_BAR, "%s", word);
	if (wide && *twin != '\0')
		(void)strip_add(to, 1, STYLE_BAR_KEY, "%s", twin);
	return true;
}

/* u, c and m are for pages whose rows name something. */
static bool
has_use(const struct view *v, const char *key)
{
	if (strcmp(key, "u") == 0 || strcmp(key, "c") == 0)
		return v->ops->field != NULL;
	return strcmp(key, "m") != 0 || v->ops->cell != NULL;
}

static void
draw_bar(const struct ui *ui, int y)
{
	struct view *v = ui_page(ui);
	struct buf place = { 0 };
	int cols = draw_cols(), w;
	bool wide = cols >= 120, hinted = false;
	struct strip to = { y, 0, cols, STYLE_BAR };

	draw_fill((struct area){ y, 0, 1, cols }, STYLE_BAR);
	if (v->ops->place != NULL)
		v->ops->place(v, ui_snapshot(ui), &place);
	w = (int)place.len;
	if (w > 0 && w + 2 < cols)
		(void)draw_right(y, cols - 1 - w, w, STYLE_BAR, buf_slice(&place));
	to.end = cols - (w > 0 ? w + 2 : 0);
	for (size_t i = 0; i < sizeof(bar) / sizeof(bar[0]); i++) {
		const char *word = cols >= 100 ? bar[i].word : bar[i].brief;

		if (!has_use(v, bar[i].key))
			continue;

		if (bar[i].letter &&
		    !hinted) { /* the page's own keys come before the letters of every page */
			for (unsigned h = 0; v->ops->hints != NULL && v->ops->hints[h] != NULL;
			     h += 2)
				(void)bar_piece(
				    &to, wide, true, v->ops->hints[h], v->ops->hints[h + 1], "");
			hinted = true;
		}
		if (!bar_piece(&to, wide, bar[i].letter, bar[i].key, word, bar[i].twin))
			break;
	}
	buf_release(&place);
}

static void
draw_hint(const struct ui *ui, int y)
{
	const struct snapshot *s = ui->snap;
	struct buf kept = { 0 }, all = { 0 };
	int cols = draw_cols();

	if (ui->prompting == UI_PROMPT_FIND) {
		(void)draw_text(y, 0, cols, STYLE_BAR,
		    SLICE(" Enter finds   Tab makes it a filter   Up earlier ones   Esc leaves"));
		return;
	}
	if (ui->error_set) {
		(void)draw_text(y, 0, cols, STYLE_BAR, SLICE(" "));
		(void)draw_fmt(y, 1, cols - 2, STYLE_BAR, "%s", ui->error.message);
		return;
	}
	draw_fill((struct area){ y, 0, 1, cols }, STYLE_BAR);
	if (s != NULL && s->number >= ui->asked && s->panel[PANEL_PREVIEW].used &&
	    !s->panel[PANEL_PREVIEW].bad_query &&
	    s->panel[PANEL_PREVIEW].done == s->panel[PANEL_PREVIEW].to_scan) {
		text_count(&kept, s->panel[PANEL_PREVIEW].matched);
		text_count(&all, s->stats.retained);
		(void)draw_fmt(y, 1, cols - 2, STYLE_BAR,
		    "keeps %s of %s events   Enter sets it   Up earlier ones   Esc leaves", kept.p,
		    all.p);
	} else
		(void)draw_fmt(y, 1, cols - 2, STYLE_BAR,
		    "e.g. user.name = root and priority >= warning   Enter sets it   Esc leaves");
	buf_release(&kept);
	buf_release(&all);
}

static void
draw_prompt(struct ui *ui, int rows)
{
	bool filter = ui->prompting == UI_PROMPT_FILTER;
	size_t mark = ui->error_set ? ui->error.offset : SIZE_MAX;
	int caret;

	draw_fill((struct area){ rows - 2, 0, 1, draw_cols() }, STYLE_NORMAL);
	draw_hint(ui, rows - 1);
	if (ui->error_set && rows >= 4)
		draw_fill((struct area){ rows - 3, 0, 1, draw_cols() }, STYLE_NORMAL);
	if (!ui->error_set || rows < 4) {
		(void)prompt_draw(&ui->prompt, rows - 2, 1, draw_cols() - 1,
		    filter ? "filter: " : "find: ", mark);
		return;
	}
	/* The caret stands under the place of the error, so the text moves up a line. */
	caret = prompt_draw(&ui->prompt, rows - 3, 1, draw_cols() - 1, "filter: ", mark);
	if (caret >= 0)
		(void)draw_text(rows - 2, caret, 1, STYLE_WARN, SLICE("^"));
}

void
footer_draw(struct ui *ui, int y)
{
	if (ui->prompting != UI_NO_PROMPT) {
		draw_prompt(ui, y + 1);
		return;
	}
	draw_bar(ui, y);
	if (ui->message[0] != '\0' && y >= 2) {
		(void)draw_text(
		    y - 1, 0, draw_cols(), ui->message_style, (struct slice){ NULL, 0 });
		(void)draw_text(
		    y - 1, 1, draw_cols() - 2, ui->message_style, slice_of(ui->message));
	}
}

bool
ui_draw(struct ui *ui)
{
	int rows = draw_rows(), cols = draw_cols(), lines = header_lines(ui, rows);
	struct area a = { lines, 0, rows - lines - 1, cols };
	struct view *page = ui_page(ui);
	struct view *over[8];
	unsigned n = 0;

	draw_erase();
	if (rows < 5 || cols < 20) {
		(void)draw_fmt(0, 0, cols, STYLE_BOLD, "falcotop: window too small");
		if (rows > 1 && ui->snap != NULL)
			(void)draw_fmt(1, 0, cols, STYLE_NORMAL, "%llu events",
			    (unsigned long long)ui->snap->stats.events);
		return false;
	}
	header_draw(ui, lines);
	page->ops->draw(page, ui, a, ui_snapshot(ui));
	for (struct view *v = ui->top; v != page && n < 8; v = v->below)
		over[n++] = v;
	while (n-- > 0)
		over[n]->ops->draw(over[n], ui, a, ui_snapshot(ui));
	footer_draw(ui, rows - 1);
	return ui->prompting != UI_NO_PROMPT || ui->top->ops->types;
}
