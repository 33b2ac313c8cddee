/*
 * Why: what is done and what is next must outlive the process. What always holds: codes and tokens
 * are sealed, and gone from the row as soon as they are of no use there; a connection is made under
 * the lanes of the installation and of its client, so that two clients never have one number.
 */
#include <stdlib.h>

#include "base/digest.h"
#include "core/wa_rules.h"
#include "store/audit.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/event.h"
#include "work/onboarder_internal.h"
#include "work/sync_status.h"

#define ONE_ARENA ((size_t)4 << 20)
/* So long a step may take until another goes on with it: longer than its call may. */
#define HOLD_MS (90 * TIME_SECOND)

static struct str
seal(struct arena *a, const struct secretbox_keys *keys, const struct randomness *rand,
     const char *table, struct uuid id, const char *column, struct str plain)
{
	unsigned char nonce[SECRETBOX_NONCE_LEN];
	char text[UUID_TEXT_LEN + 1];

	if (!str_is_set(plain))
		return STR_NONE;
	uuid_format(id, text);
	rand_fill(rand, nonce, sizeof nonce);
	return secretbox_seal(a, keys, str_fmt(a, "%s/%s/%s", table, text, column), plain, nonce);
}

static struct str
sealed(const struct onboarding *x, const char *table, struct uuid id, const char *column,
       struct str plain)
{
	return seal(x->ob->arena, x->ob->o.keys, x->ob->o.rand, table, id, column, plain);
}

/* STR_NONE too if it cannot be opened: the key was changed. */
static struct str
unsealed(const struct onboarding *x, const char *table, struct uuid id, const char *column,
         struct str box)
{
	char text[UUID_TEXT_LEN + 1];
	struct str plain;

	uuid_format(id, text);
	if (!str_is_set(box) || secretbox_open(x->arena, x->ob->o.keys,
	                                       str_fmt(x->arena, "%s/%s/%s", table, text, column),
	                                       box, &plain) != ERR_OK)
		return STR_NONE;
	return plain;
}

enum err
onboarding_put(struct db *db, struct arena *a, const struct secretbox_keys *keys,
               const struct randomness *rand, const struct onboarding_wish *w, int64_t now_ms,
               struct uuid *id)
{
	unsigned char digest[SHA256_LEN];
	struct str hash = STR_NONE;
	struct db_result r;
	int64_t changed;
	enum err e;

	if (str_is_set(w->code)) {
		digest_sha256(w->code, digest);
		hash = str_n((const char *)digest, sizeof digest);
		e = db_query(db, &q_onboarding_by_code,
		             DB_PARAMS(db_uuid(w->client_id), db_bytes(hash)), NULL, a, &r);
	} else {
		e = db_query(db, &q_onboarding_of_connection,
		             DB_PARAMS(db_uuid(w->client_id), db_uuid(w->connection_id)), NULL, a,
		             &r);
	}
	if (e == ERR_OK && r.nrows > 0) {
		*id = db_get_uuid(&r, 0, 0);
		return db_exec(db, &q_onboarding_resume,
		               DB_PARAMS(db_uuid(w->client_id), db_uuid(*id),
		                         db_text(w->phone_number_id), db_time(now_ms)),
		               NULL, &changed);
	}
	if (e != ERR_OK)
		return e;
	*id = rand_uuid_v7(rand, now_ms);
	return db_exec(db, &q_onboarding_insert,
	               DB_PARAMS(db_uuid(w->client_id), db_uuid(*id), db_bytes(hash),
	                         db_bytes(seal(a, keys, rand, "onboardings", *id, "code", w->code)),
	                         db_text(w->cloud_api ? STR("cloud_api") : STR("coexistence")),
	                         db_bool(w->history), db_text(w->waba_id),
	                         db_text(w->phone_number_id), db_uuid(w->connection_id),
	                         db_text(str_from(onboard_step_name(
					 str_is_set(w->code) ? ONBOARD_TOKEN : ONBOARD_AGAIN))),
	                         db_text(w->actor), db_time(now_ms)),
	               NULL, NULL);
}

void
onboarding_free(struct onboarding *x)
{
	http_result_deinit(&x->result);
	arena_free(x->arena);
	free(x);
}

enum {
	C_CODE,
	C_CODE_AT,
	C_MODE,
	C_HISTORY,
	C_WABA,
	C_NUMBER,
	C_TOKEN,
	C_DISPLAY,
	C_NAME,
	C_CONNECTION,
	C_STEP,
	C_TRIES,
	C_ACTOR,
	C_ACCESS
};

