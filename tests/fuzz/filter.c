/* Filters: whatever parses prints in a form that parses to the same; whatever does not has its
 * error inside the text. */
#include "query/filter.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *once, *twice;
	struct filter_error err;
	struct filter *f = filter_parse(text, &err), *again;

	if (f == NULL) {
		if (err.message[0] == '\0' || err.offset > strlen(text))
			abort();
		free(text);
		return 0;
	}
	once = filter_print(f);
	again = filter_parse(once, &err);
	/* the normal form of a long filter may be longer than a filter may be */
	if (again == NULL && strlen(once) <= 16384)
		abort();
	if (again != NULL) {
		twice = filter_print(again);
		if (strcmp(once, twice) != 0)
			abort();
		free(twice);
	}
	filter_free(f);
	filter_free(again);
	free(once);
	free(text);
	return 0;
}
