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

const char *
pg_server_new_database(struct pg_server *s, struct arena *arena)
{
	char sql[128];
	struct str name = str_fmt(arena, "test_%d_%u", (int)getpid(), ++s->databases);
	const char *query = strchr(s->url, '?');
	const char *slash = strrchr(s->url, '@') + 1;
	PGconn *conn = PQconnectdb(s->url);
	PGresult *res;

	snprintf(sql, sizeof(sql), "CREATE DATABASE " STR_FMT " STRATEGY file_copy", STR_ARG(name));
	res = PQexec(conn, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(conn));
		abort();
	}
	PQclear(res);
	PQfinish(conn);
	return str_z(arena, str_fmt(arena, "%.*s/" STR_FMT "%s", (int)(slash - s->url), s->url,
	                            STR_ARG(name), query));
}
