/*
 * One journal body → facts. Pure: no I/O, no clock. Understands Meta's envelope, 360dialog's
 * {id,event,data} and the bare value of a declined history. Anything unknown is skipped or kept as
 * a stub, never a failure.
 */
#ifndef RECADO_CORE_WA_DECODE_H
#define RECADO_CORE_WA_DECODE_H

#include "core/facts.h"

enum wa_body {
	WA_BODY_OK,       /* facts are in *out (perhaps none) */
	WA_BODY_NOT_JSON, /* not JSON or too deep: the entry failed */
	WA_BODY_IGNORED,  /* JSON of another `object` or shape: ignored */
	WA_BODY_TOO_LARGE /* passed the arena's cap */
};

/*
 * reason: short English text where not OK. All facts, text included, live in the arena.
 */
enum wa_body wa_decode(struct arena *, struct str body, struct facts *out, struct str *reason);

/* Bounds on one element, beyond which it is a problem `out_of_bounds`. */
#define WA_MAX_ID   512  /* bytes of a message id, a person's id */
#define WA_MAX_NAME 1024 /* bytes of a name (longer ones are cut at a character) */
#define WA_MAX_BODY                                                                                \
	(256 * 1024) /* bytes of a readable body (longer ones are cut at a character)              \
	              */

#endif
