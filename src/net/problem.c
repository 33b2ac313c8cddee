/*
 * The one place that words an error for the outside. What always holds: the document is JSON, its
 * status is the one of the answer, and nothing enters it but the table's text and what the handler
 * gave.
 */
#include "net/problem.h"

#include <stdio.h>

#include "base/json.h"

void
problem_add(struct problem *p, struct str path, const char *code, struct str message)
{
	if (p->nerrors == PROBLEM_MAX_ERRORS)
		return;
	p->errors[p->nerrors].path = path;
	p->errors[p->nerrors].code = code;
	p->errors[p->nerrors++].message = message;
}

void
problem_render(const struct problem *p, struct str request_id, struct buf *b)
{
	problem_render_as(p, err_info(p->code)->http_status, request_id, b);
}

void
problem_render_as(const struct problem *p, int status, struct str request_id, struct buf *b)
{
	const struct err_info *info = err_info(p->code);
	char type[64];
	struct jw w;

	snprintf(type, sizeof(type), "/problems/%s", info->code);
	jw_init(&w, b);
	jw_obj(&w);
	jw_kz(&w, "type", type);
	jw_kz(&w, "title", info->title);
	jw_ki64(&w, "status", status);
	if (!str_is_empty(p->detail))
		jw_kstr(&w, "detail", p->detail);
	jw_kz(&w, "error", info->code);
	if (p->why != NULL)
		jw_kz(&w, "code", p->why);
	if (p->nerrors > 0) {
		jw_key(&w, "errors");
		jw_arr(&w);
		for (size_t i = 0; i < p->nerrors; i++) {
			jw_obj(&w);
			jw_kstr(&w, "path", p->errors[i].path);
			jw_kz(&w, "code", p->errors[i].code);
			jw_kstr(&w, "message", p->errors[i].message);
			jw_obj_end(&w);
		}
		jw_arr_end(&w);
	}
	jw_kstr(&w, "requestId", request_id);
	jw_obj_end(&w);
}
