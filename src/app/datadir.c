/*
 * Where the shipped detections are when the program was not installed where it was built for:
 * beside the program in its build tree, or in the share directory of another prefix.
 */
#include "app/datadir.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

#include "base/banned.h"

/* True when it was taken. */
static bool
try(const char *directory, const char *tail)
{
	char *data = xasprintf("%s/%s", directory, tail);
	char *detections = xasprintf("%s/detections", data);
	bool ok = access(detections, R_OK | X_OK) == 0;

	if (ok)
		(void)setenv("FALCOTOP_DATADIR", data, 0);
	free(detections);
	free(data);
	return ok;
}

void
datadir_find(void)
{
	const char *given = getenv("FALCOTOP_DATADIR");
	char self[PATH_MAX];
	ssize_t n;
	char *slash;

	if (given != NULL && *given != '\0')
		return;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL || slash == self)
		return;
	*slash = '\0';
	(void)(try(self, "data") || try(self, "../share/falcotop"));
}
