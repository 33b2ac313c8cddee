/* What the sender of alerts is made of; for its file and for its tests, which make faults. */
#ifndef RECADO_WORK_ALERT_SENDER_INTERNAL_H
#define RECADO_WORK_ALERT_SENDER_INTERNAL_H

#include "core/alert.h"
#include "work/alert_sender.h"

/* One that this process is at. */
struct alert_slot {
	bool used;
	struct uuid id;
	enum alert_kind kind;
	unsigned tries; /* with the one that is under way */
	int64_t created_at, held_until;
	uint64_t call;
	bool flying, heard; /* heard: `result` is to be settled; kept until that is written */
	struct http_result result;
};

struct alert_sender {
	struct alert_sender_options o;
	struct hmac_key *key;
	struct db *db;
	struct arena *arena; /* of one step */
	struct alert_slot slots[ALERT_SENDER_MOST];
	int64_t look_at, away_until;
};

#endif
