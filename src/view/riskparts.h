/*
 * Pieces of the pages about risk: the gauge of a user, the strip of tactics, what comes next, the
 * timeline, and the table of Splunk's drilldown. Each draws what a snapshot says of one risk
 * object.
 */
#ifndef FALCOTOP_VIEW_RISKPARTS_H
#define FALCOTOP_VIEW_RISKPARTS_H

#include "base/buf.h"
#include "view/stack.h"

/* A score: 140, 12.5, 1,240 */
void risk_score_text(struct buf *out, double score);
/* The same as in the RISK column: "140!" over the threshold, else "60 ". */
void risk_sum_text(struct buf *out, double sum, enum risk_severity severity);
/* The same in at most `cells`: 51.2k! */
void risk_sum_in(struct buf *out, double sum, enum risk_severity severity, int cells);
enum style risk_style(enum risk_severity s);
/* "ESCU - NAME - Rule" is NAME. */
struct slice risk_search_short(struct slice search);
/* Values of an entry's row, one blank between them; without `whole` paths lose their directories.
 */
void risk_row_text(struct buf *out, const struct book_entry *e, bool whole);
/* 11-20 08:31:40 */
void risk_stamp(struct buf *out, int64_t t, bool local);
/* How long: "23h18m", "5m", "2d4h". */
void risk_span(struct buf *out, int64_t ns);

/* The thresholds in words. */
void risk_rules_draw(int y, const struct ui *ui, const struct snapshot *s);
/* One line: sum, gauge, when the threshold was passed, 7 days. */
void risk_gauge_draw(int y, int x, int w, const struct ui *ui, const struct snapshot *s);
/* One line: tactics in order of first sight. */
void risk_strip_draw(int y, int x, int w, const struct ui *ui, const struct snapshot *s);
/* What one more row of the entry's search makes (NULL: of the newest), what leaves next. */
void risk_forecast(
    struct buf *out, const struct ui *ui, const struct snapshot *s, const struct book_entry *e);
/* Sums over 7 days; needs 4 lines. */
void risk_timeline_draw(struct area a, const struct ui *ui, const struct snapshot *s);
/* The risk object's table of the last 7 days, from line `top` on; returns its number of lines. */
int risk_table_draw(struct area a, int top, const struct ui *ui, const struct snapshot *s);

#endif
