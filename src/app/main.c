/* The program's entry: what it was asked to do, and nothing of how. */
#include <stdio.h>

#include "base/banned.h"

int
main(void)
{
	return 0;
}
