/* Telling a service manager (systemd) about the state of a service. */
#ifndef FALCOTOP_APP_NOTIFY_H
#define FALCOTOP_APP_NOTIFY_H

/* "READY=1", "STOPPING=1": a datagram to $NOTIFY_SOCKET, nothing when that is not set. */
void notify(const char *state);

#endif
