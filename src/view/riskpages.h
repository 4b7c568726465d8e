/* What the pages about risk share with one another and with the page of a user. */
#ifndef FALCOTOP_VIEW_RISKPAGES_H
#define FALCOTOP_VIEW_RISKPAGES_H

#include "base/symtab.h"
#include "view/grid.h"

/* The table of the ledger, for the pane of another page too. */
extern const struct grid_def ledger_grid;
void ledger_set(struct grid *g, const struct ui *ui, const struct snapshot *s);

/* Asks for everything about one risk object; type empty: user. */
void risk_ask(struct request *r, struct slice object, struct slice type);
/* The risk object of a user's value: "0" where the search fills a missing one in. */
struct slice risk_object_of(struct slice value, sym_t symbol);
/* The page of the user that a risk object stands for. */
struct view *risk_user_page(struct slice object);
/* The value of user.name in rows that are risk objects; false for another field or type. */
bool risk_field(
    struct slice object, struct slice type, const char *field, struct buf *value, sym_t *kind);
/*
 * The name of a drilldown (0, 1, …) as the detection has it, $tokens$ of its user replaced: of the
 * shipped detection, else of the first with a user as risk object. False: none has one.
 */
bool drilldown_name(
    const struct detection_set *set, unsigned which, struct slice user, struct buf *out);

#endif
