/*
 * Talks to pg-start over two pipes. What always holds: only this process (and its forks) hold the
 * writing end, so the server sees the end of its input when we end, even by a signal.
 */
#include "pg.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "store/migrate.h"

#define MIGRATED                                                                                   \
	"migrated" /* what new databases are copied from; made by the first that wants one */
#define NO_DATABASE "3D000" /* invalid_catalog_name */

struct pg_server {
	pid_t pid;
	FILE *to, *from;
	char url[512];
	unsigned databases;
};

static bool
read_line(struct pg_server *s, char *line, int size)
{
	if (fgets(line, size, s->from) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static void
run_child(const char *program, bool fsync, const int in[2], const int out[2])
{
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	execl(program, program, fsync ? "--fsync" : (char *)NULL, (char *)NULL);
	perror(program);
	_exit(127);
}

struct pg_server *
pg_server_start(bool fsync)
{
	const char *program = getenv("PG_START");
	struct pg_server *s;
	int in[2], out[2];

	if (program == NULL) {
		fprintf(stderr, "PG_START is not set\n");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		abort();
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		run_child(program, fsync, in, out);
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = fdopen(out[0], "r");
	if (s->to == NULL || s->from == NULL)
		abort();
	if (!read_line(s, s->url, sizeof(s->url))) {
		fprintf(stderr, "PostgreSQL did not start\n");
		pg_server_end(s);
		return NULL;
	}
	return s;
}

void
pg_server_end(struct pg_server *s)
{
	char line[256];

	if (s == NULL)
		return;
	fclose(s->to);
	while (read_line(s, line, sizeof(line)))
		continue;
	fclose(s->from);
	waitpid(s->pid, NULL, 0);
	free(s);
}

static void
command(struct pg_server *s, const char *word)
{
	char line[1024];

	fprintf(s->to, "%s\n", word);
	fflush(s->to);
	if (read_line(s, line, sizeof(line)) && strcmp(line, "ok") == 0)
		return;
	fprintf(stderr, "pg-start %s: %s\n", word, line);
	abort();
}

void
pg_server_stop(struct pg_server *s)
{
	command(s, "stop");
}

void
pg_server_start_again(struct pg_server *s)
{
	command(s, "start");
}

/* The answer of one statement on the server's first database: NULL, or the SQLSTATE of its failure.
 */
static const char *
run_sql(struct pg_server *s, struct arena *arena, struct str sql)
{
	PGconn *conn = PQconnectdb(s->url);
	PGresult *res = PQexec(conn, str_z(arena, sql));
	const char *state = NULL;

	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		const char *said = PQresultErrorField(res, PG_DIAG_SQLSTATE);

		state = str_z(arena, said != NULL ? str_from(said) : STR("none"));
		if (strcmp(state, NO_DATABASE) != 0)
			fprintf(stderr, STR_FMT ": %s\n", STR_ARG(sql), PQerrorMessage(conn));
	}
	PQclear(res);
	PQfinish(conn);
	return state;
}

static const char *
url_of(const struct pg_server *s, struct arena *arena, struct str name)
{
	const char *query = strchr(s->url, '?');
	const char *slash = strrchr(s->url, '@') + 1;

	return str_z(arena, str_fmt(arena, "%.*s/" STR_FMT "%s", (int)(slash - s->url), s->url,
	                            STR_ARG(name), query));
}

static struct str
new_name(struct pg_server *s, struct arena *arena)
{
	return str_fmt(arena, "test_%d_%u", (int)getpid(), ++s->databases);
}

const char *
pg_server_new_database(struct pg_server *s, struct arena *arena)
{
	struct str name = new_name(s, arena);

	if (run_sql(s, arena,
	            str_fmt(arena, "CREATE DATABASE " STR_FMT " STRATEGY file_copy",
	                    STR_ARG(name))) != NULL)
		abort();
	return url_of(s, arena, name);
}

/* Made under another name: what is called MIGRATED is whole. */
static void
make_migrated(struct pg_server *s, struct arena *arena)
{
	struct str name = new_name(s, arena);
	struct db_pool *pool;
	struct db *db;
	int from, to;

	if (run_sql(s, arena,
	            str_fmt(arena, "CREATE DATABASE " STR_FMT " STRATEGY file_copy",
	                    STR_ARG(name))) != NULL ||
	    db_pool_open(url_of(s, arena, name), NULL, &pool) != ERR_OK ||
	    db_open(pool, false, &db) != ERR_OK || migrate_up(db, &from, &to) != ERR_OK)
		abort();
	db_close(db);
	db_pool_close(pool);
	if (run_sql(s, arena,
	            str_fmt(arena, "ALTER DATABASE " STR_FMT " RENAME TO " MIGRATED,
	                    STR_ARG(name))) != NULL)
		abort();
}

const char *
pg_server_new_migrated(struct pg_server *s, struct arena *arena)
{
	struct str name = new_name(s, arena);
	struct str sql = str_fmt(
		arena, "CREATE DATABASE " STR_FMT " TEMPLATE " MIGRATED " STRATEGY file_copy",
		STR_ARG(name));
	const char *state = run_sql(s, arena, sql);

	if (state != NULL && strcmp(state, NO_DATABASE) == 0) {
		make_migrated(s, arena);
		state = run_sql(s, arena, sql);
	}
	if (state != NULL)
		abort();
	return url_of(s, arena, name);
}
