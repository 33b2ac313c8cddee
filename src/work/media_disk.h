/*
 * The files of media: written beside, checked, and then put under their digest. What has a name
 * below MEDIA_DIR is whole, on the disk, and has that digest. Any thread for media_disk_path; the
 * rest by one thread.
 */
#ifndef RECADO_WORK_MEDIA_DISK_H
#define RECADO_WORK_MEDIA_DISK_H

#include "base/digest.h"
#include "base/err.h"
#include "base/uuid.h"

/* So much of the disk is left to the database and the rest. */
#define MEDIA_DISK_LEAVES (INT64_C(256) << 20)

struct media_disk {
	struct str dir; /* MEDIA_DIR; outlives it */
	/* Fault injection for tests: the n-th next write, sync or rename (1 = the next) fails so,
	 * and all after it if fail_on. 0: none. */
	uint64_t fail_at;
	enum err fail;
	bool fail_on;
};

/* Makes the folders, and removes what was left half-written more than a day before now_ms. */
MUST_CHECK enum err media_disk_open(struct media_disk *, int64_t now_ms);
/* Before each file, and makes the folders that are gone. ERR_DISK_FULL: so many bytes more would
 * take from what is left to others; ERR_IO. */
MUST_CHECK enum err media_disk_room(const struct media_disk *, int64_t bytes);

/* A file being written. Zeroed: there is none. */
struct media_file {
	struct media_disk *disk;
	struct digest *digest;
	int64_t bytes, flushed;
	int fd;
	char name[UUID_TEXT_LEN + 1];
	enum err failed; /* the first write that failed */
};
/* name: not in use by another. Errors of all of them: ERR_DISK_FULL, ERR_IO. */
MUST_CHECK enum err media_file_begin(struct media_disk *, struct uuid name, struct media_file *out);
/* False: it cannot be written, `failed` says why. */
bool media_file_write(struct media_file *, struct str bytes);
/* The digest of what was written so far; once. */
void media_file_digest(struct media_file *, unsigned char out[SHA256_LEN]);
/* On the disk, and under that digest; then the file is closed. */
MUST_CHECK enum err media_file_keep(struct media_file *, const unsigned char digest[SHA256_LEN]);
/* Nothing is left of it. Also of a zeroed one, and of one that was kept. */
void media_file_drop(struct media_file *);

/* MEDIA_DIR/aa/bb/aabb… */
struct str media_disk_path(struct arena *, struct str dir, const unsigned char digest[SHA256_LEN]);
/* Is there a file of that digest and length? */
bool
media_disk_has(const struct media_disk *, const unsigned char digest[SHA256_LEN], int64_t bytes);

#endif
