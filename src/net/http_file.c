/*
 * Answers that are files. Why not from memory: a film of a hundred megabytes is looked at a piece
 * at a time, by many at once. What always holds: at most one piece of a file is in memory for each
 * answer; each piece that goes gives the connection its time anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_internal.h"

#define PIECE_BYTES  ((size_t)64 << 10)
#define SYSTEM_BYTES (128 << 10) /* sent, and not taken yet */

struct file {
	struct http_exchange *ex; /* there while its answer is sent */
	int fd;
	int64_t offset;
	bool begun;
};

static ssize_t
read_piece(void *cls, uint64_t pos, char *out, size_t most)
{
	struct file *f = cls;
	ssize_t n;

	/* The system would keep megabytes for who reads slowly, and nothing be asked for meanwhile.
	 */
	if (!f->begun)
		(void)setsockopt(f->ex->conn->fd, SOL_SOCKET, SO_SNDBUF, &(int){ SYSTEM_BYTES },
		                 sizeof(int));
	f->begun = true;
	do
		n = pread(f->fd, out, most, (off_t)(f->offset + (int64_t)pos));
	while (n < 0 && errno == EINTR);
	if (n <= 0) /* shorter than it was */
		return MHD_CONTENT_READER_END_WITH_ERROR;
	http_conn_move(f->ex->conn, &f->ex->server->busy, f->ex->server->limits.request_ms);
	return n;
}

static void
let_go(void *cls)
{
	struct file *f = cls;

	(void)close(f->fd);
	free(f);
}

struct MHD_Response *
http_file_response(struct http_exchange *ex, int fd, int64_t offset, int64_t length)
{
	struct file *f = malloc(sizeof(*f));
	struct MHD_Response *r;

	if (f == NULL)
		abort();
	*f = (struct file){ .ex = ex, .fd = fd, .offset = offset };
	r = MHD_create_response_from_callback((uint64_t)length, PIECE_BYTES, read_piece, f, let_go);
	if (r == NULL)
		abort();
	return r;
}
