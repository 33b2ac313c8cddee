/*
 * Why: a process may be killed between any two lines here. What always holds: a name is given by a
 * rename, after the bytes are on the disk; two processes that fetch the same file put the same
 * bytes under the same name.
 */
#include "work/media_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/log.h"

#define MAX_PATH    4096
#define FLUSH_BYTES ((int64_t)8 << 20)
#define TEMPORARY   "tmp"

/* NULL-terminated; false: too long. */
static bool
path_of(const struct media_disk *d, char out[MAX_PATH], const char *rest)
{
	int n = snprintf(out, MAX_PATH, STR_FMT "/%s", STR_ARG(d->dir), rest);

	return n > 0 && n < MAX_PATH;
}

static enum err
err_of(int why)
{
	return why == ENOSPC || why == EDQUOT || why == EFBIG ? ERR_DISK_FULL : ERR_IO;
}

static bool
is_planted(struct media_disk *d)
{
	if (d->fail_at == 0 || --d->fail_at > 0)
		return false;
	if (d->fail_on)
		d->fail_at = 1;
	return true;
}

static enum err
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0 || fsync(fd) != 0)
		e = err_of(errno);
	if (fd >= 0)
		(void)close(fd);
	return e;
}

/* The folder and those above it; what is new is on the disk. */
static enum err
make_folder(const char *path)
{
	char part[MAX_PATH];
	size_t n = strlen(path), above = 0;

	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		enum err e = ERR_OK;

		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0700) == 0) {
			part[above] = '\0';
			e = sync_folder(above > 0 ? part : path[0] == '/' ? "/" : ".");
			part[above] = path[above];
		} else if (errno != EEXIST) {
			e = err_of(errno);
		}
		if (e != ERR_OK)
			return e;
		part[i] = path[i];
		above = i;
	}
	return ERR_OK;
}

static void
remove_old(const char *folder, int64_t before_ms)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	struct stat st;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && (int64_t)st.st_mtime * TIME_SECOND < before_ms)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

enum err
media_disk_open(struct media_disk *d, int64_t now_ms)
{
	char path[MAX_PATH];
	enum err e;

	while (str_ends(d->dir, STR("/")) && d->dir.n > 1)
		d->dir.n--;
	if (!path_of(d, path, TEMPORARY))
		return ERR_INVALID;
	e = make_folder(path);
	if (e == ERR_OK)
		remove_old(path, now_ms - TIME_DAY);
	return e;
}

enum err
media_disk_room(const struct media_disk *d, int64_t bytes)
{
	char path[MAX_PATH];
	struct statvfs v;
	enum err e = ERR_OK;

	if (!path_of(d, path, TEMPORARY))
		return ERR_IO;
	if (statvfs(path, &v) != 0) {
		e = errno == ENOENT ? make_folder(path) : ERR_IO;
		if (e == ERR_OK && statvfs(path, &v) != 0)
			e = ERR_IO;
	}
	if (e != ERR_OK)
		return e;
	return (int64_t)(v.f_bavail * v.f_frsize) < MEDIA_DISK_LEAVES + bytes ? ERR_DISK_FULL
	                                                                      : ERR_OK;
}

static bool
temporary(const struct media_file *f, char out[MAX_PATH])
{
	char rest[sizeof(TEMPORARY) + UUID_TEXT_LEN + 2];

	(void)snprintf(rest, sizeof rest, TEMPORARY "/%s", f->name);
	return path_of(f->disk, out, rest);
}

enum err
media_file_begin(struct media_disk *d, struct uuid name, struct media_file *out)
{
	char path[MAX_PATH];
	struct media_file f = { .disk = d };

	uuid_format(name, f.name);
	f.name[UUID_TEXT_LEN] = '\0';
	if (!temporary(&f, path))
		return ERR_IO;
	f.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (f.fd < 0)
		return err_of(errno);
	f.digest = digest_new();
	*out = f;
	return ERR_OK;
}

bool
media_file_write(struct media_file *f, struct str bytes)
{
	if (is_planted(f->disk)) {
		f->failed = f->disk->fail;
		return false;
	}
	digest_add(f->digest, bytes);
	f->bytes += (int64_t)bytes.n;
	while (bytes.n > 0) {
		ssize_t n = write(f->fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			f->failed = err_of(errno);
			return false;
		}
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
	if (f->bytes - f->flushed >= FLUSH_BYTES) {
		/* begun early, so that the sync at the end does not take long */
		(void)sync_file_range(f->fd, f->flushed, f->bytes - f->flushed,
		                      SYNC_FILE_RANGE_WRITE);
		f->flushed = f->bytes;
	}
	return true;
}

void
media_file_digest(struct media_file *f, unsigned char out[SHA256_LEN])
{
	digest_end(f->digest, out);
}

struct str
media_disk_path(struct arena *a, struct str dir, const unsigned char digest[SHA256_LEN])
{
	struct str hex = hex_encode(a, digest, SHA256_LEN);

	while (str_ends(dir, STR("/")) && dir.n > 1)
		dir.n--;
	return str_fmt(a, STR_FMT "/%.2s/%.2s/" STR_FMT, STR_ARG(dir), hex.p, hex.p + 2,
	               STR_ARG(hex));
}

/* Where a file of that digest is, and the folder it is in. */
static bool
final_path(const struct media_disk *d, const unsigned char digest[SHA256_LEN], char out[MAX_PATH],
           char folder[MAX_PATH])
{
	char hex[SHA256_HEX_LEN + 1], rest[SHA256_HEX_LEN + 8];

	hex_encode_to(digest, SHA256_LEN, hex);
	hex[SHA256_HEX_LEN] = '\0';
	(void)snprintf(rest, sizeof rest, "%.2s/%.2s", hex, hex + 2);
	if (!path_of(d, folder, rest))
		return false;
	(void)snprintf(rest, sizeof rest, "%.2s/%.2s/%s", hex, hex + 2, hex);
	return path_of(d, out, rest);
}

enum err
media_file_keep(struct media_file *f, const unsigned char digest[SHA256_LEN])
{
	char from[MAX_PATH], to[MAX_PATH], folder[MAX_PATH];
	enum err e = ERR_OK;

	if (!temporary(f, from) || !final_path(f->disk, digest, to, folder))
		return ERR_IO;
	if (is_planted(f->disk))
		return f->disk->fail;
	if (fsync(f->fd) != 0)
		return err_of(errno);
	e = make_folder(folder);
	if (e == ERR_OK && is_planted(f->disk))
		e = f->disk->fail;
	if (e == ERR_OK && rename(from, to) != 0)
		e = err_of(errno);
	if (e == ERR_OK)
		e = sync_folder(folder);
	media_file_drop(f);
	return e;
}

void
media_file_drop(struct media_file *f)
{
	char path[MAX_PATH];

	if (f->disk == NULL)
		return;
	(void)close(f->fd);
	digest_free(f->digest);
	if (temporary(f, path))
		(void)unlink(path); /* not there any more if it was kept */
	*f = (struct media_file){ 0 };
}

bool
media_disk_has(const struct media_disk *d, const unsigned char digest[SHA256_LEN], int64_t bytes)
{
	char path[MAX_PATH], folder[MAX_PATH];
	struct stat st;

	return final_path(d, digest, path, folder) && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == bytes;
}
