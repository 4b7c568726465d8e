/* Falco's JSON: the quick scan, with each vector width, says what the reference reader says. */
#include "../unit/decode/twins.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct twins t; /* they learn keys from one input to the next: part of the test */
	const char *differs;

	if (t.quick == NULL)
		twins_open(&t);
	differs = twins_line(&t, (const char *)data, size);
	if (differs != NULL) {
		fprintf(stderr, "json: %s differs\n", differs);
		abort();
	}
	return 0;
}
