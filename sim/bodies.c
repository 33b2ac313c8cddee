/*
 * `recado-sim bodies`: the webhook bodies as files, 000001.json and so on, and manifest.tsv with
 * number, receive time and part. What always holds: the same options write the same bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "sim/commands.h"

static bool
write_file(const char *path, struct str bytes)
{
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "recado-sim: %s: %s\n", path, strerror(errno));
	return ok;
}

int
command_bodies(struct arena *a, const struct sim_args *args)
{
	struct world w;
	struct world_bodies bodies;
	struct buf manifest;

	if (args->out == NULL) {
		fprintf(stderr, "recado-sim bodies: --out is needed\n");
		return 64;
	}
	if (mkdir(args->out, 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "recado-sim: %s: %s\n", args->out, strerror(errno));
		return 1;
	}
	world_make(a, &args->world, &w);
	world_make_bodies(a, &w, args->batch, &bodies);
	world_misdeliver(a, &bodies, args->world.seed, args->window, args->duplicate);
	buf_init(&manifest, a, 256u << 20);
	for (size_t i = 0; i < bodies.n; i++) {
		const struct world_body *b = &bodies.v[i];
		char at[TIME_TEXT_LEN + 1];
		time_format(b->received_at, at);
		buf_fmt(&manifest, "%06zu.json\t%s\t%s\n", i + 1, at, b->part);
		if (!write_file(str_z(a, str_fmt(a, "%s/%06zu.json", args->out, i + 1)), b->bytes))
			return 1;
	}
	if (!write_file(str_z(a, str_fmt(a, "%s/manifest.tsv", args->out)), buf_slice(&manifest)))
		return 1;
	if (!args->quiet)
		printf("%zu bodies in %s\n", bodies.n, args->out);
	return 0;
}
