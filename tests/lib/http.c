/* See http.h. What always holds: a wait ends by what the server says, or fails; never by luck. */
#include "http.h"

#include <stdio.h>
#include <time.h>

#include "server.h"
#include "sim/deliver.h"

struct client *
http_operator(const char *url)
{
	struct client *c = client_new(url);

	if (c != NULL)
		client_add_header(c, "x-admin-token: " SERVER_ADMIN_TOKEN);
	return c;
}

struct client_reply
http_webhook(struct client *c, struct arena *a, struct str body)
{
	struct str signature = deliver_signature(a, STR(SERVER_APP_SECRET), body);
	struct client_request q = { .path = "/webhooks/whatsapp", .body = body };

	q.headers[0] = "Content-Type: application/json";
	q.headers[1] = str_z(a, str_fmt(a, "X-Hub-Signature-256: " STR_FMT, STR_ARG(signature)));
	return client_send(c, a, &q);
}

bool
http_register(struct client *c, struct arena *a, const char *slug, const struct wire_line *line)
{
	struct str client = str_fmt(a, "{\"slug\":\"%s\",\"name\":\"%s\"}", slug, slug);
	struct str number = str_fmt(
		a,
		"{\"kind\":\"whatsapp\",\"mode\":\"coexistence\",\"phoneNumberId\":\"" STR_FMT
		"\",\"wabaId\":\"" STR_FMT "\",\"displayPhoneNumber\":\"+" STR_FMT
		"\",\"historySync\":true}",
		STR_ARG(line->phone_number_id), STR_ARG(line->waba_id),
		STR_ARG(line->display_number));

	if (client_post(c, a, "/api/clients", client).status != 201)
		return false;
	return client_post(c, a, str_z(a, str_fmt(a, "/api/clients/%s/connections", slug)), number)
	               .status == 201;
}

bool
http_wait_quiet(struct client *c, struct arena *a, int seconds)
{
	static const char *const busy[] = { "received", "retrying" };
	struct timespec pause = { 0, 50000000 };

	for (int tries = seconds * 20; tries >= 0; tries--) {
		size_t waiting = 0;
		for (size_t i = 0; i < 2; i++) {
			struct client_reply r =
				client_get(c, a, "/api/webhook-events?limit=1&status=%s", busy[i]);
			if (r.status != 200)
				return false;
			waiting += json_count(json_get(r.json, "data"));
		}
		if (waiting == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
