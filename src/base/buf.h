/*
 * A growing byte buffer with a limit. Either on an arena or on malloc.
 * After the limit is passed further bytes are dropped and buf_check() says so.
 */
#ifndef RECADO_BASE_BUF_H
#define RECADO_BASE_BUF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap, limit;
	struct arena *arena; /* NULL: malloc */
	bool over;
};

/* arena NULL: memory from malloc, give back with buf_deinit. limit in bytes. */
void buf_init(struct buf *, struct arena *, size_t limit);
void buf_deinit(struct buf *);
void buf_clear(struct buf *);
/* Makes room for `extra` more bytes; false (and `over`) beyond the limit. */
bool buf_reserve(struct buf *, size_t extra);
void buf_add(struct buf *, const void *p, size_t n);
void buf_str(struct buf *, struct str s);
void buf_z(struct buf *, const char *z);
void buf_char(struct buf *, char c);
void buf_fmt(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_i64(struct buf *, int64_t v);
struct str buf_slice(const struct buf *);
MUST_CHECK enum err buf_check(const struct buf *);

#endif
