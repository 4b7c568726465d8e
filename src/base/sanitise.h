/*
 * The one sanitiser: between event text and anything a person or another program sees. Control
 * characters, DEL, C1, bidi and zero-width controls, tag characters, fillers, variation selectors,
 * non-characters and bytes that are not UTF-8 become visible marks (^[, ^?, <U+202E>, \xff), so
 * that two strings that differ never look the same; a caret, backslash or '<' that would make real
 * text look like a mark gets a backslash before it only where it would be ambiguous (sanitise is
 * injective).
 */
#ifndef FALCOTOP_BASE_SANITISE_H
#define FALCOTOP_BASE_SANITISE_H

#include "base/buf.h"

enum sanitise_charset {
	SANITISE_UTF8, /* printable code points pass */
	SANITISE_ASCII /* everything above 0x7e becomes <U+XXXX> (a C locale, --ascii) */
};

/*
 * Appends the safe form of s to out; returns true when anything had to be marked ("hostile bytes"):
 * neither an escaped caret nor what only the ASCII set cannot show counts as that.
 */
bool sanitise(struct buf *out, struct slice s, enum sanitise_charset set);

/*
 * The same, cut to at most `cells` terminal cells: out gets the text (and `mark`, one cell, in its
 * last cell when something was cut). *used is the number of cells taken. A wide character is never
 * split, at most two combining marks stay on a base, a leading one is shown as a mark of its own.
 */
bool sanitise_cells(struct buf *out, struct slice s, enum sanitise_charset set, int cells,
    const char *mark, int *used);
/* The same for a value that stands alone: blanks at its ends, which nobody would see, become \x20
 * (they count as no hostile bytes). Injective too. */
bool sanitise_value(struct buf *out, struct slice s, enum sanitise_charset set, int cells,
    const char *mark, int *used);
/* True when sanitise() would mark something: a quick test for the row flag. */
bool sanitise_hostile(struct slice s);

#endif
