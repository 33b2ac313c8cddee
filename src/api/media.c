/*
 * Why: a message says of its file whether it is there, and a browser gets it from here as from any
 * server of files: in parts, kept by its digest, and never as something that it would run.
 *
 * What always holds: bytes go out only of a medium that is ready, as long as its row says; what a
 * revoked message held is not found.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/call.h"
#include "core/media.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/media_disk.h"

/* Nothing of it runs, whatever it turns out to be. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; sandbox"

void
media_finder_init(struct api_call *c, struct media_finder *f)
{
	*f = (struct media_finder){ .rows = db_rows_of(c->a, &q_api_media_of, c->client_id) };
}

void
media_finder_note(struct api_call *c, struct media_finder *f, struct uuid conversation,
                  struct uuid message, struct str type, struct str content)
{
	const cJSON *v = NULL;
	struct str id;

	if (!media_is_type(type) || !str_is_set(content) || json_parse(c->a, content, &v) != ERR_OK)
		return;
	id = json_text(c->a, json_get(v, "id"));
	if (str_is_empty(id))
		return;
	db_row_int(f->rows, (int64_t)f->n);
	db_row_uuid(f->rows, conversation);
	db_row_text(f->rows, id);
	*ARENA_ADD(c->a, f->v, f->n, f->cap) = (struct media_note){ message, v, SIZE_MAX };
}

enum err
media_finder_load(struct api_call *c, struct media_finder *f)
{
	enum err e = db_query(c->rd, &q_api_media_of, DB_NO_PARAMS, f->rows, c->a, &f->found);

	for (size_t i = 0; e == ERR_OK && i < f->found.nrows; i++)
		f->v[db_get_int(&f->found, i, 0)].row = i;
	return e;
}

static const struct media_note *
find_note(const struct media_finder *f, struct uuid message)
{
	for (size_t i = 0; i < f->n; i++)
		if (uuid_eq(f->v[i].message, message) && f->v[i].row != SIZE_MAX)
			return &f->v[i];
	return NULL;
}

static void
write_transcript(struct jw *w, const struct db_result *r, size_t row)
{
	jw_key(w, "transcript");
	if (db_is_null(r, row, 7)) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_kstr(w, "status", db_get_text(r, row, 7));
	jw_kstr(w, "reason", db_get_text(r, row, 8));
	jw_kstr(w, "text", db_get_text(r, row, 9));
	jw_obj_end(w);
}

void
media_finder_write(struct api_call *c, const struct media_finder *f, struct uuid message)
{
	const struct media_note *note = find_note(f, message);
	const struct db_result *r = &f->found;
	struct str digest, mime;
	struct jw *w = &c->w;
	bool voice = false;
	struct uuid id;

	jw_key(w, "media");
	if (note == NULL) {
		jw_null(w);
		return;
	}
	id = db_get_uuid(r, note->row, 1);
	mime = db_get_text(r, note->row, 4);
	digest = db_get_text(r, note->row, 5);
	(void)json_bool(json_get(note->content, "voice"), &voice);
	jw_obj(w);
	jw_kuuid(w, "id", id);
	jw_kstr(w, "status", db_get_text(r, note->row, 2));
	jw_kstr(w, "mimeType",
	        str_is_set(mime) ? mime : json_str(json_get(note->content, "mime_type")));
	jw_kstr(w, "sha256", str_is_set(digest) ? hex_encode(c->a, digest.p, digest.n) : STR_NONE);
	if (db_is_null(r, note->row, 6))
		jw_knull(w, "bytes");
	else
		jw_ki64(w, "bytes", db_get_int(r, note->row, 6));
	jw_kstr(w, "filename", json_str(json_get(note->content, "filename")));
	jw_kbool(w, "voice", voice);
	jw_kstr(w, "reason", db_get_text(r, note->row, 3));
	write_transcript(w, r, note->row);
	jw_kstr(w, "url", str_fmt(c->a, "/api/media/" STR_FMT, STR_ARG(uuid_text(c->a, id))));
	jw_obj_end(w);
}

/* What of the file is wanted; all of it where Range says nothing that can be understood. */
enum range { RANGE_ALL, RANGE_PART, RANGE_NONE };

