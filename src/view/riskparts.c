/*
 * Drawing what a snapshot knows of one risk object (snapshot.risk.object). Not here: the pages
 * these pieces stand on, and the sums themselves (detect/book.h).
 */
#include "view/riskparts.h"

#include <math.h>
#include <stdio.h>

#include "detect/attack.h"
#include "view/panes.h"
#include "view/riskpages.h"
#include "view/strip.h"
#include "view/text.h"
#include "base/banned.h"

#define GAUGE_MAX  40
#define WEEK_HOURS 168

void
risk_score_text(struct buf *out, double score)
{
	if (score < 1e15 && fabs(score - floor(score)) < 0.0005)
		text_count(out, (uint64_t)score);
	else
		buf_addf(out, "%.1f", score);
}

void
risk_sum_text(struct buf *out, double sum, enum risk_severity severity)
{
	risk_score_text(out, sum);
	buf_addc(out, severity > RISK_NONE ? '!' : ' ');
}

void
risk_sum_in(struct buf *out, double sum, enum risk_severity severity, int cells)
{
	size_t start = out->len;

	risk_sum_text(out, sum, severity);
	if (out->len - start <= (size_t)cells)
		return;
	out->len = start;
	text_count_in(out, (uint64_t)sum, cells - 1);
	buf_addc(out, severity > RISK_NONE ? '!' : ' ');
}

enum style
risk_style(enum risk_severity s)
{
	switch (s) {
	case RISK_NONE: return STYLE_NORMAL;
	case RISK_MEDIUM: return STYLE_WARN;
	case RISK_HIGH:
	case RISK_CRITICAL: return STYLE_ALARM;
	}
	return STYLE_NORMAL;
}

struct slice
risk_search_short(struct slice search)
{
	static const struct slice head = { "ESCU - ", 7 }, tail = { " - Rule", 7 };

	if (search.len > head.len + tail.len && memcmp(search.p, head.p, head.len) == 0 &&
	    memcmp(search.p + search.len - tail.len, tail.p, tail.len) == 0) {
		search.p += head.len;
		search.len -= head.len + tail.len;
	}
	return search;
}

void
risk_row_text(struct buf *out, const struct book_entry *e, bool whole)
{
	struct slice left = e->row;

	/* One of Falco's own rules: it stands in the search's name. */
	if (left.len == 0 || (e->search.len > 7 && memcmp(e->search.p, "local: ", 7) == 0))
		return;
	for (;;) {
		const char *end = memchr(left.p, '\n', left.len), *slash;
		size_t n = end == NULL ? left.len : (size_t)(end - left.p);

		slash = whole ? NULL : memrchr(left.p, '/', n);
		if (slash != NULL && slash + 1 < left.p + n)
			buf_add(out, slash + 1, (size_t)(left.p + n - slash - 1));
		else
			buf_add(out, left.p, n);
		if (end == NULL)
			break;
		buf_addc(out, ' ');
		left.p += n + 1;
		left.len -= n + 1;
	}
}

void
risk_stamp(struct buf *out, int64_t t, bool local)
{
	struct buf iso = { 0 };

	time_print(&iso, t, TIME_ISO_SECOND, local);
	if (iso.len >= 19)
		buf_addf(out, "%.5s %.8s", iso.p + 5, iso.p + 11);
	else
		buf_adds(out, "-");
	buf_release(&iso);
}

void
risk_span(struct buf *out, int64_t ns)
{
	long long minutes = ns > 0 ? (long long)(ns / (60 * NSEC_PER_SEC)) : 0;

	if (minutes >= 48 * 60)
		buf_addf(out, "%lldd%lldh", minutes / 1440, minutes / 60 % 24);
	else if (minutes >= 60)
		buf_addf(out, "%lldh%02lldm", minutes / 60, minutes % 60);
	else
		buf_addf(out, "%lldm", minutes);
}

