/* The process as the operating system and a service manager see it. */
#ifndef RECADO_CMD_PROCESS_H
#define RECADO_CMD_PROCESS_H

#include <stdint.h>

/* No core files and no tracing by others: memory holds keys and what people wrote. */
void process_harden(void);
/* Tells systemd, if it started us: "READY=1", "STOPPING=1". */
void process_notify(const char *state);
/*
 * Waits for SIGTERM or SIGINT on the signals' descriptor; SIGHUP reloads the log's settings.
 * Returns the signal.
 */
int process_wait(int signal_fd);
/*
 * From now on the process ends, with exit status 1, when a second SIGTERM or SIGINT comes or after
 * deadline_ms; a clean stop must end it before.
 */
void process_limit_stop(int signal_fd, int64_t deadline_ms);

#endif
