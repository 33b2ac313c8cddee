/*
 * The real program as a child process: started in a directory of its own with a free port, stopped
 * or killed. RECADO names the binary. Aborts where a child cannot be made at all.
 */
#ifndef RECADO_TESTS_SERVER_H
#define RECADO_TESTS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_ADMIN_TOKEN  "operator-token-of-the-tests"
#define SERVER_APP_SECRET   "app-secret-of-the-tests"
#define SERVER_VERIFY_TOKEN "verify-token-of-the-tests"
#define SERVER_MAX_ENV      24

struct server;

struct server_options {
	const char *database_url;            /* NULL: sqlite in its directory */
	const char *command;                 /* NULL: serve */
	const char *dir;                     /* where it runs; exists */
	const char *env[SERVER_MAX_ENV + 1]; /* more NAME=value, win over the defaults; NULL ends */
};
/* Waits until it says where it listens, at most 30 s. NULL, and its log on stderr, if it ends
 * before or says nothing. */
struct server *server_start(const struct server_options *);
const char *server_url(const struct server *); /* http://127.0.0.1:PORT */
pid_t server_pid(const struct server *);
/* SIGTERM and wait; its exit status, -1 if it had to be killed after 20 s. Frees. NULL is fine. */
int server_stop(struct server *);
/* SIGKILL and wait. Frees. NULL is fine. */
void server_kill(struct server *);
/* CPU seconds it has used so far. */
double server_cpu_seconds(const struct server *);

#endif