void
risk_rules_draw(int y, const struct ui *ui, const struct snapshot *s)
{
	struct strip to = { y, 1, draw_cols() - 1, STYLE_NORMAL };
	const struct book_options *o = &s->risk.options;
	struct buf b = { 0 };

	(void)ui;
	buf_adds(&b, "over ");
	risk_score_text(&b, o->medium);
	buf_adds(&b, " in 24 h: medium; ");
	risk_score_text(&b, o->high);
	buf_adds(&b, " high, ");
	risk_score_text(&b, o->critical);
	buf_adds(&b, " critical");
	(void)strip_add(&to, 0, STYLE_DIM, "%s", b.p);
	(void)strip_add(
	    &to, 1, STYLE_DIM, "| %u tactics and %u sources in 7 d", o->tactics, o->sources);
	if (s->risk.loading)
		(void)strip_add(&to, 1, STYLE_WARN, "| reading the history");
	else if (s->risk.partial)
		(void)strip_add(&to, 1, STYLE_WARN, "| not all of the 7 days had room");
	buf_clear(&b);
	text_plural(&b, s->risk.book.events, "risk event");
	(void)strip_add(&to, 1, STYLE_DIM, "| %s", b.p);
	if (s->risk.book.evicted > 0) {
		buf_clear(&b);
		text_count(&b, s->risk.book.evicted);
		(void)strip_add(&to, 1, STYLE_WARN, "| %s older left for want of room", b.p);
	}
	if (o->cap > 0)
		(void)strip_add(&to, 1, STYLE_DIM, "| a source counts %.0f times at most", o->cap);
	buf_release(&b);
}

/* When the sum that is still over the threshold went over it; TIME_NONE: not known. */
static int64_t
passed_at(const struct snapshot *s)
{
	const struct snap_object *o = &s->risk.object;
	int64_t at = TIME_NONE;
	bool over = false;

	if (o->row.severity == RISK_NONE)
		return TIME_NONE;
	for (uint32_t i = 0; i < o->nentries; i++) {
		const struct book_entry *e = &o->entry[i];

		if (!e->counts)
			continue;
		if (e->severity > RISK_NONE && !over)
			at = e->first;
		over = e->severity > RISK_NONE;
	}
	return over ? at : TIME_NONE;
}

/* What the end of the gauge stands for: the next threshold. */
static double
gauge_full(const struct book_options *o, double sum)
{
	if (sum < o->high)
		return o->high;
	return sum < o->critical ? o->critical : sum;
}

static void
draw_gauge_with_mark(
    struct strip *to, int cells, const struct book_options *o, double sum, enum style style)
{
	double full = gauge_full(o, sum);
	int mark = (int)(o->medium / full * cells);

	draw_gauge(to->y, to->x + 1, cells, style, (uint64_t)(sum * 1000), (uint64_t)(full * 1000));
	if (mark > 0 && mark < cells)
		(void)draw_text(to->y, to->x + 1 + mark, 1, STYLE_BOLD, SLICE("|"));
	to->x += cells + 1;
}

static void
tactic_words(struct buf *out, const struct book_row *row, const struct book_options *o)
{
	text_plural(out, row->tactics, "tactic");
	buf_adds(out, ", ");
	text_plural(out, row->sources, "source");
	if (row->tactic_rule)
		buf_addf(out, "! (rule: %u and %u)", o->tactics, o->sources);
	else
		buf_addf(out, " (rule: %u and %u)", o->tactics, o->sources);
}

