/* What a WhatsApp message id tells (observed, undocumented; never required). Reference:
 * whatsapp-wire §2.9. */
#ifndef RECADO_CORE_WAMID_H
#define RECADO_CORE_WAMID_H

#include "base/arena.h"
#include "base/str.h"

struct wamid {
	bool outbound;     /* the direction byte: 11 outgoing, 12 incoming */
	struct str remote; /* digits or BSUID: customer, or in history the business */
	struct str key_id; /* the phone app's own id, as written */
};
/* false if it does not decode exactly. */
bool wamid_decode(struct arena *, struct str text, struct wamid *out);
/* Identity of a message inside one conversation: "i:<key_id>" or "o:<key_id>", else the text
 * itself. Never empty for a non-empty text. */
struct str wamid_dedup_key(struct arena *, struct str text);
/* Builds one (for the simulator and tests). */
struct str wamid_encode(struct arena *, const struct wamid *);

#endif
