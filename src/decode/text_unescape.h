/* Text lines of Falco 0.45 and later are escaped like JSON strings; older ones are raw. */
#ifndef FALCOTOP_DECODE_TEXT_UNESCAPE_H
#define FALCOTOP_DECODE_TEXT_UNESCAPE_H

#include "base/arena.h"

/* The text itself, or its unescaped form in the arena when the whole of it is surely escaped. */
struct slice text_unescape(struct slice text, struct arena *scratch);

/* Whether it is. */
bool text_is_escaped(struct slice text);

#endif
