/* Reading a datagram socket into batches; what the kernel dropped is counted. */
#ifndef FALCOTOP_SOURCE_DGRAM_H
#define FALCOTOP_SOURCE_DGRAM_H

#include "source/private.h"

/* The longest there is over UDP; over a Unix socket it is the sender's buffer, 208 KiB by default.
 */
#define DGRAM_MAX_UDP  65536
#define DGRAM_MAX_UNIX ((size_t)256 << 10)

struct dgram;

/* Takes over a bound, non-blocking socket. */
struct dgram *dgram_new(struct source *s, int fd, size_t max);
/* When the net thread has ended. */
void dgram_free(struct dgram *d);

#endif
