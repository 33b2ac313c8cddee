/*
 * One line an event. Why here and not in the layers below: what happened is said once, where it is
 * handled. What always holds: a line is one write(2) to stderr and has no newline but its last
 * byte, whatever the values hold; a field that would make the line too long is left out, and those
 * after it.
 */
#include "sys/log.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"
#include "base/utf8.h"
#include "sys/clock.h"

#define MAX_LINE  ((size_t)16 * 1024)
#define MAX_VALUE 1024 /* longer values are cut */

static _Atomic int level_min = LOG_LEVEL_INFO;
static _Atomic bool as_json;
static const char *const level_names[] = { "debug", "info", "warn", "error" };

void
log_setup(enum log_level min, bool json)
{
	atomic_store(&level_min, (int)min);
	atomic_store(&as_json, json);
}

/* True if a text value can stand without quotes. */
static bool
is_bare(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return s.n > 0;
}

/* Between quotes: nothing that ends a line, moves a terminal or is not UTF-8 gets through. */
static void
add_quoted(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		bool valid;
		size_t step = utf8_step(s.p + i, s.n - i, &valid);

		if (!valid || c < ' ' || c == 0x7f)
			buf_fmt(b, "\\x%02x", c);
		else if (c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)
			buf_fmt(b, "\\u%04x", (unsigned)(unsigned char)s.p[i + 1]);
		else if (c == '"' || c == '\\')
			buf_fmt(b, "\\%c", c);
		else
			buf_add(b, s.p + i, step);
		i += valid ? step : 1;
	}
	buf_char(b, '"');
}

static void
add_text_field(struct buf *b, const struct log_field *f)
{
	char text[UUID_TEXT_LEN + 1];

	buf_char(b, ' ');
	buf_z(b, f->key);
	buf_char(b, '=');
	switch (f->kind) {
	case 'i':
		buf_i64(b, f->i);
		break;
	case 'u':
		uuid_format(f->u, text);
		buf_z(b, text);
		break;
	case 'e':
		buf_z(b, err_info((enum err)f->i)->code);
		break;
	default:
		if (!str_is_set(f->s))
			buf_char(b, '-');
		else if (is_bare(f->s))
			buf_str(b, str_sub(f->s, 0, MAX_VALUE));
		else
			add_quoted(b, str_sub(f->s, 0, MAX_VALUE));
	}
}

static void
add_json_field(struct jw *w, const struct log_field *f)
{
	jw_key(w, f->key);
	switch (f->kind) {
	case 'i':
		jw_i64(w, f->i);
		break;
	case 'u':
		jw_uuid(w, f->u);
		break;
	case 'e':
		jw_z(w, err_info((enum err)f->i)->code);
		break;
	default:
		jw_str(w, str_sub(f->s, 0, MAX_VALUE));
	}
}

static void
write_text(struct buf *b, enum log_level level, const char *event, const struct log_field *fields)
{
	char when[TIME_TEXT_LEN + 1];

	time_format(clock_now(&clock_real), when);
	buf_fmt(b, "%s %s %s", when, level_names[level], event);
	for (const struct log_field *f = fields; f->kind != 0; f++) {
		size_t before = b->n;

		add_text_field(b, f);
		if (b->over) {
			b->n = before;
			b->over = false;
			break;
		}
	}
	b->limit = MAX_LINE;
	buf_char(b, '\n');
}

static void
write_json(struct buf *b, enum log_level level, const char *event, const struct log_field *fields)
{
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_ktime(&w, "time", clock_now(&clock_real));
	jw_kz(&w, "level", level_names[level]);
	jw_kz(&w, "event", event);
	for (const struct log_field *f = fields; f->kind != 0; f++) {
		size_t before = b->n;

		add_json_field(&w, f);
		if (b->over) {
			b->n = before;
			b->over = false;
			break;
		}
	}
	b->limit = MAX_LINE;
	jw_obj_end(&w);
	buf_char(b, '\n');
}

void
log_event(enum log_level level, const char *event, const struct log_field *fields)
{
	struct buf b;
	ssize_t done;

	if ((int)level < atomic_load(&level_min))
		return;
	buf_init(&b, NULL, MAX_LINE - 2); /* fields leave room for the end of the line */
	if (atomic_load(&as_json))
		write_json(&b, level, event, fields);
	else
		write_text(&b, level, event, fields);
	done = write(STDERR_FILENO, b.p, b.n);
	(void)done; /* nowhere to say so */
	buf_deinit(&b);
}

bool
log_limited(struct log_limit *l, int64_t now_ms, int64_t every_ms, int64_t *suppressed)
{
	int64_t next = atomic_load(&l->next_ms);

	if (now_ms < next ||
	    !atomic_compare_exchange_strong(&l->next_ms, &next, now_ms + every_ms)) {
		atomic_fetch_add(&l->suppressed, 1);
		return false;
	}
	*suppressed = atomic_exchange(&l->suppressed, 0);
	return true;
}
