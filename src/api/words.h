/* The words that members and parameters of the API are made of. Each list ends with NULL. */
#ifndef RECADO_API_WORDS_H
#define RECADO_API_WORDS_H

#include <stddef.h>

extern const char *const words_roles[];       /* of tokens */
extern const char *const words_callers[];     /* with the operator */
extern const char *const words_kinds[];       /* of connections that are registered by hand */
extern const char *const words_all_kinds[];   /* of connections */
extern const char *const words_send_types[];  /* of messages that can be sent */
extern const char *const words_modes[];       /* of connections */
extern const char *const words_connections[]; /* states of connections */
extern const char *const words_sync[];        /* states of a history sync */
extern const char *const words_onboarding_steps[];
extern const char *const words_onboarding_states[];
extern const char *const words_history_reasons[]; /* why it failed, in our words */
extern const char *const words_filters[];         /* of conversations */
extern const char *const words_by_hand[];         /* sources of tickets that are opened by hand */
extern const char *const words_states[];          /* of WhatsApp tickets */
extern const char *const words_ticket_sources[];
extern const char *const words_includes[]; /* what a ticket is asked to show besides */
extern const char *const words_origins[];  /* of tickets */
extern const char *const words_lead_sources[];
extern const char *const words_message_sources[];
extern const char *const words_directions[];
extern const char *const words_message_states[];
extern const char *const words_senders[];
extern const char *const words_sides[]; /* who reacts */
extern const char *const words_media[]; /* states of media */
extern const char *const words_session_sources[];
extern const char *const words_session_types[];
/* In the order of the bits of enum session_flag. */
extern const char *const words_session_flags[];
extern const char *const words_event_states[];
/* In the order of the bits of enum fact_field. */
extern const char *const words_event_fields[];
extern const char *const words_job_kinds[];
extern const char *const words_job_states[];
extern const char *const words_granularities[];
extern const char *const words_formats[];
extern const char *const words_orders[]; /* of messages in a prompt */
extern const char *const words_analysis_states[];
extern const char *const words_findings[]; /* severities of findings */
extern const char *const words_tag_modes[];

#endif
