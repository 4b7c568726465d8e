/* The file of mutes: what is read prints to what reads the same, and its term is a filter. */
#include "detect/mute.h"

#include <stdlib.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_term(const struct mutes *m)
{
	struct filter_error err;
	struct filter *f = filter_parse(mutes_term(m), &err);

	if (f == NULL)
		abort();
	filter_free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mutes *m = mutes_new();
	struct buf once = { 0 }, twice = { 0 };
	char err[MUTES_ERROR_MAX];

	if (mutes_parse(m, (struct slice){ (const char *)data, size }, err)) {
		check_term(m);
		mutes_print(m, &once);
		if (!mutes_parse(m, buf_slice(&once), err))
			abort();
		mutes_print(m, &twice);
		if (!slice_eq(buf_slice(&once), buf_slice(&twice)))
			abort();
	}
	buf_release(&once);
	buf_release(&twice);
	mutes_free(m);
	return 0;
}