static enum err
load(struct onboarding *x)
{
	struct db_result r;
	enum err e = db_query(x->ob->db, &q_onboarding_load,
	                      DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id)), NULL, x->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_CONFLICT : e;
	x->wish.cloud_api = str_eq(db_get_text(&r, 0, C_MODE), STR("cloud_api"));
	x->wish.history = db_get_bool(&r, 0, C_HISTORY);
	x->step = onboard_step_of(db_get_text(&r, 0, C_STEP));
	x->code = unsealed(x, "onboardings", x->id, "code", db_get_text(&r, 0, C_CODE));
	x->code_at = db_get_time(&r, 0, C_CODE_AT);
	x->waba_id = db_get_text(&r, 0, C_WABA);
	x->wanted = db_get_text(&r, 0, C_NUMBER);
	x->connection_id = db_get_uuid(&r, 0, C_CONNECTION);
	x->token = unsealed(x, "onboardings", x->id, "token", db_get_text(&r, 0, C_TOKEN));
	if (!str_is_set(x->token))
		x->token = unsealed(x, "connections", x->connection_id, "access_token",
		                    db_get_text(&r, 0, C_ACCESS));
	x->found.display = db_get_text(&r, 0, C_DISPLAY);
	x->found.verified_name = db_get_text(&r, 0, C_NAME);
	if (x->step > ONBOARD_NUMBER)
		x->found.id = x->wanted;
	x->tries = (unsigned)db_get_int(&r, 0, C_TRIES);
	x->actor = db_get_text(&r, 0, C_ACTOR);
	return ERR_OK;
}

enum err
onboarding_claim(struct onboarder *ob, int64_t now_ms, struct onboarding **out)
{
	struct onboarding *x;
	struct db_result r;
	int64_t changed = 0;
	enum err e = db_query(ob->db, &q_onboarding_pick, DB_PARAMS(db_time(now_ms)), NULL,
	                      ob->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		abort();
	*x = (struct onboarding){ .ob = ob,
		                  .arena = arena_new(ONE_ARENA),
		                  .client_id = db_get_uuid(&r, 0, 0),
		                  .id = db_get_uuid(&r, 0, 1),
		                  .held_until = now_ms + HOLD_MS,
		                  .error_code = -1 };
	e = db_begin(ob->db, DB_API);
	if (e == ERR_OK) {
		e = db_exec(ob->db, &q_onboarding_take,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_uuid(ob->o.owner),
		                      db_time(now_ms), db_time(now_ms + HOLD_MS)),
		            NULL, &changed);
		if (e == ERR_OK && changed > 0)
			e = load(x); /* together: what is taken and not known would wait for long */
		e = db_end(ob->db, e);
	}
	if (e == ERR_OK && changed > 0)
		*out = x;
	else
		onboarding_free(x);
	return e == ERR_CONFLICT ? ERR_OK : e;
}

/* One statement on a row that is ours, and its word to whoever watches. */
static enum err
write_row(struct onboarding *x, const struct query *q, const struct db_param *params,
          int64_t now_ms)
{
	int64_t changed = 0;
	enum err e = db_exec(x->ob->db, q, params, NULL, &changed);

	if (e == ERR_OK && changed == 0)
		e = ERR_CONFLICT;
	if (e == ERR_OK)
		e = event_put(x->ob->db, x->client_id, EVENT_CONNECTION, x->connection_id, now_ms);
	return e;
}

static struct db_param
word(const char *z)
{
	return db_text(z == NULL ? STR_NONE : str_from(z));
}

static struct db_param
code_of(int64_t code)
{
	return code < 0 ? db_null('i') : db_int(code);
}

enum err
onboarding_store_called(struct onboarding *x, int64_t now_ms)
{
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	/* before the event, which is the last that may wait for a lock (work/event.h) */
	if (x->step == ONBOARD_HISTORY)
		e = db_lane(x->ob->db, x->client_id, true);
	if (e == ERR_OK && x->step == ONBOARD_HISTORY)
		e = db_exec(x->ob->db, &q_onboarding_run_requested,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id),
		                      db_time(now_ms)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = write_row(x, &q_onboarding_called,
		              DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id),
		                        db_uuid(x->ob->o.owner), word(onboard_step_name(x->step)),
		                        db_time(now_ms), db_time(now_ms + HOLD_MS)),
		              now_ms);
	e = db_end(x->ob->db, e);
	if (e == ERR_OK)
		x->held_until = now_ms + HOLD_MS;
	return e;
}

enum err
onboarding_store_later(struct onboarding *x, const struct graph_answer *answer, const char *reason,
                       int64_t at, int64_t now_ms)
{
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	return db_end(x->ob->db, write_row(x, &q_onboarding_later,
	                                   DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id),
	                                             db_uuid(x->ob->o.owner), code_of(answer->code),
	                                             word(reason), db_text(answer->message),
	                                             db_time(now_ms), db_time(at)),
	                                   now_ms));
}

