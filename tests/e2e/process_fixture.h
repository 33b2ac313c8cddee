/*
 * The program as a process: its own directory with a .env, its first line, signals and its end.
 * RECADO names the binary.
 */
#ifndef RECADO_TESTS_PROCESS_FIXTURE_H
#define RECADO_TESTS_PROCESS_FIXTURE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "../unit/door_fixture.h"

struct process {
	const char *dir;
	pid_t pid;
	uint16_t port;
};

static inline const char *
in_dir(const char *dir, const char *name)
{
	return str_z(test_arena(), str_fmt(test_arena(), "%s/%s", dir, name));
}

static inline void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static inline const char *
read_text(const char *path)
{
	char *bytes = malloc((1 << 20) + 1), *text;
	FILE *f = fopen(path, "re");
	size_t n;

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	n = fread(bytes, 1, 1 << 20, f);
	text = arena_copy(test_arena(), bytes, n);
	free(bytes);
	fclose(f);
	return text;
}

/* A directory with a .env of a whole configuration; `more` are further lines. */
static inline const char *
configured_dir(const char *more)
{
	const char *dir = test_dir();

	write_text(in_dir(dir, ".env"),
	           str_z(test_arena(),
	                 str_fmt(test_arena(),
	                         "DATABASE_URL=sqlite:recado.db\nPORT=0\n"
	                         "ADMIN_TOKEN=0123456789abcdef0123\n"
	                         "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	                         "META_APP_SECRET=" GATE_SECRET "\n"
	                         "META_VERIFY_TOKEN=" GATE_VERIFY "\n"
	                         "META_GRAPH_URL=http://127.0.0.1:9\n%s",
	                         more)));
	return dir;
}

/* Runs the binary with these words (ending with NULL) in dir; stdout and stderr go to files there.
 */
static inline pid_t
spawn(const char *dir, const char *const *words)
{
	const char *binary = getenv("RECADO");
	pid_t pid;

	ck_assert_msg(binary != NULL, "RECADO does not name the binary");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char *argv[16] = { (char *)(uintptr_t)binary };

		for (size_t i = 0; words[i] != NULL && i < 14; i++)
			argv[i + 1] = (char *)(uintptr_t)words[i];
		if (chdir(dir) != 0 || freopen("out", "w", stdout) == NULL ||
		    freopen("err", "w", stderr) == NULL)
			_exit(99);
		execv(binary, argv);
		_exit(99);
	}
	return pid;
}

/* Waits for its end, at most limit_ms; the exit status, or 128 + signal. Fails if it goes on. */
static inline int
wait_end(pid_t pid, int64_t limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < end)
		poll(NULL, 0, 2);
	if (got == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ck_abort_msg("the process did not end within %lld ms", (long long)limit_ms);
	}
	ck_assert_int_eq(got, pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define RUN(dir, ...)                                                                              \
	wait_end(spawn((dir), (const char *const[]){ __VA_ARGS__, NULL }), PATIENCE_MS)

/* `recado serve`, once it listens. */
static inline struct process
serve_in(const char *dir)
{
	struct process p = { .dir = dir };
	int64_t end = now_ms() + PATIENCE_MS;
	unsigned port = 0;

	unlink(in_dir(dir, "out"));
	p.pid = spawn(dir, (const char *const[]){ "serve", NULL });
	while (port == 0 && now_ms() < end) {
		if (access(in_dir(dir, "out"), R_OK) == 0)
			sscanf(read_text(in_dir(dir, "out")), "listening on http://127.0.0.1:%u\n",
			       &port);
		poll(NULL, 0, 5);
	}
	ck_assert_msg(port != 0, "it does not listen: %s", read_text(in_dir(dir, "err")));
	p.port = (uint16_t)port;
	return p;
}

/* -1 if nobody listens any more. */
static inline struct client
connect_to(const struct process *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct timeval patience = { PATIENCE_MS / 1000, 0 };
	struct client c = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(p->port);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(c.fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(c.fd);
		c.fd = -1;
	}
	return c;
}

#endif
