/* SIGTERM and SIGINT ask to stop, SIGHUP to reload. Blocked in all threads; read through a
 * descriptor. */
#ifndef RECADO_SYS_SIGNALS_H
#define RECADO_SYS_SIGNALS_H

#include <stdint.h>

#include "base/err.h"

/* Call once in main before any thread. SIGPIPE is ignored. *fd is a signalfd. */
MUST_CHECK enum err signals_setup(int *fd);
/* Next signal number within timeout_ms (-1: for ever), 0 if none. */
int signals_wait(int fd, int timeout_ms);

#endif
