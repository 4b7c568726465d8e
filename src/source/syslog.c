/*
 * syslog:[HOST:]PORT: UDP and TCP on one port. Over TCP a message is a line, or has its length in
 * front ("123 <13>..."); a connection may mix both, as rsyslog does when it is told to change. Here
 * the lengths are taken off and every message ends in a newline: a newline inside of one is the end
 * of a line all the same, so that the same text gives the same events over every kind of source,
 * and a sender that packs several events into one message loses none. Not here: the header of a
 * message (decode peels it like any envelope) and datagrams (dgram.c).
 */
#include "source/syslog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/dgram.h"
#include "base/banned.h"

#define COUNT_DIGITS 7
/* Another program may have the datagram port of the stream port that the kernel gave us. */
#define PORT_TRIES 16

enum place {
	AT_START,
	IN_COUNT,
	BEHIND_COUNT, /* and its blank: '<' must follow */
	IN_MESSAGE,
	IN_LINE,
};

struct framing {
	enum place place;
	unsigned nheld; /* "123 ", of which nobody knows yet what it is */
	char held[COUNT_DIGITS + 1];
	char last;	/* byte of the message */
	uint32_t count; /* that was read */
	uint32_t left;	/* bytes of the message to come */
};

struct bytes {
	char *to;
	const char *from, *end;
};

static void
copy(struct bytes *b, size_t n)
{
	memmove(b->to, b->from, n);
	b->to += n;
	b->from += n;
}

/* It was no count: what was held is the beginning of a line. */
static void
no_count(struct framing *f, struct bytes *b)
{
	memcpy(b->to, f->held, f->nheld);
	b->to += f->nheld;
	f->nheld = 0;
	f->place = IN_LINE;
}

static void
in_count(struct framing *f, struct bytes *b)
{
	char c = *b->from;

	if (c >= '0' && c <= '9' && f->nheld < COUNT_DIGITS) {
		f->count = f->count * 10 + (uint32_t)(c - '0');
	} else if (c == ' ' && f->count <= SYSLOG_COUNT_MAX) {
		f->place = BEHIND_COUNT;
	} else {
		no_count(f, b);
		return;
	}
	f->held[f->nheld++] = c;
	b->from++;
}

static void
behind_count(struct framing *f, struct bytes *b)
{
	if (*b->from != '<') {
		no_count(f, b);
		return;
	}
	f->nheld = 0;
	f->left = f->count;
	f->place = IN_MESSAGE;
}

static void
in_message(struct framing *f, struct bytes *b)
{
	size_t n = (size_t)(b->end - b->from);

	if (n > f->left)
		n = f->left;
	f->last = b->from[n - 1];
	f->left -= (uint32_t)n;
	copy(b, n);
	if (f->left > 0)
		return;
	if (f->last != '\n')
		*b->to++ = '\n';
	f->place = AT_START;
}

static void
in_line(struct framing *f, struct bytes *b)
{
	const char *nl = memchr(b->from, '\n', (size_t)(b->end - b->from));

	copy(b, (size_t)((nl == NULL ? b->end : nl + 1) - b->from));
	if (nl != NULL)
		f->place = AT_START;
}

/*
 * More comes out than went in only by what was held (8 bytes) and one newline: a message that
 * begins in these bytes brings the length that it loses.
 */
static size_t
framing_bytes(void *state, char *to, const char *from, size_t n)
{
	struct framing *f = state;
	struct bytes b = { to, from, from + n };

	while (b.from < b.end) {
		switch (f->place) {
		case AT_START:
			f->count = 0;
			f->place = *b.from >= '1' && *b.from <= '9' ? IN_COUNT : IN_LINE;
			break;
		case IN_COUNT: in_count(f, &b); break;
		case BEHIND_COUNT: behind_count(f, &b); break;
		case IN_MESSAGE: in_message(f, &b); break;
		case IN_LINE: in_line(f, &b); break;
		}
	}
	return (size_t)(b.to - to);
}

static size_t
framing_end(void *state, char *to)
{
	struct framing *f = state;
	struct bytes b = { to, NULL, NULL };

	no_count(f, &b);
	return (size_t)(b.to - to);
}

const struct stream_filter syslog_framing = {
	.size = sizeof(struct framing),
	.room = 16,
	.bytes = framing_bytes,
	.end = framing_end,
};

/* Both sockets on the same port; 0, or -1 with a message. */
static int
bind_both(const char *where, int *stream, int *datagrams, char *err, size_t errlen)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		size_t len = strlen(where);
		bool any =
		    strcmp(where, "0") == 0 || (len > 2 && strcmp(where + len - 2, ":0") == 0);
		char *name;

		*stream = address_listen("syslog", where, SOCK_STREAM, err, errlen);
		if (*stream < 0)
			return -1;
		name = address_name("syslog", *stream);
		*datagrams =
		    address_listen("syslog", name + strlen("syslog:"), SOCK_DGRAM, err, errlen);
		free(name);
		if (*datagrams >= 0)
			return 0;
		close(*stream);
		if (!any)
			break;
	}
	return -1;
}

static int
syslog_open(struct source *s, char *err, size_t errlen)
{
	int stream, datagrams;
	char *name;

	if (bind_both(s->where, &stream, &datagrams, err, errlen) != 0)
		return -1;
	name = address_name("syslog", stream);
	source_register(s, name);
	free(name);
	net_listen_filtered(s->set->net, s, stream, &syslog_framing);
	s->state = dgram_new(s, datagrams, DGRAM_MAX_UDP);
	return 0;
}

static void
syslog_close(struct source *s)
{
	dgram_free(s->state);
	s->state = NULL;
}

const struct source_ops source_syslog = {
	.prefix = "syslog:",
	.form = "syslog:[HOST:]PORT",
	.help = "syslog over UDP and TCP, 127.0.0.1 unless a host is given",
	.live = true,
	.open = syslog_open,
	.close = syslog_close,
};
