/* Phone numbers as WhatsApp writes them. Reference: whatsapp-wire §10. */
#ifndef RECADO_CORE_PHONE_H
#define RECADO_CORE_PHONE_H

#include "base/arena.h"
#include "base/str.h"

#define PHONE_MAX_DIGITS 20

/* Digits only, without '+', spaces, punctuation and a leading 00. STR_NONE if none or more than 20
 * digits or other letters are in it. */
struct str phone_digits(struct arena *, struct str text);
/* The key under which variants of one number meet (Brazil's ninth digit, Mexico 521, Argentina
 * 549). Input: digits. */
struct str phone_match_key(struct arena *, struct str digits);
bool
phone_same(struct arena *, struct str x, struct str y); /* by match key; absent is never the same */
/* Business-scoped user id: [A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128} */
bool phone_is_bsuid(struct str text);

#endif
