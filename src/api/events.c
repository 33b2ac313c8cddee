/*
 * Why: a stream is asked for like anything else (who calls, which client), and only then taken out
 * of the handler's hands. What always holds: a stream is of exactly one client, and of one that the
 * caller may see.
 */
#include "api/call.h"

/* Where the client was: what its browser says when it comes again, else what the query says. */
static enum err
take_after(struct api_call *c, int64_t *out)
{
	struct str header = c->in->header(c->in->ctx, "last-event-id");
	const struct api_value *query = arg_query(c, "lastEventId");
	int64_t id = STREAM_FROM_NOW;
	bool good;

	if (str_is_set(header)) {
		good = str_to_i64(str_trim(header), &id) && id >= 0;
		*out = good ? id : STREAM_LOST; /* an error would end it for good */
		return ERR_OK;
	}
	if (query->set && (!str_to_i64(query->s, &id) || id < 0))
		return api_invalid(c, "lastEventId", "must be an id of an event");
	*out = id;
	return ERR_OK;
}

static enum err
take_client(struct api_call *c, struct uuid *out)
{
	const struct api_value *slug = arg_query(c, "clientSlug");

	if (!slug->set) {
		*out = c->who.client_id;
		return c->who.all_clients ? api_invalid(c, "clientSlug",
		                                        "is required: your token is for all "
		                                        "clients")
		                          : ERR_OK;
	}
	return scope_named(c, slug->s, out);
}

enum err
events_stream(struct api_call *c)
{
	struct stream_wish wish = { .token = c->who.token_id, .by_cookie = c->who.by_cookie };
	enum err e = take_after(c, &wish.after);

	if (e == ERR_OK)
		e = take_client(c, &wish.client);
	if (e != ERR_OK)
		return e;
	memcpy(wish.login, c->credential, SHA256_LEN);
	c->content_type = STREAM_CONTENT_TYPE;
	c->stream = wish;
	return ERR_OK;
}
