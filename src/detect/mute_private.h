/* The inside of the list of mutes: mute.c and mute_file.c. Private to the layer. */
#ifndef FALCOTOP_DETECT_MUTE_PRIVATE_H
#define FALCOTOP_DETECT_MUTE_PRIVATE_H

#include "detect/mute.h"

struct mutes {
	unsigned n;
	struct mute mute[MUTES_MAX];
	uint64_t next_id, version;
	struct buf term, hidden;
	bool unreadable; /* the file was refused: it is not written over */
};

/* Makes the terms anew. */
void mutes_changed(struct mutes *m);
void mute_release(struct mute *x);
void mute_base_release(struct mute_base *b);
/* Whether a filter may be added. */
bool mute_fits(const struct mutes *m, const char *filter, struct filter_error *err);

#endif