void
risk_gauge_draw(int y, int x, int w, const struct ui *ui, const struct snapshot *s)
{
	struct strip to = { y, x, x + w, STYLE_NORMAL };
	const struct snap_risk *r = &s->risk;
	const struct book_row *row = &r->object.row;
	int cells = w / 4 > GAUGE_MAX ? GAUGE_MAX : w / 4;
	int64_t at = passed_at(s);
	struct buf b = { 0 };

	risk_sum_text(&b, row->sum24, row->severity);
	(void)strip_add(&to, 0, STYLE_DIM, "RISK ");
	(void)strip_add(
	    &to, 0, row->severity > RISK_NONE ? risk_style(row->severity) : STYLE_BOLD, "%s", b.p);
	if (row->severity > RISK_NONE)
		(void)strip_add(
		    &to, 1, risk_style(row->severity), "%s", risk_severity_name(row->severity));
	if (cells >= 8)
		draw_gauge_with_mark(&to, cells, &r->options, row->sum24,
		    row->severity > RISK_NONE ? risk_style(row->severity) : STYLE_GRAPH);
	buf_clear(&b);
	risk_score_text(&b, r->options.medium);
	if (at != TIME_NONE) {
		buf_adds(&b, " passed ");
		text_time(&b, at, ui->now, ui->local);
	}
	(void)strip_add(&to, 1, STYLE_NORMAL, "threshold %s", b.p);
	buf_clear(&b);
	risk_score_text(&b, row->sum7d);
	(void)strip_add(&to, 2, STYLE_NORMAL, "7 d: %s", b.p);
	buf_clear(&b);
	tactic_words(&b, row, &r->options);
	(void)strip_add(&to, 2, row->tactic_rule ? STYLE_WARN : STYLE_DIM, "%s", b.p);
	buf_release(&b);
}

/* Words for tactics that leave room for others. */
static const char *
short_tactic(const char *id)
{
	static const char *const words[][2] = { { "TA0001", "Initial" }, { "TA0002", "Exec" },
		{ "TA0003", "Persist" }, { "TA0004", "PrivEsc" }, { "TA0005", "Stealth" },
		{ "TA0006", "CredAcc" }, { "TA0007", "Discov" }, { "TA0008", "Lateral" },
		{ "TA0009", "Collect" }, { "TA0010", "Exfil" }, { "TA0011", "C2" },
		{ "TA0040", "Impact" }, { "TA0042", "ResDev" }, { "TA0043", "Recon" },
		{ "TA0112", "Impair" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], id) == 0)
			return words[i][1];
	return id;
}

/* What the strip says of a tactic, the less the higher the level. */
static void
tactic_piece(struct buf *out, const struct book_tactic *t, const struct ui *ui, int level)
{
	const struct attack_tactic *known = attack_tactic(t->id);
	struct buf time = { 0 };

	text_time(&time, t->first, ui->now, ui->local);
	if (level == 0)
		buf_addf(out, "%s ", time.p);
	else if (level == 1)
		buf_addf(out, "%.*s ", time.len == 8 && time.p[2] == ':' ? 5 : 8, time.p);
	if (known == NULL)
		buf_add(out, t->id.p, t->id.len < 16 ? t->id.len : 16);
	else
		buf_adds(out, level == 0 ? known->name : short_tactic(known->id));
	if (level < 3) {
		buf_addc(out, ' ');
		text_count(out, t->events);
	}
	buf_release(&time);
}

static int
strip_width(const struct snap_object *o, const struct ui *ui, int level)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < o->ntactics; i++) {
		buf_adds(&b, i > 0 ? " > " : " ");
		tactic_piece(&b, &o->tactic[i], ui, level);
	}
	level = (int)b.len;
	buf_release(&b);
	return level;
}

void
risk_strip_draw(int y, int x, int w, const struct ui *ui, const struct snapshot *s)
{
	struct strip to = { y, x, x + w, STYLE_NORMAL };
	const struct snap_object *o = &s->risk.object;
	struct buf b = { 0 };
	int level = 0;

	(void)strip_add(&to, 0, STYLE_DIM, "ATT&CK");
	if (o->ntactics == 0)
		(void)strip_add(&to, 1, STYLE_DIM, "no tactic in the last 7 days");
	while (level < 3 && strip_width(o, ui, level) > to.end - to.x)
		level++;
	for (unsigned i = 0; i < o->ntactics; i++) {
		buf_clear(&b);
		tactic_piece(&b, &o->tactic[i], ui, level);
		if (!strip_add(&to, 1, STYLE_NORMAL, "%s%s", i > 0 ? "> " : "", b.p)) {
			(void)strip_add(&to, 1, STYLE_DIM, "+%u", o->ntactics - i);
			break;
		}
	}
	buf_release(&b);
}

