/*
 * Searching the rows of an answer for text, ignoring case, in slices. Groups: the cells. Events:
 * the cells, and the fixed part of the output when the panel shows the output (the whole of it is
 * not in the index). A verdict on a symbol is remembered for the slice, so that a million rows of
 * few values cost a million array look-ups.
 */
#include "pipeline/snap.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

enum { UNKNOWN, NO, YES };

struct search {
	struct snap *snap;
	struct live *live;
	const struct panel_request *request;
	char needle[QUERY_NAME_MAX]; /* in lower case */
	size_t len;
	uint8_t *verdict; /* by symbol */
	uint32_t nverdict;
};

static bool
text_has(const struct search *f, struct slice text)
{
	return text.len > 0 && find_icase(text.p, text.len, f->needle, f->len) != NULL;
}

static bool
symbol_has(struct search *f, sym_t symbol)
{
	const struct symtab *symbols = model_symbols(f->snap->model);

	if (symbol >= f->nverdict)
		return text_has(f, symtab_text(symbols, symbol));
	if (f->verdict[symbol] == UNKNOWN)
		f->verdict[symbol] = text_has(f, symtab_text(symbols, symbol)) ? YES : NO;
	return f->verdict[symbol] == YES;
}

static bool
group_has(struct search *f, uint32_t row)
{
	const sym_t *key = group_key(live_groups(f->live), row);

	for (unsigned i = 0; i < f->request->query.nby; i++)
		if (symbol_has(f, key[i]))
			return true;
	return false;
}

static bool
event_has(struct search *f, uint64_t number)
{
	struct buf *scratch = &f->snap->scratch;

	for (unsigned i = 0; i < f->request->query.nby; i++) {
		unsigned field = live_by_field(f->live, i);

		if (field != FIELD_NONE) {
			if (symbol_has(f, model_field(f->snap->model, number, field)))
				return true;
			continue;
		}
		buf_clear(scratch);
		live_cell(f->live, number, i, scratch);
		if (text_has(f, buf_slice(scratch)))
			return true;
	}
	return f->request->want_output &&
	       symbol_has(f, model_field(f->snap->model, number, FIELD_MESSAGE));
}

static void
search_init(struct search *f, struct snap *s, struct live *l, const struct panel_request *r)
{
	memset(f, 0, sizeof(*f));
	f->snap = s;
	f->live = l;
	f->request = r;
	f->len = strnlen(r->find, sizeof(r->find));
	for (size_t i = 0; i < f->len; i++)
		f->needle[i] =
		    (char)(r->find[i] >= 'A' && r->find[i] <= 'Z' ? r->find[i] + 32 : r->find[i]);
	f->nverdict = symtab_count(model_symbols(s->model));
	f->verdict = xcalloc(f->nverdict, 1);
}

/* The row beside `at`, going round. */
static uint64_t
step(uint64_t at, int dir, uint64_t total)
{
	if (at >= total)
		return dir > 0 ? 0 : total - 1;
	if (dir > 0)
		return at + 1 == total ? 0 : at + 1;
	return at == 0 ? total - 1 : at - 1;
}

static void
search(struct search *f, struct finder *to, const struct snap_order *o, int64_t until)
{
	while (to->left > 0) {
		uint64_t row;

		if ((to->left & 255) == 0 && clock_mono() > until)
			return;
		to->at = step(to->at, f->request->find_dir, o->total);
		to->left--;
		row = snap_at(o, to->at);
		if (o->row != NULL ? group_has(f, (uint32_t)row) : event_has(f, row)) {
			to->found = to->at;
			break;
		}
	}
	to->active = false;
}

bool
snap_find(struct snap *s, struct ask_panel *p, const struct panel_request *r, int64_t budget_ns)
{
	struct snap_order order;
	struct search f;
	uint64_t done, total;

	if (p->live == NULL || !p->find.active)
		return false;
	live_progress(p->live, &done, &total);
	if (done != total)
		return true; /* not all rows are there yet */
	if (r->query.kind == QUERY_HISTOGRAM || !snap_order(s, p->live, r, r->hold, &order)) {
		p->find.active = false;
		return false;
	}
	if (p->find.left > order.total)
		p->find.left = order.total;
	search_init(&f, s, p->live, r);
	search(&f, &p->find, &order, clock_mono() + budget_ns);
	free(f.verdict);
	return p->find.active;
}
