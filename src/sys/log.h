/*
 * One line an event, on stderr, text or JSON. Never message text, never a secret: only ids, counts,
 * codes. Thread-safe. A global, by design. log_info("drain.applied", LOG_INT("entries", n),
 * LOG_STR("client", slug));
 */
#ifndef RECADO_SYS_LOG_H
#define RECADO_SYS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/uuid.h"

enum log_level { LOG_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
	const char *key;
	char kind; /* 's' str, 'i' int, 'u' uuid, 'e' err; 0 ends */
	struct str s;
	int64_t i;
	struct uuid u;
};
#define LOG_STR(k, v)  ((struct log_field){ .key = (k), .kind = 's', .s = (v) })
#define LOG_Z(k, v)    ((struct log_field){ .key = (k), .kind = 's', .s = str_from(v) })
#define LOG_INT(k, v)  ((struct log_field){ .key = (k), .kind = 'i', .i = (int64_t)(v) })
#define LOG_UUID(k, v) ((struct log_field){ .key = (k), .kind = 'u', .u = (v) })
#define LOG_ERR(v)     ((struct log_field){ .key = "error", .kind = 'e', .i = (int64_t)(v) })

/* level: debug info warn error; format: text json. Also called on SIGHUP. */
void log_setup(enum log_level min, bool json);
void log_event(enum log_level, const char *event, const struct log_field *fields);
/* clang-format off */
#define LOG_FIELDS(...) ((const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ) { .kind = 0 } })
/* clang-format on */
#define log_debug(ev, ...) log_event(LOG_DEBUG, (ev), LOG_FIELDS(__VA_ARGS__))
#define log_info(ev, ...)  log_event(LOG_LEVEL_INFO, (ev), LOG_FIELDS(__VA_ARGS__))
#define log_warn(ev, ...)  log_event(LOG_LEVEL_WARN, (ev), LOG_FIELDS(__VA_ARGS__))
#define log_error(ev, ...) log_event(LOG_LEVEL_ERROR, (ev), LOG_FIELDS(__VA_ARGS__))
/* At most one line per `every_ms` from this call site; says how many were left out. */
struct log_limit {
	_Atomic int64_t next_ms;
	_Atomic int64_t suppressed;
};
bool log_limited(struct log_limit *, int64_t now_ms, int64_t every_ms, int64_t *suppressed);

#endif
