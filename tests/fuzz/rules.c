/* Falco rules files: the message of every rule is found again and leads to a rule that has it;
 * tags are sorted words. */
#include "detect/rules_file.h"

#include <stdlib.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_tags(struct slice tags)
{
	struct slice before = { "", 0 };
	size_t start = 0;

	for (size_t i = 0; tags.len > 0 && i <= tags.len; i++) {
		struct slice tag = { tags.p + start, i - start };

		if (i < tags.len && tags.p[i] != ' ')
			continue;
		if (slice_cmp(before, tag) >= 0)
			abort();
		before = tag;
		start = i + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules *r = rules_new();

	rules_add_bytes(r, "a", (struct slice){ (const char *)data, size });
	rules_add_bytes(r, "b", (struct slice){ (const char *)data, size });
	rules_table(r);
	for (unsigned i = 0; i < rules_count(r); i++) {
		const struct falco_rule *rule = rules_get(r, i), *found;

		if (rules_find(r, rule->name) != rule)
			abort();
		check_tags(rule->tags);
		if (rule->message.len == 0)
			continue;
		found = rules_of_message(r, rule->message);
		if (found == NULL || !slice_eq(found->message, rule->message))
			abort();
	}
	rules_free(r);
	return 0;
}
