/*
 * Why: the schemas lie in several files, by what they are about; here they are one list.
 *
 * What always holds: a schema that an answer, a body or another schema names is in the list, and
 * names are unlike each other (a test holds the document to it).
 */
#include "api/schema_rows.h"

static const struct api_schema *const *const parts[] = { schemas_service, schemas_inbox,
	                                                 schemas_analysis };

const struct api_schema *
schema_at(size_t i)
{
	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		size_t n = 0;

		while (parts[k][n] != NULL && n < i)
			n++;
		if (parts[k][n] != NULL)
			return parts[k][n];
		i -= n;
	}
	return NULL;
}

static size_t
count(const struct api_schema *s)
{
	size_t n = s->base != NULL ? count(s->base) : 0;

	for (const struct api_member *m = s->members; m->name != NULL; m++)
		n++;
	return n;
}

const struct api_member *
schema_member(const struct api_schema *s, size_t i)
{
	size_t before = s->base != NULL ? count(s->base) : 0;
	const struct api_member *m;

	if (i < before)
		return schema_member(s->base, i);
	m = &s->members[i - before];
	return m->name != NULL ? m : NULL;
}
