/*
 * Where a row leads: the events behind it, a page, a more detailed table. Each is the row's values
 * as filter terms.
 */
#include "view/list.h"

#include "view/pages.h"
#include "view/text.h"
#include "base/banned.h"

static bool
other_row(const struct view_def *def, const struct snap_row *row)
{
	return def->by[0] != NULL && row->symbol[0] == SYM_OTHER;
}

bool
list_row_terms(const struct list *l, const struct snap_row *row, struct buf *out)
{
	const struct view_def *def = l->def;

	if (def->filter != NULL)
		text_and(out, def->filter);
	if (l->terms != NULL)
		text_and(out, l->terms);
	if (def->kind == QUERY_EVENTS)
		return true;
	if (other_row(def, row))
		return false;
	for (unsigned i = 0; i < GROUP_BY_MAX && def->by[i] != NULL; i++) {
		struct buf term = { 0 };

		text_term(&term, def->by[i], row->cell[i], row->symbol[i]);
		text_and(out, term.p);
		buf_release(&term);
	}
	return true;
}

/* The columns that name the row: "image postgres", "root @ api". */
void
list_row_label(const struct list *l, const struct snap_row *row, struct buf *out)
{
	unsigned n = 0;

	if (l->def->by[0] != NULL && l->def->by[1] == NULL && l->ncol > 0) {
		for (unsigned i = 0; i < l->ncol; i++)
			if (l->kind[i] == COLUMN_BY)
				column_title(out, &l->def->column[i]);
		for (size_t i = 0; i < out->len; i++)
			if (out->p[i] >= 'A' && out->p[i] <= 'Z')
				out->p[i] = (char)(out->p[i] + 32);
		buf_addc(out, ' ');
	}

	for (unsigned i = 0; i < l->ncol && n < 2; i++) {
		bool missing;
		struct slice v;

		if (l->kind[i] != COLUMN_BY)
			continue;
		v = text_value(row->cell[l->index[i]], row->symbol[l->index[i]], &missing);
		if (n++ > 0)
			buf_adds(out, " @ ");
		buf_add(out, v.p, v.len);
	}
}

static struct view *
open_entity(struct list *l, struct ui *ui, enum entity_kind kind, const struct snap_row *row)
{
	const char *field = kind == ENTITY_USER ? "user.name" : "container.id";
	struct slice value;
	sym_t symbol;

	if (row_field(l->def, row, field, &value, &symbol) && symbol != SYM_OTHER)
		return entity_new(kind, value, symbol);
	ui_say(ui, STYLE_WARN, "this row has no %s", field);
	return NULL;
}

static struct view *
open_table(struct list *l, struct ui *ui, const struct view_def *def, const struct snap_row *row)
{
	struct buf terms = { 0 }, label = { 0 };
	struct view *v = NULL;

	if (list_row_terms(l, row, &terms)) {
		list_row_label(l, row, &label);
		v = table_new(def, NULL, terms.p, label.p);
	} else
		ui_say(ui, STYLE_WARN,
		    "this row stands for everything that had no room: it has no events of its own");
	buf_release(&terms);
	buf_release(&label);
	return v;
}

struct view *
list_open(struct list *l, struct ui *ui, bool events, const struct snapshot *s)
{
	const struct snap_row *row = list_row(l, s);
	enum view_enter enter =
	    events && l->def->kind != QUERY_EVENTS ? ENTER_EVENTS : l->def->enter;

	if (row == NULL)
		return NULL;
	switch (enter) {
	case ENTER_USER: return open_entity(l, ui, ENTITY_USER, row);
	case ENTER_CONTAINER: return open_entity(l, ui, ENTITY_CONTAINER, row);
	case ENTER_EVENT: return event_page_new(row->identity);
	case ENTER_SHELLS: return open_table(l, ui, &def_activity, row);
	case ENTER_EVENTS: break;
	}
	return open_table(l, ui, view_def("events"), row);
}

bool
list_sibling(struct list *l, const struct snap_panel *p, const char *field, int dir,
    struct buf *value, sym_t *kind)
{
	uint64_t at = l->cursor;
	struct slice now = { NULL, 0 }, v;
	sym_t k, now_kind = SYM_OTHER;

	for (unsigned i = 0; l->anchored && i < p->nrows; i++)
		if (p->row[i].identity == l->anchor)
			at = p->from + i;
	if (at < p->from || at - p->from >= p->nrows)
		return false;
	if (field != NULL)
		(void)row_field(l->def, &p->row[at - p->from], field, &now, &now_kind);
	for (;;) {
		if (dir < 0 ? at == p->from : at + 1 >= p->from + p->nrows)
			return false;
		at = dir < 0 ? at - 1 : at + 1;
		if (field == NULL) /* events: the neighbour itself */
			break;
		if (row_field(l->def, &p->row[at - p->from], field, &v, &k) && k != SYM_OTHER &&
		    (k != now_kind || !slice_eq(v, now)))
			break;
	}
	l->cursor = at;
	l->anchor = p->row[at - p->from].identity;
	l->anchored = true;
	l->tail = false;
	l->sent = 0;
	if (field != NULL) {
		buf_add(value, v.p, v.len);
		*kind = k;
	}
	return true;
}
