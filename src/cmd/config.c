/* `recado config`, `recado version`: what this program is told and what it is. */
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/settings.h"

static void
print(const struct buf *b)
{
	struct str text = buf_slice(b);

	fwrite(text.p, 1, text.n, stdout);
}

int
config_run(const struct invocation *inv)
{
	struct settings s;
	struct buf b;
	int status = EXIT_DONE;

	buf_init(&b, NULL, (size_t)1 << 20);
	if (invocation_get(inv, "--example") != NULL) {
		config_example(&b);
	} else if (invocation_get(inv, "--reference") != NULL) {
		config_reference(&b);
	} else {
		if (settings_load(&s)) {
			config_print(&s.config, &b);
			fprintf(stderr, STR_FMT, STR_ARG(s.warnings));
		} else {
			status = EXIT_CONFIG;
		}
		settings_free(&s);
	}
	if (buf_slice(&b).n > 0)
		print(&b);
	buf_deinit(&b);
	return status;
}

int
version_run(const struct invocation *inv)
{
	(void)inv;
	printf("recado %s\n", RECADO_VERSION);
	return EXIT_DONE;
}
