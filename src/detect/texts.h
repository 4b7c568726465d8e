/* Texts kept once and counted: a number for each, given back when nobody holds it. Private to the
 * layer. */
#ifndef FALCOTOP_DETECT_TEXTS_H
#define FALCOTOP_DETECT_TEXTS_H

#include "base/slice.h"
#include "detect/lookup.h"

struct texts {
	struct text *text;
	uint32_t n, room; /* numbers ever used */
	uint32_t free;	  /* first free number + 1 */
	struct lookup index;
	size_t bytes; /* of all texts held, with what keeping one costs */
};

/* Holds the text; new ones are copied. */
uint32_t texts_take(struct texts *t, struct slice s);
/* One more hold on a number that is held. */
uint32_t texts_hold(struct texts *t, uint32_t number);
void texts_drop(struct texts *t, uint32_t number);
/* Stays where it is while it is held. */
struct slice texts_get(const struct texts *t, uint32_t number);
void texts_release(struct texts *t);

#endif
