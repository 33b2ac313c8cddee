/* What people of a small business and its customers are called, and what they write to each other.
 */
#ifndef RECADO_SIM_WORDS_H
#define RECADO_SIM_WORDS_H

#include "base/buf.h"
#include "base/str.h"
#include "sim/dice.h"

struct str words_name(struct arena *, struct dice *); /* "Ana Ribeiro" */
struct str
words_username(struct arena *, struct str name, uint64_t n); /* "ana.ribeiro.17", unique by n */
struct str words_customer(struct arena *, struct dice *);    /* a customer's message */
struct str words_business(struct arena *, struct dice *);    /* the business's message */
struct str words_caption(struct arena *, struct dice *);     /* under a picture; may be absent */
struct str words_title(struct arena *, struct dice *);       /* of a button, a row, a place */
struct str words_emoji(struct dice *);

#endif