static struct str
detail_of(struct arena *a, const char *key, struct str value)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, 8192);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, key, value);
	jw_obj_end(&w);
	return buf_slice(&b);
}

static enum err
audit(struct onboarding *x, const char *action, struct str detail, int64_t now_ms)
{
	const struct audit_row row = {
		.id = rand_uuid_v7(x->ob->o.rand, now_ms),
		.client_id = x->client_id,
		.at = now_ms,
		.actor = x->actor,
		.action = str_from(action),
		.subject_kind = STR("connection"),
		.subject_id = x->connection_id,
		.detail = detail,
	};

	return audit_insert(x->ob->db, &row);
}

/* In a transaction: whether the number may be this client's, and which of its connections has it.
 */
static enum err
look_for_others(struct onboarding *x, const char **refused)
{
	struct db *db = x->ob->db;
	struct db_result r = { .nrows = 0 };
	enum err e = db_lane(db, x->client_id, true);

	if (e == ERR_OK)
		e = db_lane(db, UUID_NIL, true);
	if (e == ERR_OK)
		e = db_query(db, &q_api_waba_elsewhere,
		             DB_PARAMS(db_text(x->waba_id), db_uuid(x->client_id)), NULL,
		             x->ob->arena, &r);
	if (e == ERR_OK && db_get_int(&r, 0, 0) > 0)
		*refused = "waba_taken";
	if (e == ERR_OK && *refused == NULL)
		e = db_query(db, &q_onboarding_number, DB_PARAMS(db_text(x->found.id)), NULL,
		             x->ob->arena, &r);
	if (e != ERR_OK || *refused != NULL || r.nrows == 0)
		return e;
	if (uuid_eq(db_get_uuid(&r, 0, 0), x->client_id))
		x->connection_id = db_get_uuid(&r, 0, 1);
	else
		*refused = "number_taken";
	return ERR_OK;
}

/* History is requested when it is asked for, and not before. */
static enum err
insert_run(struct onboarding *x, int64_t now_ms)
{
	const struct sync_run_start run = { .id = rand_uuid_v7(x->ob->o.rand, now_ms),
		                            .client_id = x->client_id,
		                            .connection_id = x->connection_id,
		                            .cloud_api = x->wish.cloud_api };

	return sync_run_insert(x->ob->db, &run, now_ms);
}

/* In a transaction: the connection with a new run, or the one that was there with one more. */
static enum err
connect_number(struct onboarding *x, int64_t now_ms, const char **refused)
{
	struct str display = str_is_empty(x->found.display) ? STR_NONE
	                                                    : str_fmt(x->ob->arena, "+" STR_FMT,
	                                                              STR_ARG(x->found.display));
	struct db_param mode = word(x->wish.cloud_api ? "cloud_api" : "coexistence");
	struct db_param history = db_bool(x->wish.history && !x->wish.cloud_api), box;
	bool anew;
	enum err e = look_for_others(x, refused);

	if (e != ERR_OK || *refused != NULL)
		return e;
	anew = uuid_is_nil(x->connection_id);
	if (anew)
		x->connection_id = rand_uuid_v7(x->ob->o.rand, now_ms);
	box = db_bytes(sealed(x, "connections", x->connection_id, "access_token", x->token));
	if (anew)
		e = db_exec(x->ob->db, &q_onboarding_connect,
		            DB_PARAMS(db_uuid(x->connection_id), db_uuid(x->client_id), mode,
		                      db_text(x->found.id), db_text(x->waba_id), db_text(display),
		                      db_text(x->found.verified_name), box, history,
		                      db_time(now_ms)),
		            NULL, NULL);
	else
		e = db_exec(x->ob->db, &q_onboarding_reconnect,
		            DB_PARAMS(db_uuid(x->connection_id), db_uuid(x->client_id), mode,
		                      db_text(x->waba_id), db_text(display),
		                      db_text(x->found.verified_name), box, history,
		                      db_time(now_ms)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = insert_run(x, now_ms);
	if (e == ERR_OK)
		e = audit(x, anew ? "connection.onboarded" : "connection.reconnected",
		          detail_of(x->ob->arena, "phoneNumberId", x->found.id), now_ms);
	return e;
}

enum err
onboarding_store_advance(struct onboarding *x, enum onboard_step to, int64_t now_ms,
                         const char **refused)
{
	bool connects = to == ONBOARD_SUBSCRIBE;
	struct uuid before = x->connection_id;
	/* from then on the connection has the token */
	struct str token = to > ONBOARD_NUMBER ? STR_NONE
	                                       : sealed(x, "onboardings", x->id, "token", x->token);
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	if (connects)
		e = connect_number(x, now_ms, refused);
	if (e == ERR_OK && *refused == NULL)
		e = write_row(x, &q_onboarding_advance,
		              DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id),
		                        db_uuid(x->ob->o.owner), word(onboard_step_name(to)),
		                        db_bytes(STR_NONE), db_bytes(token),
		                        db_text(str_is_set(x->found.id) ? x->found.id : x->wanted),
		                        db_text(x->found.display), db_text(x->found.verified_name),
		                        db_uuid(x->connection_id), code_of(x->error_code),
		                        word(x->error_reason), db_text(x->error_message),
		                        db_time(now_ms), db_time(now_ms + HOLD_MS)),
		              now_ms);
	if (e == ERR_OK && *refused != NULL) {
		x->connection_id = before;
		db_rollback(x->ob->db);
		return ERR_OK;
	}
	e = db_end(x->ob->db, e);
	if (e != ERR_OK)
		x->connection_id = before;
	else
		x->held_until = now_ms + HOLD_MS;
	return e;
}

