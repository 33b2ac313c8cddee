/*
 * The two bodies that are measured: a live text and a history chunk, in the shape that both sides
 * understand. What always holds: every message id occurs once in a run; ids are plain text (no
 * wamid record), as the peers' own generator has it.
 */
#include "load_bodies.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/digest.h"

#define BODY_LIMIT (8u << 20)
#define FIRST_TIME 1760000000

static const char *const words[] = { "olá",        "bom",       "dia",     "preciso",  "de",
	                             "um",         "orçamento", "para",    "amanhã",   "obrigado",
	                             "confirmado", "pedido",    "entrega", "pagamento" };
#define NWORDS (sizeof words / sizeof words[0])

static void
put_text(struct buf *b, uint64_t n, size_t count)
{
	for (size_t k = 0; k < count; k++) {
		if (k > 0)
			buf_char(b, ' ');
		buf_z(b, words[(n * 7 + k * 3) % NWORDS]);
	}
}

static void
open_envelope(struct buf *b, const struct load_shape *s, size_t client, const char *field)
{
	char *end;
	unsigned long long base = strtoull(s->phone_id, &end, 10);

	buf_fmt(b,
	        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"90%zu\","
	        "\"changes\":[{\"field\":\"%s\",\"value\":{"
	        "\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":"
	        "\"5511000000%02zu\",",
	        client + 1, field, client);
	if (*end == '\0')
		buf_fmt(b, "\"phone_number_id\":\"%llu\"},", base + client);
	else
		buf_fmt(b, "\"phone_number_id\":\"%s\"},", s->phone_id);
}

static struct str
finish(struct arena *a, const struct load_shape *s, struct buf *body)
{
	static struct hmac_key *key;
	unsigned char mac[SHA256_LEN];
	char hex[SHA256_HEX_LEN];
	struct buf b;

	buf_z(body, "}}]}]}");
	if (key == NULL)
		key = hmac_key_new(str_from(s->secret));
	hmac_sha256(key, buf_slice(body), mac);
	hex_encode_to(mac, sizeof mac, hex);
	buf_init(&b, a, BODY_LIMIT + 4096);
	(void)buf_reserve(&b, body->n + 320);
	buf_fmt(&b,
	        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
	        "%zu\r\n"
	        "X-Hub-Signature-256: sha256=%.64s\r\n\r\n",
	        s->path, s->host, body->n, hex);
	buf_str(&b, buf_slice(body));
	buf_deinit(body);
	return buf_slice(&b);
}

struct str
load_live(struct arena *a, const struct load_shape *s, uint64_t n)
{
	size_t client = n % s->clients, contact = n / s->clients % s->contacts;
	unsigned long long wa = 5521000000000ull + s->stamp % 90000 * 1000000 + contact;
	struct buf b;

	buf_init(&b, NULL, BODY_LIMIT);
	open_envelope(&b, s, client, "messages");
	buf_fmt(&b,
	        "\"contacts\":[{\"profile\":{\"name\":\"Cliente "
	        "%zu\"},\"wa_id\":\"%llu\"}],\"messages\":[{\"from\":\"%llu\","
	        "\"id\":\"wamid.L%llu.%llu\",\"timestamp\":\"%llu\",\"type\":\"text\",\"text\":{"
	        "\"body\":\"",
	        contact, wa, wa, (unsigned long long)s->stamp, (unsigned long long)n,
	        (unsigned long long)(FIRST_TIME + s->stamp % 1000 + n / 100));
	size_t left = s->body_bytes > b.n + 20 ? s->body_bytes - b.n - 20 : 1;
	put_text(&b, n, left / 7 + 1);
	buf_z(&b, "\"}}]");
	return finish(a, s, &b);
}

struct str
load_history(struct arena *a, const struct load_shape *s, uint64_t n, uint64_t of)
{
	size_t per_thread = s->chunk_messages / s->chunk_threads;
	struct buf b;

	buf_init(&b, NULL, BODY_LIMIT);
	open_envelope(&b, s, n % s->clients, "history");
	buf_fmt(&b,
	        "\"history\":[{\"metadata\":{\"phase\":1,\"chunk_order\":%llu,\"progress\":%llu},"
	        "\"threads\":[",
	        (unsigned long long)n + 1, (unsigned long long)((n + 1) * 100 / of));
	for (size_t t = 0; t < s->chunk_threads; t++) {
		unsigned long long wa = 5511000000000ull + s->stamp % 9000 * 100000000 + n * 1000 +
		                        t;
		buf_fmt(&b,
		        "%s{\"id\":\"%llu\",\"context\":{\"wa_id\":\"%llu\",\"username\":\"contato."
		        "%llu\"},\"messages\":[",
		        t > 0 ? "," : "", wa, wa, wa);
		for (size_t j = 0; j < per_thread; j++) {
			bool me = j % 2 == 1;
			buf_fmt(&b, "%s{\"from\":\"", j > 0 ? "," : "");
			if (me)
				buf_fmt(&b, "5511000000%02zu\",\"to\":\"%llu", n % s->clients, wa);
			else
				buf_fmt(&b, "%llu", wa);
			buf_fmt(&b,
			        "\",\"id\":\"wamid.H%llu.%llu.%zu.%zu\",\"timestamp\":\"%zu\","
			        "\"type\":\"text\",\"text\":{\"body\":\"",
			        (unsigned long long)s->stamp, (unsigned long long)n, t, j,
			        (size_t)FIRST_TIME + j * 60);
			put_text(&b, j, 12);
			buf_fmt(&b, "\"},\"history_context\":{\"status\":\"READ\"%s}}",
			        me ? ",\"from_me\":true" : "");
		}
		buf_z(&b, "]}");
	}
	buf_z(&b, "]}]");
	return finish(a, s, &b);
}
