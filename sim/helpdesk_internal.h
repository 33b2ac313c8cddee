/* What the files of the simulated helpdesk share. */
#ifndef RECADO_SIM_HELPDESK_INTERNAL_H
#define RECADO_SIM_HELPDESK_INTERNAL_H

#include "sim/helpdesk_world.h"

struct helpdesk_tag *helpdesk_add_tag(struct helpdesk *, struct dice *);
struct helpdesk_contact *helpdesk_add_contact(struct helpdesk *, struct dice *);
/* A ticket without trackings and messages, made at that time. */
struct helpdesk_ticket *helpdesk_add_ticket(struct helpdesk *, struct dice *, int64_t at);
struct helpdesk_tracking *
helpdesk_add_tracking(struct helpdesk *, struct helpdesk_ticket *, int64_t at);
struct helpdesk_message *
helpdesk_add_message(struct helpdesk *, struct helpdesk_ticket *, struct dice *, int64_t at);
/* Fills in what a picture or a recording has. */
void helpdesk_give_media(struct helpdesk *, struct helpdesk_message *, struct dice *);
/* One of those in the set, of more than n tags none twice. */
void helpdesk_give_tags(struct helpdesk *, struct helpdesk_contact *, struct dice *);
/* The person's number as somebody typed it. */
struct str helpdesk_write_number(struct arena *, struct dice *, struct str number);

/* The kept texts are no longer right. */
void helpdesk_forget_ticket(struct helpdesk_ticket *);
void helpdesk_forget_message(struct helpdesk_message *);
void helpdesk_forget_contact(struct helpdesk *, size_t contact);
/* The ticket's updatedAt becomes now. */
void helpdesk_touch(struct helpdesk *, struct helpdesk_ticket *);

#endif
