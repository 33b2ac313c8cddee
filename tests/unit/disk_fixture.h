/* A disk that can be full: SQLite's way to it, as its default. */
#ifndef RECADO_TESTS_DISK_FIXTURE_H
#define RECADO_TESTS_DISK_FIXTURE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "testing.h"

/* SQLite's way to the disk, which is full while `disk_full` is set. */
static atomic_bool disk_full;
static sqlite3_vfs disk, *real_disk;
static sqlite3_io_methods disk_methods, real_methods; /* under the lock until the first open */
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;

static inline int
disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return atomic_load(&disk_full) ? SQLITE_FULL : real_methods.xWrite(f, p, n, at);
}

static inline int
disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc = real_disk->xOpen(vfs, name, f, flags, out);

	if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
		pthread_mutex_lock(&disk_lock);
		if (real_methods.xWrite == NULL) {
			real_methods = *f->pMethods;
			disk_methods = real_methods;
			disk_methods.xWrite = disk_write;
		}
		pthread_mutex_unlock(&disk_lock);
		f->pMethods = &disk_methods;
	}
	return rc;
}

/* Databases that are opened from now on are on it. */
static inline void
disk_mount(void)
{
	real_disk = sqlite3_vfs_find(NULL);
	disk = *real_disk;
	disk.zName = "disk";
	disk.xOpen = disk_open;
	ck_assert_int_eq(sqlite3_vfs_register(&disk, 1), SQLITE_OK);
}

static inline void
disk_unmount(void)
{
	sqlite3_vfs_unregister(&disk);
}

#endif
