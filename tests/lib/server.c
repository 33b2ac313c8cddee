/*
 * Starts and ends the program. What always holds: the child dies with us; its log is
 * <dir>/recado.log, appended to over restarts; the only secrets are those of server.h.
 */
#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 30000
#define STOP_MS  20000
/* 32 zero bytes: nothing of the tests is secret */
#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

struct server {
	pid_t pid;
	int out;
	char url[256];
	char log[512];
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static _Noreturn void
run_child(const struct server_options *o, const char *log, int out)
{
	static const char *const defaults[] = { "HOST=127.0.0.1",
		                                "PORT=0",
		                                "ADMIN_TOKEN=" SERVER_ADMIN_TOKEN,
		                                "SECRET_KEY=" KEY,
		                                "META_APP_SECRET=" SERVER_APP_SECRET,
		                                "META_VERIFY_TOKEN=" SERVER_VERIFY_TOKEN,
		                                NULL };
	const char *binary = getenv("RECADO"), *command = o->command ? o->command : "serve";
	char *real = realpath(binary != NULL ? binary : "build/recado", NULL);
	int fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0666);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	for (size_t i = 0; defaults[i] != NULL; i++)
		putenv((char *)defaults[i]);
	setenv("DATABASE_URL", o->database_url != NULL ? o->database_url : "sqlite:recado.db", 1);
	for (size_t i = 0; i < SERVER_MAX_ENV && o->env[i] != NULL; i++)
		putenv((char *)o->env[i]);
	if (real == NULL || chdir(o->dir) != 0) {
		perror("RECADO");
		_exit(127);
	}
	execl(real, real, command, (char *)NULL);
	perror(real);
	_exit(127);
}

/* The first line on its stdout. */
static bool
read_url(struct server *s)
{
	static const char says[] = "listening on ";
	char line[256];
	size_t n = 0;
	int64_t end = now_ms() + START_MS;

	while (n < sizeof line - 1) {
		struct pollfd p = { .fd = s->out, .events = POLLIN };
		int64_t left = end - now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) <= 0 || read(s->out, line + n, 1) != 1)
			return false;
		if (line[n++] == '\n')
			break;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, says, sizeof says - 1) != 0)
		return false;
	snprintf(s->url, sizeof s->url, "%s", line + sizeof says - 1);
	return true;
}

static void
show_log(const struct server *s)
{
	char line[1024];
	FILE *f = fopen(s->log, "r");

	fprintf(stderr, "the server did not start; its log:\n");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		fputs(line, stderr);
	if (f != NULL)
		fclose(f);
}

struct server *
server_start(const struct server_options *o)
{
	struct server *s = calloc(1, sizeof *s);
	int pipes[2];

	if (s == NULL || pipe2(pipes, O_CLOEXEC) != 0)
		abort();
	snprintf(s->log, sizeof s->log, "%s/recado.log", o->dir);
	fflush(NULL);
	s->pid = fork();
	if (s->pid < 0)
		abort();
	if (s->pid == 0)
		run_child(o, s->log, pipes[1]);
	close(pipes[1]);
	s->out = pipes[0];
	if (read_url(s))
		return s;
	show_log(s);
	server_kill(s);
	return NULL;
}

const char *
server_url(const struct server *s)
{
	return s->url;
}

pid_t
server_pid(const struct server *s)
{
	return s->pid;
}

int
server_stop(struct server *s)
{
	int status = -1;
	int64_t end = now_ms() + STOP_MS;

	if (s == NULL)
		return 0;
	kill(s->pid, SIGTERM);
	while (now_ms() < end) {
		struct timespec pause = { 0, 5000000 };
		pid_t gone = waitpid(s->pid, &status, WNOHANG);
		if (gone == s->pid) {
			status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			close(s->out);
			free(s);
			return status;
		}
		nanosleep(&pause, NULL);
	}
	server_kill(s);
	return -1;
}

void
server_kill(struct server *s)
{
	if (s == NULL)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->out);
	free(s);
}

double
server_cpu_seconds(const struct server *s)
{
	char path[64], text[1024];
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)s->pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* behind the name, which is in parentheses and may hold anything: fields 14 and 15 of
	 * proc(5) */
	const char *rest = strrchr(text, ')');
	if (rest == NULL || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	                           &user, &sys) != 2) /* NOLINT(cert-err34-c) */
		return 0;
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}