enum err
onboarding_store_too_late(struct onboarding *x, const struct graph_answer *answer, int64_t now_ms)
{
	struct buf b;
	struct jw w;
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	buf_init(&b, x->ob->arena, 8192);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_ki64(&w, "code", WA_ERROR_TOO_LATE);
	jw_kstr(&w, "message", answer->message);
	jw_obj_end(&w);
	e = db_lane(x->ob->db, x->client_id, true);
	if (e == ERR_OK)
		e = db_exec(x->ob->db, &q_onboarding_run_too_late,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id),
		                      db_json(buf_slice(&b)), db_time(now_ms)),
		            NULL, NULL);
	e = db_end(x->ob->db, e);
	if (e != ERR_OK)
		return e;
	x->error_code = answer->code;
	x->error_reason = answer->reason;
	x->error_message = str_dup(x->arena, answer->message);
	return ERR_OK;
}

enum err
onboarding_store_was_asked(struct onboarding *x)
{
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	e = db_lane(x->ob->db, x->client_id, true);
	if (e == ERR_OK)
		e = db_exec(x->ob->db, &q_onboarding_run_drop,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id)), NULL,
		            NULL);
	return db_end(x->ob->db, e);
}

/* What of code and token a failed one still has: with them it can go on. */
static void
keep_secrets(const struct onboarding *x, const char *failed, struct str *code, struct str *token)
{
	bool spent = strcmp(failed, "code_expired") == 0 || strcmp(failed, "code_used") == 0;

	*code = x->step == ONBOARD_TOKEN && !spent
	                ? sealed(x, "onboardings", x->id, "code", x->code)
	                : STR_NONE;
	*token = x->step == ONBOARD_NUMBER ? sealed(x, "onboardings", x->id, "token", x->token)
	                                   : STR_NONE;
}

enum err
onboarding_store_end(struct onboarding *x, const char *failed, const struct graph_answer *answer,
                     int64_t now_ms)
{
	struct str code = STR_NONE, token = STR_NONE;
	const char *reason = failed != NULL ? failed : x->error_reason;
	int64_t number = answer != NULL ? answer->code : failed != NULL ? -1 : x->error_code;
	struct str message = answer != NULL   ? answer->message
	                     : failed != NULL ? STR_NONE
	                                      : x->error_message;
	enum err e = db_begin(x->ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	if (failed != NULL)
		keep_secrets(x, failed, &code, &token);
	e = write_row(x, &q_onboarding_end,
	              DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_uuid(x->ob->o.owner),
	                        word(failed != NULL ? "failed" : "done"),
	                        word(onboard_step_name(failed != NULL ? x->step : ONBOARD_DONE)),
	                        db_bytes(code), db_bytes(token), code_of(number), word(reason),
	                        db_text(message), db_time(now_ms)),
	              now_ms);
	if (e == ERR_OK && failed != NULL && !uuid_is_nil(x->connection_id))
		e = audit(x, "connection.onboarding_failed",
		          detail_of(x->ob->arena, "reason", str_from(failed)), now_ms);
	return db_end(x->ob->db, e);
}

enum err
onboarding_forget(struct onboarder *ob, int64_t before_ms)
{
	enum err e = db_begin(ob->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	return db_end(ob->db, db_exec(ob->db, &q_onboarding_forget, DB_PARAMS(db_time(before_ms)),
	                              NULL, NULL));
}

enum err
onboarding_release(struct onboarder *ob, int64_t now_ms)
{
	enum err e = db_begin(ob->db, DB_API);

	if (e != ERR_OK)
		return e;
	return db_end(ob->db,
	              db_exec(ob->db, &q_onboarding_release,
	                      DB_PARAMS(db_uuid(ob->o.owner), db_time(now_ms)), NULL, NULL));
}
