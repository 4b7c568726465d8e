/*
 * The memory of lines that container runtimes split (CRI "P" pieces, docker's 16 KiB chunks), and
 * small helpers of the envelope rows. The rows are in envelope_line.c and envelope_json.c. A piece
 * is copied once; what is pending is bounded by the length of a line.
 */
#include "decode/envelope.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "base/banned.h"

struct pieces {
	struct pending {
		struct buf text;
		const char
		    *first; /* start of the line with the first piece; NULL: nothing pending */
	} of[PIECE_STREAMS];
};

struct pieces *
pieces_new(void)
{
	return xcalloc(1, sizeof(struct pieces));
}

void
pieces_free(struct pieces *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < PIECE_STREAMS; i++)
		buf_release(&p->of[i].text);
	free(p);
}

bool
pieces_take(struct pieces *p, struct inner *left)
{
	for (unsigned i = 0; i < PIECE_STREAMS; i++) {
		if (p->of[i].first == NULL)
			continue;
		left->text = buf_slice(&p->of[i].text);
		left->first = p->of[i].first;
		p->of[i].first = NULL;
		return true;
	}
	return false;
}

bool
piece_pending(const struct decode_context *c, enum piece_stream s)
{
	return c->pieces->of[s].first != NULL;
}

enum peel
piece_add(struct decode_context *c, enum piece_stream s, struct slice text, bool last,
    struct inner *inner)
{
	struct pending *p = &c->pieces->of[s];
	size_t room;

	inner->first = p->first;
	if (last && p->first == NULL) {
		inner->text = text;
		return PEEL_INNER;
	}
	if (p->first == NULL) {
		buf_clear(&p->text);
		p->first = c->line;
	}
	room = DECODE_MAX_LINE + 1 - p->text.len;
	buf_add(&p->text, text.p, text.len < room ? text.len : room);
	if (!last)
		return PEEL_PENDING;
	/* A copy: what is inside may be in pieces of this stream again. */
	inner->text = arena_copy(&c->scratch, buf_slice(&p->text));
	p->first = NULL;
	return PEEL_INNER;
}

bool
clearly_falco(struct slice text)
{
	if (text.len > 1 && text.p[0] == '{' && (text.p[1] == '"' || text.p[1] == ' '))
		return true;
	return text_probe(text) || text_is_noise(text);
}

const char *
skip_colour(const char *p, const char *end)
{
	while (end - p > 2 && p[0] == '\x1b' && p[1] == '[') {
		const char *q = p + 2;

		while (q < end && ((*q >= '0' && *q <= '9') || *q == ';'))
			q++;
		if (q == end || (*q != 'm' && *q != 'K'))
			break;
		p = q + 1;
	}
	return p;
}

/* Length of the colour sequence that ends s, 0 when none does. */
static size_t
colour_before(struct slice s)
{
	size_t i = s.len;

	if (i < 3 || (s.p[i - 1] != 'm' && s.p[i - 1] != 'K'))
		return 0;
	for (i--; i > 0 && ((s.p[i - 1] >= '0' && s.p[i - 1] <= '9') || s.p[i - 1] == ';');)
		i--;
	return i > 1 && s.p[i - 1] == '[' && s.p[i - 2] == '\x1b' ? s.len - i + 2 : 0;
}

struct slice
trim_frame(struct slice s)
{
	const char *p = skip_colour(s.p, s.p + s.len);
	size_t n;

	s = (struct slice){ p, s.len - (size_t)(p - s.p) };
	while (s.len > 0) {
		char last = s.p[s.len - 1];

		n = last == '\r' || last == '\n' ? 1 : colour_before(s);
		if (n == 0)
			break;
		s.len -= n;
	}
	return s;
}
