/*
 * syslog over TCP: however the bytes are cut, the same lines come out, no more bytes than the
 * filter may add, and none is written over one that was not read yet.
 */
#include "source/syslog.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
frame(struct buf *out, const uint8_t *data, size_t size, size_t step)
{
	char *work = xmalloc(size + 2 * syslog_framing.room);
	void *state = xcalloc(1, syslog_framing.size);

	for (size_t at = 0; at < size; at += step) {
		size_t n = step < size - at ? step : size - at, got;

		memcpy(work + syslog_framing.room, data + at, n);
		got = syslog_framing.bytes(state, work, work + syslog_framing.room, n);
		if (got > n + syslog_framing.room)
			abort();
		buf_add(out, work, got);
	}
	size = syslog_framing.end(state, work);
	if (size > syslog_framing.room)
		abort();
	buf_add(out, work, size);
	free(state);
	free(work);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64 };
	struct buf whole = { 0 };

	frame(&whole, data, size, size + 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct buf pieces = { 0 };

		frame(&pieces, data, size, steps[i]);
		if (pieces.len != whole.len ||
		    (whole.len > 0 && memcmp(pieces.p, whole.p, whole.len) != 0))
			abort();
		buf_release(&pieces);
	}
	buf_release(&whole);
	return 0;
}
