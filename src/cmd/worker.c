/* `recado worker`: drainers and keeper in a process of their own, beside `recado serve`. */
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/process.h"
#include "cmd/workers.h"
#include "sys/log.h"
#include "sys/signals.h"

#define STOP_LIMIT_MS 4000

static int
work(const struct settings *s, int signal_fd)
{
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	struct workers *workers = NULL;
	int signal;

	if (settings_open_db(s, &pool, &db) != ERR_OK)
		return EXIT_FAILED;
	db_close(db);
	if (workers_start(s, pool, &workers) != ERR_OK) {
		db_pool_close(pool);
		return EXIT_FAILED;
	}
	process_notify("READY=1");
	log_info("worker.started");
	settings_log_warnings(s);
	signal = process_wait(signal_fd);
	process_notify("STOPPING=1");
	log_info("worker.stopping", LOG_INT("signal", signal));
	process_limit_stop(signal_fd, STOP_LIMIT_MS);
	workers_stop(workers);
	workers_join(workers);
	db_pool_close(pool);
	return EXIT_DONE;
}

int
worker_run(const struct invocation *inv)
{
	struct settings s;
	int signal_fd, status = EXIT_CONFIG;

	(void)inv;
	if (signals_setup(&signal_fd) != ERR_OK) {
		fprintf(stderr, "recado worker: signals cannot be set up\n");
		return EXIT_FAILED;
	}
	if (settings_load(&s)) {
		process_harden();
		if (str_starts(s.config.database_url, STR("sqlite:")))
			fprintf(stderr, "DATABASE_URL: a worker needs PostgreSQL, since an SQLite "
			                "file has one writing process, the server; "
			                "example: postgresql://localhost/recado\n");
		else
			status = work(&s, signal_fd);
	}
	settings_free(&s);
	return status;
}
