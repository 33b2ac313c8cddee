/* An endpoint that reads whole requests and answers 200, nothing else: what the load generator
 * itself can do. */
#ifndef RECADO_BENCH_NULL_SERVER_H
#define RECADO_BENCH_NULL_SERVER_H

/* Listens on 127.0.0.1, any port; prints `listening on http://…`; runs until it is killed. Returns
 * 1 on failure. */
int null_server_run(void);

#endif
