/* Numbers, times and values as the screen words them, and filter terms made of values. */
#ifndef FALCOTOP_VIEW_TEXT_H
#define FALCOTOP_VIEW_TEXT_H

#include "base/symtab.h"
#include "event/timestamp.h"
#include "tui/draw.h"
#include "view/view.h"

/* 1,234,567 */
void text_count(struct buf *out, uint64_t n);
/* The same in at most `cells`: 1,234,567 or 1.2M. */
void text_count_in(struct buf *out, uint64_t n, int cells);
/* 512 B, 1.3 MB, 2.0 GB */
void text_bytes(struct buf *out, uint64_t n);
/* A rate: 0.3, 12.4, 1,240 */
void text_rate(struct buf *out, double r);
/* In at most 8 cells: the clock of t, or its date when that is most of a day away from now:
 * 08:00:03, Jan 15, Jan 2025. */
void text_time(struct buf *out, int64_t t, int64_t now, bool local);
/* The same with both where the day is another than now's: 08:00:03, Nov 23 08:00:03, 2024-11-23
 * 08:00:03. */
void text_when(struct buf *out, int64_t t, int64_t now, bool local);
/* n and a word: "1 event", "7,000 events". */
void text_plural(struct buf *out, uint64_t n, const char *word);

/* What a value looks like: absent, null, empty and what had no room are told apart, also from text
 * spelled like their marks, which gets quotes. *missing: it is one of them. Good until the next
 * call. */
struct slice text_value(struct slice value, sym_t kind, bool *missing);
/* A filter term that keeps the events with this value: user.name = 'root', not user.name exists. */
void text_term(struct buf *out, const char *field, struct slice value, sym_t kind);
/* ANDs a term to text that may be empty. */
void text_and(struct buf *filter, const char *term);

/* The title of a column: the view's, the catalogue's, or the name. */
void column_title(struct buf *out, const struct view_column *c);
/* What a column means, for the legend. NULL when nothing is known. */
const char *column_help(const struct view_column *c);

#endif
