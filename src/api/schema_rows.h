/* How the tables of schema_*.c are written: one row a member. Only for those files. */
#ifndef RECADO_API_SCHEMA_ROWS_H
#define RECADO_API_SCHEMA_ROWS_H

#include "api/schema.h"
#include "api/words.h"

#define NUL  MEMBER_NULL
#define OPT  MEMBER_OPTIONAL
#define LIST MEMBER_LIST
#define MAP  MEMBER_MAP

#define ROW(name, type, flags, of, words, does)                                                    \
	{                                                                                          \
		name, type, flags, of, words, does                                                 \
	}
#define TEXT(name, flags, does)        ROW(name, TYPE_TEXT, flags, NULL, NULL, does)
#define INT(name, flags, does)         ROW(name, TYPE_INT, flags, NULL, NULL, does)
#define NUMBER(name, flags, does)      ROW(name, TYPE_NUMBER, flags, NULL, NULL, does)
#define BOOL(name, flags, does)        ROW(name, TYPE_BOOL, flags, NULL, NULL, does)
#define TIME(name, flags, does)        ROW(name, TYPE_TIME, flags, NULL, NULL, does)
#define UUID(name, flags, does)        ROW(name, TYPE_UUID, flags, NULL, NULL, does)
#define ANY(name, flags, does)         ROW(name, TYPE_ANY, flags, NULL, NULL, does)
#define WORD(name, flags, words, does) ROW(name, TYPE_WORD, flags, NULL, words, does)
#define OBJECT(name, flags, of, does)  ROW(name, TYPE_OBJECT, flags, of, NULL, does)
#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}
/* A schema of this name in PascalCase, with its members. */
#define SCHEMA(variable, name, base, does, ...)                                                    \
	const struct api_schema variable = { name, does, base,                                     \
		                             (const struct api_member[]){ __VA_ARGS__, END } }

/* The schemas of each of those files; NULL ends a list. */
extern const struct api_schema *const schemas_service[], *const schemas_inbox[],
								 *const schemas_analysis[];

#endif
