/*
 * Why: two servers on one SQLite file would hold each other up and answer for different states;
 * commands that end soon may stand beside one. What always holds: the lock is the kernel's, so that
 * it is gone with the process even after kill -9; the file stays and means nothing by itself.
 */
#include "cmd/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who wrote itself into the file; 0: nobody can be read. */
static long
holder(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strtol(text, NULL, 10);
}

static void
refuse(const char *path, int fd, int why)
{
	long pid = fd >= 0 ? holder(fd) : 0;

	if (why != EWOULDBLOCK)
		fprintf(stderr, "recado serve: %s cannot be locked: %s\n", path,
		        strerrordesc_np(why));
	else
		fprintf(stderr,
		        "recado serve: another recado serve%s%.0ld%s has this database (it holds "
		        "%s).\n"
		        "An SQLite file has one server: stop that one, or give this one another "
		        "DATABASE_URL.\n",
		        pid > 0 ? " (process " : "", pid, pid > 0 ? ")" : "", path);
}

bool
lock_take(const struct settings *s)
{
	struct str url = s->config.database_url, prefix = STR("sqlite:");
	char text[24];
	char *real;
	const char *path;
	struct stat st = { 0 };
	int fd, n;

	if (!str_starts(url, prefix))
		return true;
	/* One lock whatever path leads to the file; other names of the file itself (hard links)
	 * are not known. */
	real = realpath(str_z(s->arena, str_sub(url, prefix.n, url.n)), NULL);
	if (real == NULL) {
		fprintf(stderr, "recado serve: the file of DATABASE_URL: %s\n",
		        strerrordesc_np(errno));
		return false;
	}
	path = str_z(s->arena, str_fmt(s->arena, "%s.lock", real));
	free(real);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))
		errno = EINVAL;
	if (fd < 0 || !S_ISREG(st.st_mode) || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		refuse(path, fd, errno);
		if (fd >= 0)
			close(fd);
		return false;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* for whoever is refused; the lock does not need it */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		fprintf(stderr, "recado serve: %s cannot be written\n", path);
	return true;
}
