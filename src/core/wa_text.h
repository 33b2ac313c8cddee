/* What a message of each type says in readable words. Reference: whatsapp-wire §5.2. Pure. */
#ifndef RECADO_CORE_WA_TEXT_H
#define RECADO_CORE_WA_TEXT_H

#include "core/facts.h"

#define WA_MAX_TYPE 64 /* bytes of a type or status word; longer ones are cut */

struct wa_text {
	struct str type; /* as written; "unknown" if absent; never empty */
	enum content_rank content;
	struct str body; /* STR_NONE if the type has no words */
	struct str raw;  /* canonical JSON of the type's own object; STR_NONE for plain text */
};

/* `message` has `type` and the member of that name. Never fails: what cannot be read is a stub. */
void wa_text_read(struct arena *, const cJSON *message, struct wa_text *out);

#endif
