/* Finds the row of a route table for a method and a path. Pure. Patterns: "/api/clients/:slug". */
#ifndef RECADO_NET_ROUTER_H
#define RECADO_NET_ROUTER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define ROUTER_MAX_PARAMS 4
#define QUERY_MAX_PARAMS  32

struct route_params {
	size_t n;
	struct {
		const char *name; /* into the pattern, not NUL-terminated: use name_len */
		size_t name_len;
		struct str value; /* percent-decoded */
	} p[ROUTER_MAX_PARAMS];
};

/*
 * Index of the matching pattern, or -1. Literal segments win over parameters. HEAD matches GET.
 * *path_known tells whether any row matches the path, whatever its method (405 instead of 404). A
 * trailing slash is not ignored. Segments that do not decode (bad %, %00, invalid UTF-8, "." or
 * "..") match nothing; neither do more than 16. A parameter is never empty. `out` is written only
 * when a row matches. `stride`: bytes between rows; method and pattern are `const char *` members
 * at the given offsets.
 */
struct route_table {
	const void *rows;
	size_t count, stride, method_offset, pattern_offset;
};
int router_match(const struct route_table *, struct arena *, struct str method, struct str path,
                 struct route_params *out, bool *path_known);
/* Methods that the path knows, "GET, HEAD, POST", for Allow; STR_NONE if the path is unknown. */
struct str router_allow(const struct route_table *, struct arena *, struct str path);
struct str route_param(const struct route_params *, const char *name);

/*
 * Query strings (application/x-www-form-urlencoded): decoded, in order. ERR_INVALID for bad
 * escapes, an empty name, more than 32 parameters, twice the same name. "a" is "a="; empty pieces
 * ("&&") are skipped.
 */
struct query_params {
	size_t n;
	struct {
		struct str name, value;
	} p[QUERY_MAX_PARAMS];
};
MUST_CHECK enum err query_parse(struct arena *, struct str text, struct query_params *out);
/*
 * What query_parse refuses the text for, in words that follow the parameter's name, and that name
 * (STR_NONE if it has none that can be read). NULL: it does not refuse it.
 */
const char *query_wrong(struct arena *, struct str text, struct str *name);
struct str query_get(const struct query_params *, const char *name); /* STR_NONE if absent */
/* Percent-decodes; plus_is_space for query strings. STR_NONE if malformed: bad escape, NUL, not
 * UTF-8. */
struct str percent_decode(struct arena *, struct str s, bool plus_is_space);

#endif