static enum range
read_range(struct str header, int64_t bytes, int64_t *offset, int64_t *length)
{
	struct str spec, first, last;
	int64_t from = -1, to = -1;
	size_t dash;

	*offset = 0;
	*length = bytes;
	if (!str_is_set(header) || !str_starts(header, STR("bytes=")))
		return RANGE_ALL;
	spec = str_trim(str_sub(header, 6, header.n));
	dash = str_find(spec, '-');
	first = str_trim(str_sub(spec, 0, dash));
	last = str_trim(str_sub(spec, dash + 1, spec.n));
	if (dash == spec.n || (first.n == 0 && last.n == 0) ||
	    (first.n > 0 && (!str_to_i64(first, &from) || from < 0)) ||
	    (last.n > 0 && (!str_to_i64(last, &to) || to < 0)) ||
	    (first.n > 0 && last.n > 0 && to < from))
		return RANGE_ALL; /* several of them too */
	if (first.n == 0) {
		from = to < bytes ? bytes - to : 0;
		to = bytes - 1;
	} else if (last.n == 0 || to >= bytes) {
		to = bytes - 1;
	}
	if (from >= bytes)
		return RANGE_NONE;
	*offset = from;
	*length = to - from + 1;
	return RANGE_PART;
}

static void
add_header(struct api_call *c, const char *name, struct str value)
{
	size_t i = 0;

	while (c->extra[i].name != NULL)
		i++;
	c->extra[i] = (struct http_header_out){ name, value };
}

/* The file, opened; ERR_NOT_FOUND too where it is not what the row says. */
static enum err
open_file(struct api_call *c, struct str digest, int64_t bytes, int *fd)
{
	struct str path =
		media_disk_path(c->a, c->api->o.config->media_dir, (const unsigned char *)digest.p);
	struct stat st;

	*fd = open(str_z(c->a, path), O_RDONLY | O_CLOEXEC);
	if (*fd >= 0 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == bytes)
		return ERR_OK;
	if (*fd >= 0)
		(void)close(*fd);
	log_error("media.file_missing", LOG_UUID("media", c->subject));
	return api_refuse(c, ERR_NOT_FOUND, "media_missing",
	                  "The file is not in MEDIA_DIR any more.");
}

/* It never changes, and nobody between may keep it. */
static void
add_kept(struct api_call *c, struct str tag)
{
	add_header(c, "ETag", tag);
	add_header(c, "Cache-Control", STR("private, max-age=31536000, immutable"));
}

static enum err
answer_file(struct api_call *c, const struct db_result *r)
{
	struct str digest = db_get_text(r, 0, 4);
	struct media_form form = media_form_of(c->a, db_get_text(r, 0, 2));
	int64_t bytes = db_get_int(r, 0, 5), offset, length;
	struct str tag =
		str_fmt(c->a, "\"" STR_FMT "\"", STR_ARG(hex_encode(c->a, digest.p, digest.n)));
	struct str if_range = c->in->header(c->in->ctx, "if-range");
	struct str range = str_is_set(if_range) && !str_eq(str_trim(if_range), tag)
	                           ? STR_NONE
	                           : c->in->header(c->in->ctx, "range");
	enum range part = read_range(range, bytes, &offset, &length);
	enum err e;
	int fd;

	if (part == RANGE_NONE) {
		c->status = 416;
		add_header(c, "Content-Range", str_fmt(c->a, "bytes */%lld", (long long)bytes));
		return api_fail(c, ERR_INVALID, "The range begins behind the end of the file.");
	}
	if (api_names_tag(c->in->header(c->in->ctx, "if-none-match"), tag)) {
		c->status = 304;
		c->content_type = NULL;
		add_kept(c, tag);
		return ERR_OK;
	}
	e = open_file(c, digest, bytes, &fd);
	if (e != ERR_OK)
		return e;
	add_kept(c, tag);
	add_header(c, "Content-Security-Policy", STR(POLICY));
	add_header(c, "Accept-Ranges", STR("bytes"));
	if (part == RANGE_PART) {
		c->status = 206;
		add_header(c, "Content-Range",
		           str_fmt(c->a, "bytes %lld-%lld/%lld", (long long)offset,
		                   (long long)(offset + length - 1), (long long)bytes));
	}
	add_header(c, "Content-Disposition",
	           media_disposition(c->a, form.shown, db_get_text(r, 0, 3)));
	c->content_type = str_z(c->a, form.content_type);
	c->file = ARENA_NEW(c->a, struct api_file);
	*c->file = (struct api_file){ .fd = fd, .offset = offset, .length = length };
	return ERR_OK;
}

enum err
media_get(struct api_call *c)
{
	struct db_result r;
	struct str status;
	enum err e = db_query(c->rd, &q_api_media_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0 || db_get_bool(&r, 0, 6))
		return api_fail(c, ERR_NOT_FOUND, "The message was revoked.");
	status = db_get_text(&r, 0, 0);
	if (str_eq(status, STR("ready")))
		return answer_file(c, &r);
	if (str_eq(status, STR("pending")))
		return api_refuse(c, ERR_NOT_FOUND, "media_pending",
		                  "It was not downloaded yet: the message says why.");
	return api_refuse(c, ERR_NOT_FOUND, "media_unavailable",
	                  "It cannot be had any more: the message says why.");
}
