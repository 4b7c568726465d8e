/*
 * Text that can be taken for other text though every character of it may be shown: Latin letters
 * mixed with those of scripts that look like them, combining marks (one letter or two code points
 * look the same), and the replacement character, which stands for bytes that are gone.
 */
#ifndef FALCOTOP_BASE_LOOKALIKE_H
#define FALCOTOP_BASE_LOOKALIKE_H

#include "base/slice.h"

/* Quick for ASCII: plain text is never one. */
bool lookalike(struct slice s);

#endif
