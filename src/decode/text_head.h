/* The "<time>: <Priority> " that starts a Falco text event. */
#ifndef FALCOTOP_DECODE_TEXT_HEAD_H
#define FALCOTOP_DECODE_TEXT_HEAD_H

#include "decode/decode.h"

struct text_head {
	size_t len;	   /* bytes up to the message */
	size_t start;	   /* of the time: colour sequences may come first */
	struct slice time; /* as written */
	int64_t ns; /* since 1970, or since midnight when clock; TIME_NONE when it cannot be read */
	bool clock;
	bool
	    mended; /* time or priority is damaged: only what follows can say that it is an event */
	bool lost;  /* what stands for the time was never one, as far as can be seen */
	enum priority priority;
};

/* False when the text does not start like an event. */
bool text_head(struct slice text, struct text_head *out);
/* Whether a whole, undamaged head starts at p, without reading its numbers: for the search inside
 * of other text. */
bool text_head_at(const char *p, const char *end);

#endif
