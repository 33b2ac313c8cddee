/*
 * Errors of the model server. Why not taken as they are: a server may repeat what it was sent, and
 * what it was sent is a customer's conversation. What always holds: a text is one short line, with
 * all personal data masked, whatever the operator chose for the prompt.
 */
#include "core/model_error.h"

#include "core/redact.h"
#include "core/visible.h"

struct str
model_error_words(struct arena *a, struct str words)
{
	struct str trimmed = str_trim(words);

	if (trimmed.n == 0)
		return STR_NONE;
	/* masked first: half a number is none that could be seen as one */
	return visible_text(a, redact_text(a, trimmed, REDACT_ALL), MODEL_MAX_TEXT);
}

struct str
model_error_code(const cJSON *error)
{
	struct str code = json_str(json_get(error, "code"));

	if (!str_is_set(code))
		code = json_str(json_get(error, "type"));
	if (code.n == 0 || code.n > MODEL_MAX_CODE)
		return STR_NONE;
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-' || c == '.'))
			return STR_NONE;
	}
	return code;
}

void
model_error_read(struct arena *a, struct str body, struct model_error *out)
{
	const cJSON *root = NULL, *error;

	*out = (struct model_error){ 0 };
	if (json_parse(a, body, &root) != ERR_OK)
		return;
	error = json_get(root, "error");
	out->code = model_error_code(error);
	out->text = model_error_words(a, json_str(json_get(error, "message")));
}
