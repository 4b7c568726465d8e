/*
 * Keys by name. Not here: reading them (screen.c), what they do (the actions of the views).
 */
#include "tui/keys.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/banned.h"

static const struct {
	const char *name;
	int key;
} names[] = {
	{ "Up", KEYS_UP },
	{ "Down", KEYS_DOWN },
	{ "Left", KEYS_LEFT },
	{ "Right", KEYS_RIGHT },
	{ "PgUp", KEYS_PGUP },
	{ "PgDn", KEYS_PGDN },
	{ "Home", KEYS_HOME },
	{ "End", KEYS_END },
	{ "Enter", KEYS_ENTER },
	{ "Esc", KEYS_ESC },
	{ "Backspace", KEYS_BACKSPACE },
	{ "Delete", KEYS_DELETE },
	{ "Tab", KEYS_TAB },
	{ "S-Tab", KEYS_BACKTAB },
	{ "Space", ' ' },
};

#define NNAMES (sizeof(names) / sizeof(names[0]))

static int
parse_function(struct slice name)
{
	int n = 0;

	for (size_t i = 1; i < name.len; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return 0;
		n = n * 10 + (name.p[i] - '0');
	}
	return n >= 1 && n <= 12 ? KEYS_F1 + n - 1 : 0;
}

int
key_parse(struct slice name)
{
	uint32_t cp;

	for (size_t i = 0; i < NNAMES; i++)
		if (slice_eq(name, slice_of(names[i].name)))
			return names[i].key;
	if (name.len == 3 && name.p[0] == 'C' && name.p[1] == '-' && name.p[2] >= 'a' &&
	    name.p[2] <= 'z')
		return name.p[2] - 'a' + 1;
	if ((name.len == 2 || name.len == 3) && name.p[0] == 'F')
		return parse_function(name);
	if (name.len == 0 || utf8_decode(name.p, name.len, &cp) != name.len || cp < ' ')
		return 0;
	return (int)cp;
}

void
key_print(struct buf *out, int key)
{
	char utf8[4];

	for (size_t i = 0; i < NNAMES; i++)
		if (names[i].key == key) {
			buf_adds(out, names[i].name);
			return;
		}
	if (key >= KEYS_F1 && key <= KEYS_F12)
		buf_addf(out, "F%d", key - KEYS_F1 + 1);
	else if (key > 0 && key < ' ')
		buf_addf(out, "C-%c", 'a' + key - 1);
	else if (key > 0 && key < KEYS_SPECIAL)
		buf_add(out, utf8, utf8_encode((uint32_t)key, utf8));
}

bool
keymap_bind(struct keymap *m, const char *keys, int action)
{
	while (*keys != '\0') {
		size_t n = strcspn(keys, " ");
		int key = key_parse((struct slice){ keys, n });

		if (n > 0) {
			if (key == 0 || keymap_find(m, key) != 0 || m->n == KEYMAP_MAX)
				return false;
			m->bind[m->n].key = key;
			m->bind[m->n++].action = action;
		}
		keys += n;
		keys += strspn(keys, " ");
	}
	return true;
}

int
keymap_find(const struct keymap *m, int key)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->bind[i].key == key)
			return m->bind[i].action;
	return 0;
}
