/* What the routes take, for the rows of routes.c: one list a query or body, by what it asks for. */
#ifndef RECADO_API_FIELDS_H
#define RECADO_API_FIELDS_H

#include "api/call.h"

extern const struct api_field fields_page[];
extern const struct api_field fields_login_new[];
extern const struct api_field fields_client_new[];
extern const struct api_field fields_client_change[];
extern const struct api_field fields_token_new[];
extern const struct api_field fields_connection_new[];
extern const struct api_field fields_onboard[];
extern const struct api_field fields_message_new[];
extern const struct api_field fields_connection_change[];
extern const struct api_field fields_ticket_query[];
extern const struct api_field fields_ticket_one[];
extern const struct api_field fields_ticket_new[];
extern const struct api_field fields_ticket_change[];
extern const struct api_field fields_conversation_query[];
extern const struct api_field fields_message_query[];
extern const struct api_field fields_lead_query[];
extern const struct api_field fields_lead_new[];
extern const struct api_field fields_lead_change[];
extern const struct api_field fields_alerts[];
extern const struct api_field fields_event_stream[];
extern const struct api_field fields_event_query[];
extern const struct api_field fields_event_filter[];
extern const struct api_field fields_import_new[];
extern const struct api_field fields_job_query[];
extern const struct api_field fields_kpi_response[];
extern const struct api_field fields_kpi_duration[];
extern const struct api_field fields_kpi_slowest[];
extern const struct api_field fields_script_new[];
extern const struct api_field fields_script_query[];
extern const struct api_field fields_analysis_ask[];
extern const struct api_field fields_script_choice[];
extern const struct api_field fields_analysis_window[];
extern const struct api_field fields_analysis_ranking[];
extern const struct api_field fields_analysis_failures[];
extern const struct api_field fields_analysis_one[];
extern const struct api_field fields_verification[]; /* the door's */

#endif
