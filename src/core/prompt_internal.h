/* The parts of a prompt, shared by its files. */
#ifndef RECADO_CORE_PROMPT_INTERNAL_H
#define RECADO_CORE_PROMPT_INTERNAL_H

#include "core/prompt.h"

/* Role, rules and rubric, in Portuguese. The same for every session of a script, so that a server
 * may keep what it has read of it. */
struct str prompt_instructions(struct arena *, const struct script *);
/* The first part of the input: says that what follows is data. */
struct str prompt_framing(void);
/*
 * JSON schema of the report under the rules of strict structured outputs: every member required,
 * none beside them, supported keywords only. A model tuned on one's own data ("ft:…") knows no
 * bounds, so they are left out for it.
 */
struct str prompt_schema(struct arena *, const struct script *, struct str model);

/* One message on its way into the request. */
struct prompt_line {
	const struct prompt_message *m;
	int64_t at;      /* the time it is ordered by */
	struct str type; /* a plain word */
	struct str text; /* as it is sent */
	size_t head_n;   /* bytes of its line without the text */
	size_t text_n;   /* bytes of the text in visible form */
};

struct prompt_lines {
	struct prompt_line *v; /* in order: m1, m2 … */
	size_t n;
	size_t head;   /* lines at the front that are sent */
	size_t tail;   /* first line of the back that is sent; head == tail: all are */
	size_t unread; /* messages between head and tail that have no line */
	bool truncated;
};

/* Messages in order, with their text as sent and their sizes; everything is to be sent. */
void prompt_list(struct arena *, const struct prompt_message *, size_t n,
                 const struct prompt_options *, struct prompt_lines *out);
/* Messages left out between head and tail. */
static inline size_t
prompt_omitted(const struct prompt_lines *lines)
{
	return lines->tail - lines->head + lines->unread;
}
/* Bytes of all lines that are sent; the marker of a gap counts as PROMPT_GAP_BYTES, its most. */
size_t prompt_lines_size(const struct prompt_lines *);
/*
 * Makes the lines fit into `room` bytes: first the longest texts are cut in the middle, all to the
 * same length and none to less than 2,000 bytes (or an eighth of the room), then messages between
 * head and tail are left out. ERR_TOO_LARGE: room is less than PROMPT_LEAST_ROOM.
 */
MUST_CHECK enum err prompt_cut(struct arena *, struct prompt_lines *, size_t room);
/* Writes the lines that are sent. */
void prompt_write_lines(struct buf *, const struct prompt_lines *);

/* Least bytes for a conversation that has to be cut. */
#define PROMPT_LEAST_ROOM 1500
#define PROMPT_GAP_BYTES  160

#endif
