/* What the figures over sessions share: what was asked for, and the walk over the sessions. */
#ifndef RECADO_API_KPIS_H
#define RECADO_API_KPIS_H

#include "api/call.h"
#include "core/session.h"

/* A session as the figures read it. Text lives as long as the call of kpi_row_fn. */
struct kpi_row {
	struct uuid id, conversation, ticket, lead; /* ticket nil: an episode */
	bool episode;
	struct session s;                 /* without ids */
	struct session_response response; /* if it was asked for */
};
struct kpi_asked {
	int64_t from, to; /* of starts */
	struct str agent, tag;
	bool csv;
};
typedef void kpi_row_fn(struct api_call *, void *ctx, struct kpi_row *);

/* From the query; the last 30 days without from. Problems are set. */
MUST_CHECK enum err kpi_read_asked(struct api_call *, struct kpi_asked *out);
/* Each session that counts, by its start. responses: with who waited how long. */
MUST_CHECK enum err kpi_each_session(struct api_call *, const struct kpi_asked *, bool responses,
                                     kpi_row_fn *, void *ctx);

#endif