/* The newest that gave points. */
static const struct book_entry *
newest_entry(const struct snap_object *o)
{
	for (uint32_t i = o->nentries; i > 0; i--)
		if (o->entry[i - 1].counts && o->entry[i - 1].score > 0)
			return &o->entry[i - 1];
	return NULL;
}

/* When points leave the 24 hours next, and the sum then; TIME_NONE: there are none. (The book's own
 * outlook also counts what has no points.) */
static int64_t
next_points(const struct snapshot *s, double *sum)
{
	const struct snap_object *o = &s->risk.object;
	int64_t at = TIME_NONE;

	*sum = o->row.sum24;
	for (uint32_t i = 0; i < o->nentries; i++) {
		const struct book_entry *e = &o->entry[i];

		if (!e->counts || e->score <= 0 || e->leaves <= s->risk.now ||
		    e->first > s->risk.now || (at != TIME_NONE && e->leaves > at))
			continue;
		if (at == TIME_NONE || e->leaves < at)
			*sum = o->row.sum24;
		at = e->leaves;
		*sum -= e->score;
	}
	if (s->risk.options.cap > 0 && o->outlook.next_leaves == at)
		*sum = o->outlook.next_sum;
	return at;
}

static void
add_sum(struct buf *out, const struct book_options *o, double sum)
{
	enum risk_severity sev = risk_severity(o, sum);

	risk_score_text(out, sum);
	if (sev > RISK_NONE)
		buf_addf(out, " (%s)", risk_severity_name(sev));
}

void
risk_forecast(
    struct buf *out, const struct ui *ui, const struct snapshot *s, const struct book_entry *e)
{
	const struct snap_object *o = &s->risk.object;
	const struct book_outlook *next = &o->outlook;
	double sum;
	int64_t leaves = next_points(s, &sum);
	bool selected = e != NULL;

	if (e == NULL)
		e = newest_entry(o);
	if (e != NULL) {
		struct slice search = risk_search_short(e->search);

		buf_adds(out, selected ? "one more such row" : "one more row of ");
		if (!selected)
			buf_add(out, search.p, search.len < 80 ? search.len : 80);
		buf_adds(out, ": ");
		add_sum(out, &s->risk.options, e->one_more);
		buf_adds(out, "; ");
	}
	if (leaves != TIME_NONE) {
		buf_adds(out, "next points leave ");
		risk_stamp(out, leaves, ui->local);
		buf_adds(out, ", in ");
		risk_span(out, leaves - s->risk.now);
		buf_adds(out, ": ");
		add_sum(out, &s->risk.options, sum);
	} else
		buf_adds(out, "no points in the last 24 h");
	if (next->threshold > 0) {
		buf_addf(out, "; %s ",
		    risk_severity_name(next->threshold <= s->risk.options.medium ? RISK_MEDIUM
				       : next->threshold <= s->risk.options.high ? RISK_HIGH
										 : RISK_CRITICAL));
		buf_adds(out, next->threshold <= s->risk.options.medium ? "over " : "at ");
		risk_score_text(out, next->threshold);
	}
	if (next->tactics_missing + next->sources_missing > 0 && o->row.tactic_sources > 0) {
		buf_adds(out, "; tactic rule: ");
		if (next->tactics_missing > 0)
			text_plural(out, next->tactics_missing, "more tactic");
		if (next->tactics_missing > 0 && next->sources_missing > 0)
			buf_adds(out, ", ");
		if (next->sources_missing > 0)
			text_plural(out, next->sources_missing, "more source");
	}
	buf_addc(out, '.');
}

/* --- timeline -------------------------------------------------------------------------------- */

