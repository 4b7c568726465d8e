/*
 * A page that is one table: any view of viewdef.c, the events behind a row, counts by chosen
 * fields. Digits show another view with the same narrowing. Not here: the list itself (list.c), the
 * panes below (panes.c).
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/list.h"
#include "view/panes.h"
#include "view/tabs.h"
#include "view/text.h"
#include "base/banned.h"

struct table {
	struct view view;
	struct list list;
	struct view_def *owned; /* of %, --by */
	char *label;		/* what it was narrowed to; NULL: nothing */
};

static const struct view_ops table_ops;

static struct table *
table(struct view *v)
{
	return (struct table *)v;
}

static const struct table *
table_const(const struct view *v)
{
	return (const struct table *)v;
}

static void
table_title(const struct view *v, struct buf *out)
{
	const struct table *t = table_const(v);

	if (t->label != NULL)
		buf_addf(out, "%s > ", t->label);
	buf_adds(out, t->list.def->title);
}

static void
table_request(struct view *v, struct ui *ui, struct request *r)
{
	list_request(&table(v)->list, ui, r);
	panes_request(&table(v)->list, ui, r);
}

/* At 80 columns all tabs fit with two of the titles shortened. */
static const char *
tab_title(const struct view_def *d)
{
	static const char *const brief[][2] = { { "Containers", "Contnrs" },
		{ "Namespaces", "NS" } };

	for (size_t i = 0; draw_cols() < 100 && i < sizeof(brief) / sizeof(brief[0]); i++)
		if (strcmp(d->title, brief[i][0]) == 0)
			return brief[i][1];
	return d->title;
}

void
table_tabs(int y, const struct view_def *on)
{
	struct tab tab[16];
	unsigned n = 0;

	for (unsigned i = 0; i < view_count && n < 9; i++)
		if (view_defs[i].key != 0) {
			if (view_defs[i].key > '8' && n > 0 && tab[n - 1].key < '8')
				tab[n++] = (struct tab){ '8', "Health", on == NULL };
			tab[n++] = (struct tab){ view_defs[i].key, tab_title(&view_defs[i]),
				on == &view_defs[i] };
		}
	if (draw_cols() >= 120) { /* pages that are no tables of events */
		tab[n++] = (struct tab){ 'R', "Risk", false };
		tab[n++] = (struct tab){ 'd', "Detections", false };
		tab[n++] = (struct tab){ 'M', "Mutes", false };
	}
	tabs_draw(y, tab, n);
}

static void
table_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct table *t = table(v);

	if (!ui->folded && draw_rows() >= 12) {
		table_tabs(a.y, t->list.def);
		a.y++;
		a.h--;
	}
	a = panes_draw(&t->list, ui, a, s);
	list_draw(&t->list, ui, a, s);
}

static unsigned
table_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct table *t = table(v);

	if (a == ACTION_NEXT_TAB || a == ACTION_PREV_TAB) {
		unsigned i = 0;

		while (i < view_count && t->list.def != &view_defs[i])
			i++;
		i = i == view_count
			? 0
			: (i + (a == ACTION_NEXT_TAB ? 1 : view_count - 1)) % view_count;
		return table_show(v, &view_defs[i]);
	}
	return list_act(&t->list, ui, a, s);
}

static unsigned
table_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	(void)ui;
	(void)s;
	for (unsigned i = 0; i < view_count; i++)
		if (view_defs[i].key != 0 && view_defs[i].key == key)
			return table_show(v, &view_defs[i]);
	return REACT_NONE;
}

static unsigned
table_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	return list_find(&table(v)->list, ui, text, dir, s);
}

static void
table_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	list_place(&table_const(v)->list, s, out);
}

static struct list *
table_list(struct view *v)
{
	return &table(v)->list;
}

static bool
table_cell(const struct view *v, const struct snapshot *s, struct buf *field, struct buf *value,
    sym_t *kind)
{
	return list_cell(&table_const(v)->list, s, field, value, kind);
}

static bool
table_field(const struct view *v, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	return list_field(&table_const(v)->list, s, field, value, kind);
}

static void
table_close(struct view *v)
{
	struct table *t = table(v);

	list_release(&t->list);
	def_free(t->owned);
	free(t->label);
	free(t);
}

static const struct view_ops table_ops = {
	.kind = "table",
	.title = table_title,
	.request = table_request,
	.draw = table_draw,
	.act = table_act,
	.key = table_key,
	.find = table_find,
	.place = table_place,
	.list = table_list,
	.cell = table_cell,
	.field = table_field,
	.close = table_close,
};

struct view *
table_new(const struct view_def *def, struct view_def *owned, const char *terms, const char *label)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->view.ops = &table_ops;
	t->owned = owned;
	t->label = label == NULL ? NULL : xstrdup(label);
	list_init(&t->list, def, terms, 0);
	return &t->view;
}

const char *
table_label(const struct view *v)
{
	return v->ops == &table_ops ? table_const(v)->label : NULL;
}

bool
table_sort(struct view *v, const char *column, bool descending)
{
	struct list *l = &table(v)->list;

	for (unsigned i = 0; i < l->ncol; i++)
		if (strcmp(l->def->column[i].name, column) == 0 && list_sortable(l, i)) {
			(void)snprintf(l->sort, sizeof(l->sort), "%s", column);
			l->descending = descending;
			l->tail = l->def->kind == QUERY_EVENTS && !descending;
			return true;
		}
	return false;
}

unsigned
table_show(struct view *v, const struct view_def *def)
{
	struct table *t = table(v);

	if (v->ops != &table_ops || t->list.def == def)
		return REACT_NONE;
	list_show(&t->list, def);
	def_free(t->owned);
	t->owned = NULL;
	return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
}
