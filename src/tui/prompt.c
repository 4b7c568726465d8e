/*
 * A line editor: Left Right Home End C-a C-e C-u C-k C-w Delete Backspace, Up and Down for the
 * history. Not here: what the line means.
 */
#include "tui/prompt.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "tui/keys.h"
#include "base/banned.h"

void
prompt_init(struct prompt *p, const char *text)
{
	*p = (struct prompt){ .browsing = -1 };
	buf_adds(&p->text, text == NULL ? "" : text);
	p->at = p->text.len;
}

void
prompt_release(struct prompt *p)
{
	buf_release(&p->text);
	free(p->typed);
	p->typed = NULL;
}

const char *
prompt_text(const struct prompt *p)
{
	return p->text.p == NULL ? "" : p->text.p;
}

static void
set_text(struct prompt *p, const char *s)
{
	buf_clear(&p->text);
	buf_adds(&p->text, s);
	p->at = p->text.len;
}

static size_t
before(const struct prompt *p, size_t at)
{
	if (at == 0)
		return 0;
	do
		at--;
	while (at > 0 && ((unsigned char)p->text.p[at] & 0xc0) == 0x80);
	return at;
}

static size_t
after(const struct prompt *p, size_t at)
{
	if (at >= p->text.len)
		return p->text.len;
	do
		at++;
	while (at < p->text.len && ((unsigned char)p->text.p[at] & 0xc0) == 0x80);
	return at;
}

/* Removes [from, to) and leaves the cursor there. */
static enum prompt_result
cut(struct prompt *p, size_t from, size_t to)
{
	if (from >= to)
		return PROMPT_MORE;
	memmove(p->text.p + from, p->text.p + to, p->text.len - to);
	p->text.len -= to - from;
	p->text.p[p->text.len] = '\0';
	p->at = from;
	return PROMPT_CHANGED;
}

static enum prompt_result
insert(struct prompt *p, int key)
{
	char utf8[4];
	unsigned n;

	if (key < ' ' || key >= KEYS_SPECIAL || key == 127 || p->text.len + 4 > PROMPT_MAX)
		return PROMPT_MORE;
	n = utf8_encode((uint32_t)key, utf8);
	(void)buf_room(&p->text, n + 1);
	memmove(p->text.p + p->at + n, p->text.p + p->at, p->text.len - p->at);
	memcpy(p->text.p + p->at, utf8, n);
	p->text.len += n;
	p->text.p[p->text.len] = '\0';
	p->at += n;
	return PROMPT_CHANGED;
}

static enum prompt_result
browse(struct prompt *p, int dir, const struct prompt_history *h)
{
	int to = p->browsing + dir;

	if (h == NULL || to < -1 || to >= (int)h->n)
		return PROMPT_MORE;
	if (p->browsing == -1) {
		free(p->typed);
		p->typed = xstrdup(prompt_text(p));
	}
	p->browsing = to;
	set_text(p, to == -1 ? p->typed : h->line[to]);
	return PROMPT_CHANGED;
}

static size_t
word_before(const struct prompt *p)
{
	size_t at = p->at;

	while (at > 0 && p->text.p[at - 1] == ' ')
		at--;
	while (at > 0 && p->text.p[at - 1] != ' ')
		at--;
	return at;
}

enum prompt_result
prompt_key(struct prompt *p, int key, const struct prompt_history *h)
{
	switch (key) {
	case KEYS_ENTER: return PROMPT_DONE;
	case KEYS_ESC:
	case 3:
	case 7: return PROMPT_CANCEL;
	case KEYS_UP:
	case 16: return browse(p, 1, h);
	case KEYS_DOWN:
	case 14: return browse(p, -1, h);
	case KEYS_LEFT:
	case 2: p->at = before(p, p->at); return PROMPT_MORE;
	case KEYS_RIGHT:
	case 6: p->at = after(p, p->at); return PROMPT_MORE;
	case KEYS_HOME:
	case 1: p->at = 0; return PROMPT_MORE;
	case KEYS_END:
	case 5: p->at = p->text.len; return PROMPT_MORE;
	case KEYS_BACKSPACE:
		/* Backspace in an empty line leaves it, as in less. */
		return p->text.len == 0 ? PROMPT_CANCEL : cut(p, before(p, p->at), p->at);
	case KEYS_DELETE:
	case 4: return cut(p, p->at, after(p, p->at));
	case 21: return cut(p, 0, p->at);
	case 11: return cut(p, p->at, p->text.len);
	case 23: return cut(p, word_before(p), p->at);
	default: return insert(p, key);
	}
}

int
prompt_draw(const struct prompt *p, int y, int x, int w, const char *label, size_t mark)
{
	struct slice s = { prompt_text(p), p->text.len };
	int lead = draw_fmt(y, x, w, STYLE_BOLD, "%s", label), room = w - lead - 1, cursor;
	size_t from = 0;

	if (room < 1)
		return -1;
	/* Scroll by characters until the cursor is inside. */
	while (draw_width((struct slice){ s.p + from, p->at - from }, room + 1) > room - 1 &&
	       from < p->at)
		from = after(p, from);
	s.p += from;
	s.len -= from;
	(void)draw_text(y, x + lead, room, STYLE_NORMAL, s);
	cursor = draw_width((struct slice){ s.p, p->at - from }, room);
	draw_cursor(y, x + lead + cursor);
	if (mark < from || mark > p->text.len)
		return -1;
	cursor = draw_width((struct slice){ s.p, mark - from }, room + 1);
	return cursor > room ? -1 : x + lead + cursor;
}

void
prompt_history_add(struct prompt_history *h, const char *line)
{
	char *copy;

	if (*line == '\0' || (h->n > 0 && strcmp(h->line[0], line) == 0))
		return;
	copy = xstrdup(line);
	if (h->n == PROMPT_HISTORY)
		free(h->line[--h->n]);
	memmove(h->line + 1, h->line, h->n * sizeof(h->line[0]));
	h->line[0] = copy;
	h->n++;
}

void
prompt_history_release(struct prompt_history *h)
{
	while (h->n > 0)
		free(h->line[--h->n]);
}
