/* One who asks: the latest request of the UI or of a waiting report, with its live queries held
 * open. The engine thread's. */
#ifndef FALCOTOP_PIPELINE_ASK_H
#define FALCOTOP_PIPELINE_ASK_H

#include "pipeline/engine.h"
#include "pipeline/risk_private.h"

/* A search for text through the rows of an answer: done in slices, so that ingest and keys do not
 * wait for it. */
struct finder {
	bool active;
	uint64_t at, left; /* next position to look at, how many are left */
	uint64_t found;	   /* UINT64_MAX: none */
};

struct ask_panel {
	struct live *live;	   /* NULL: not used, or a bad query */
	struct detection_set *set; /* held: of the detection that the panel shows */
	const struct detection *detection;
	bool bad;
	struct filter_error error;
	struct finder find;
	uint32_t anchor_row; /* where the anchor was last time: a guess that is checked */
};

struct asker {
	bool set;
	struct request request;
	char *muted; /* owned: the term that all panels leave out, "" for nothing */
	struct ask_panel panel[REQUEST_PANELS];
};

void request_copy(struct request *to, const struct request *from);

/* Makes r (copied) the question: what is asked now is opened before what was asked before is
 * closed. risk may be NULL. */
void asker_set(struct asker *a, struct model *m, const struct risk *risk, const struct request *r);
void asker_clear(struct asker *a, struct model *m);
/* True when every scan and search has come to its end. */
bool asker_complete(const struct asker *a);

#endif