static int
slot_hours(int room)
{
	static const int hours[] = { 1, 2, 3, 4, 6, 8, 12, 24 };
	size_t i = 0;

	while (i + 1 < sizeof(hours) / sizeof(hours[0]) && WEEK_HOURS / hours[i] > room)
		i++;
	return hours[i];
}

static void
draw_axis(struct area a, int y, const struct ui *ui, int64_t from, int64_t slot, int n)
{
	draw_hline(y, a.x, n, STYLE_DIM);
	for (int64_t day = from / BOOK_DAY + 1; day * BOOK_DAY < from + n * slot; day++) {
		int at = (int)((day * BOOK_DAY - from) / slot);
		struct buf b = { 0 };

		risk_stamp(&b, day * BOOK_DAY, ui->local);
		if (at + 5 <= n && b.len > 5)
			(void)draw_fmt(y, a.x + at, 5, STYLE_DIM, "%.5s", b.p);
		buf_release(&b);
	}
}

void
risk_timeline_draw(struct area a, const struct ui *ui, const struct snapshot *s)
{
	const struct snap_object *o = &s->risk.object;
	double v[WEEK_HOURS] = { 0 }, max = 1;
	int left = 8, hours = slot_hours(a.w - left - 1), n = WEEK_HOURS / hours;
	int64_t slot = hours * BOOK_HOUR, to, from;
	struct buf b = { 0 };

	if (a.h < 4 || a.w < left + 16 || s->risk.now == TIME_NONE)
		return;
	to = s->risk.now - s->risk.now % BOOK_HOUR + BOOK_HOUR;
	from = to - n * slot;
	for (uint32_t i = 0; i < o->nentries; i++) {
		const struct book_entry *e = &o->entry[i];

		if (e->counts && e->first >= from && e->first < to) {
			double *to_slot = &v[(e->first - from) / slot];

			*to_slot += e->score;
			max = *to_slot > max ? *to_slot : max;
		}
	}
	buf_addf(&b, "risk over 7 days: 1 column = %d h, | the last 24 h", hours);
	pane_title(a.y, a.x, a.w, b.p);
	buf_clear(&b);
	risk_score_text(&b, max);
	(void)draw_right(a.y + 1, a.x, left - 1, STYLE_DIM, buf_slice(&b));
	draw_vline(a.y + 1, a.x + left - 1, a.h - 2, STYLE_DIM);
	draw_columns(
	    (struct area){ a.y + 1, a.x + left, a.h - 2, n }, STYLE_GRAPH, v, (unsigned)n, max);
	for (int y = 1; y < a.h - 1; y++)
		if (v[n - 24 / hours - 1] <= 0)
			(void)draw_text(
			    a.y + y, a.x + left + n - 24 / hours - 1, 1, STYLE_DIM, SLICE("|"));
	draw_axis((struct area){ a.y, a.x + left, a.h, a.w }, a.y + a.h - 1, ui, from, slot, n);
	buf_release(&b);
}

/* --- the table ------------------------------------------------------------------------------- */

struct lines {
	struct area a;
	int skip, n;
};

#define LABEL	 17
#define WRAP_MAX 8

/* A value takes as many lines as it needs, within reason. */
static void
line(struct lines *l, const char *label, struct slice v, bool value)
{
	int w = l->a.w - LABEL - 2;
	bool fits = w < 1 || draw_value_width(v, w + 1) <= w;

	for (int i = 0; i == 0 || (i < WRAP_MAX && v.len > 0); i++) {
		struct slice part = fits || i == WRAP_MAX - 1 ? v : draw_break(&v, w);
		int y = l->a.y + l->n++ - l->skip;

		if (fits)
			v.len = 0;
		if (y < l->a.y || y >= l->a.y + l->a.h)
			continue;
		(void)draw_text(y, l->a.x + 1, LABEL, STYLE_DIM,
		    i == 0 ? slice_of(label) : (struct slice){ NULL, 0 });
		if (value && fits)
			(void)draw_value(y, l->a.x + 1 + LABEL, w, STYLE_NORMAL, part);
		else
			(void)draw_text(y, l->a.x + 1 + LABEL, w, STYLE_NORMAL, part);
	}
}

