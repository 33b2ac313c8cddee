/*
 * Why: base/zone knows no files. What always holds: a name cannot leave the folder of zones, and no
 * more than ZONE_MAX_BYTES are read.
 */
#include "sys/zone_file.h"

#include <stdio.h>

#define FOLDER   "/usr/share/zoneinfo/"
#define MAX_NAME 64

/* Letters, digits and / _ - + alone: no dots, so that no part of it leads elsewhere. */
static bool
is_name(struct str s)
{
	if (s.n == 0 || s.n > MAX_NAME || s.p[0] == '/' || s.p[s.n - 1] == '/')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '/' || c == '_' || c == '-' || c == '+'))
			return false;
	}
	return true;
}

static enum err
read_file(struct arena *a, FILE *f, const struct zone **out)
{
	struct arena *scratch = arena_new(2 * ZONE_MAX_BYTES);
	char *bytes = arena_alloc(scratch, ZONE_MAX_BYTES + 1);
	size_t n = fread(bytes, 1, ZONE_MAX_BYTES + 1, f); /* of a folder nothing is read */
	enum err e = n == 0 ? ERR_NOT_FOUND : zone_read(a, str_n(bytes, n), out);

	arena_free(scratch);
	return e;
}

enum err
zone_file_read(struct arena *a, struct str name, const struct zone **out)
{
	enum err e;
	FILE *f;

	if (str_eq(name, STR("UTC"))) {
		*out = zone_utc();
		return ERR_OK;
	}
	if (!is_name(name))
		return ERR_NOT_FOUND;
	f = fopen(str_z(a, str_fmt(a, FOLDER STR_FMT, STR_ARG(name))), "rb");
	if (f == NULL)
		return ERR_NOT_FOUND;
	e = read_file(a, f, out);
	(void)fclose(f);
	return e;
}
