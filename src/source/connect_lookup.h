/* Names to addresses without waiting: on a thread of its own. */
#ifndef FALCOTOP_SOURCE_CONNECT_LOOKUP_H
#define FALCOTOP_SOURCE_CONNECT_LOOKUP_H

#include <netdb.h>

struct lookup;

/* NULL when there is no thread or descriptor for it. */
struct lookup *lookup_start(const char *host, const char *port);
/* Becomes readable when the answer is there. */
int lookup_fd(const struct lookup *l);
/* The addresses (the caller's), or NULL with why not; then the lookup is over. */
struct addrinfo *lookup_take(struct lookup *l, const char **why);
/* Nobody waits for it any more. NULL is fine. */
void lookup_drop(struct lookup *l);

#endif