static void
line_count(struct lines *l, const char *label, uint64_t n)
{
	struct buf b = { 0 };

	text_count(&b, n);
	line(l, label, buf_slice(&b), false);
	buf_release(&b);
}

static void
line_time(struct lines *l, const char *label, int64_t t, bool local)
{
	struct buf b = { 0 };

	time_print(&b, t, TIME_ISO_SECOND, local);
	line(l, label, buf_slice(&b), false);
	buf_release(&b);
}

/* A tactic's or technique's id with its name. */
static void
name_of_id(struct buf *out, struct slice id)
{
	const struct attack_tactic *tactic = attack_tactic(id);
	const struct attack_technique *technique = attack_technique(id);

	buf_add(out, id.p, id.len);
	if (tactic != NULL) {
		buf_addf(out, "  %s", tactic->name);
		if (tactic->old != NULL)
			buf_addf(out, " (was %s)", tactic->old);
	} else if (technique != NULL)
		buf_addf(out, "  %s", technique->name);
}

static void
line_values(struct lines *l, const char *label, const struct snap_values *v, bool ids)
{
	struct buf b = { 0 };

	if (v->n == 0)
		line(l, label, SLICE("-"), false);
	for (uint32_t i = 0; i < v->n; i++) {
		buf_clear(&b);
		if (ids)
			name_of_id(&b, v->v[i]);
		else
			buf_add(&b, v->v[i].p, v->v[i].len);
		line(l, i == 0 ? label : "", buf_slice(&b), !ids);
	}
	if (v->total > v->n) {
		buf_clear(&b);
		buf_addf(&b, "and %u more", v->total - v->n);
		line(l, "", buf_slice(&b), false);
	}
	buf_release(&b);
}

int
risk_table_draw(struct area a, int top, const struct ui *ui, const struct snapshot *s)
{
	const struct snap_object *o = &s->risk.object;
	struct lines l = { a, top, 0 };

	line_count(&l, "count", o->row.events);
	line_time(&l, "firstTime", o->row.first, ui->local);
	line_time(&l, "lastTime", o->row.last, ui->local);
	line_values(&l, "Search Name", &o->searches, false);
	line_values(&l, "Risk Message", &o->messages, false);
	line_values(&l, "Analytic Stories", &o->stories, false);
	line_values(&l, "Annotations", &o->techniques, true);
	line_values(&l, "ATT&CK Tactics", &o->tactics, true);
	return l.n;
}

/* --- drilldowns ------------------------------------------------------------------------------ */

/* The field whose value is the user; NULL: the detection scores no user. */
static const char *
user_field(const struct detection *d)
{
	for (unsigned i = 0; i < d->nrisk; i++)
		if (d->risk[i].type != NULL && strcmp(d->risk[i].type, "user") == 0)
			return d->risk[i].field;
	return NULL;
}

static void
expand(const char *text, const char *field, struct slice user, struct buf *out)
{
	size_t n = strlen(field);

	for (; *text != '\0'; text++)
		if (*text == '$' && strncmp(text + 1, field, n) == 0 && text[n + 1] == '$') {
			buf_add(out, user.p, user.len);
			text += n + 1;
		} else
			buf_addc(out, *text);
}

bool
drilldown_name(const struct detection_set *set, unsigned which, struct slice user, struct buf *out)
{
	const struct detection *found = NULL;

	for (unsigned i = 0; set != NULL && i < set->n; i++) {
		const struct detection *d = set->v[i];

		if (d->ndrilldown <= which || user_field(d) == NULL)
			continue;
		if (found == NULL || strcmp(d->name, "Kubernetes Falco Shell Spawned") == 0)
			found = d;
	}
	if (found == NULL)
		return false;
	expand(found->drilldown[which].name, user_field(found), user, out);
	return true;
}
