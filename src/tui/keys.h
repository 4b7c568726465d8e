/* Keys by number and by name, and the map from keys to actions. Names of ncurses stay in screen.c.
 */
#ifndef FALCOTOP_TUI_KEYS_H
#define FALCOTOP_TUI_KEYS_H

#include "base/buf.h"

/* A character is its code point; control characters too (1 = C-a). Special keys lie above Unicode.
 */
enum key {
	KEYS_SPECIAL = 0x200000,
	KEYS_UP,
	KEYS_DOWN,
	KEYS_LEFT,
	KEYS_RIGHT,
	KEYS_PGUP,
	KEYS_PGDN,
	KEYS_HOME,
	KEYS_END,
	KEYS_ENTER,
	KEYS_ESC,
	KEYS_BACKSPACE,
	KEYS_DELETE,
	KEYS_TAB,
	KEYS_BACKTAB,
	KEYS_F1,
	KEYS_F12 = KEYS_F1 + 11,
	KEYS_RESIZE,
	KEYS_COUNT
};

/* "Up", "F10", "C-x", "S-Tab", "Space", or one character; 0 when it is none. */
int key_parse(struct slice name);
/* Appends the name of a key, as key_parse() reads it. */
void key_print(struct buf *out, int key);

#define KEYMAP_MAX 256

struct keymap {
	unsigned n;
	struct {
		int key;
		int action;
	} bind[KEYMAP_MAX];
};

/* Binds every key of a list separated by blanks. False: a name is unknown, a key is taken, or the
 * map is full. */
bool keymap_bind(struct keymap *m, const char *keys, int action);
/* 0 when the key is not bound. */
int keymap_find(const struct keymap *m, int key);

#endif
