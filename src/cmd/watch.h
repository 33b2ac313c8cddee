/* What a long command shows of its jobs: a bar on a terminal, lines in a pipe, NDJSON. */
#ifndef RECADO_CMD_WATCH_H
#define RECADO_CMD_WATCH_H

#include <stdbool.h>

#include "store/db.h"

enum watch_end { WATCH_GOES_ON, WATCH_DONE, WATCH_PARTLY, WATCH_FAILED, WATCH_STOPPED };

/* One job as it is shown. */
struct watched {
	struct uuid id;
	const char *slug;
	bool joined;                      /* it was under way already: not this call's to stop */
	enum watch_end end;               /* out, of watch_look */
	int64_t done, total, eta_seconds; /* total and eta -1: not known */
	int64_t seen_at, seen_done; /* when and where this call first saw it move; 0: not yet */
	char unit[16];
};

struct watch {
	const char *command; /* "import" */
	bool json, terminal;
	struct watched *jobs;
	size_t n;
	int64_t next_line_ms; /* of plain lines */
	bool bar;             /* one stands on the terminal */
};

/* json: NDJSON on stdout. Else a bar on stderr if that is a terminal, else lines on stdout. */
void watch_init(struct watch *, const char *command, bool json, struct watched *jobs, size_t n);
/* Reads the jobs that go on, and shows what is new. The database's failure leaves all as it is. */
MUST_CHECK enum err watch_look(struct watch *, struct db *, int64_t now_ms);
/* A line for people, beside the bar; nothing with json. */
void watch_say(struct watch *, const char *text);
/* Is any of them going on? */
bool watch_goes_on(const struct watch *);
/* The last word: for json the final object. Returns the exit status of the whole. */
int watch_finish(struct watch *, struct db *);

#endif
