/*
 * Runs one fuzz target over every file of its corpus, without libFuzzer, so that what fuzzing
 * once found stays found. A corpus without a file is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_INPUT_BYTES (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's bytes in memory of exactly their length, so that a sanitizer sees every overrun. */
static uint8_t *
read_input(const char *folder, const char *name, size_t *size)
{
	char path[4096];
	uint8_t *whole, *data = NULL;
	FILE *f;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return NULL;
	f = fopen(path, "rb");
	whole = malloc(MAX_INPUT_BYTES);
	if (f && whole) {
		*size = fread(whole, 1, MAX_INPUT_BYTES, f);
		data = realloc(whole, *size ? *size : 1);
		whole = NULL;
	}
	free(whole);
	if (f)
		fclose(f);
	return data;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	int passed = 0, failed = 0;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	while (dir && (entry = readdir(dir))) {
		uint8_t *data;
		size_t size = 0;

		if (entry->d_name[0] == '.')
			continue;
		data = read_input(argv[1], entry->d_name, &size);
		if (data) {
			printf("%s\n", entry->d_name);
			fflush(stdout);
			(void)LLVMFuzzerTestOneInput(data, size);
			passed++;
		} else {
			fprintf(stderr, "cannot read %s\n", entry->d_name);
			failed++;
		}
		free(data);
	}
	if (dir)
		closedir(dir);
	if (passed == 0) {
		fprintf(stderr, "the corpus %s holds no file\n", argc == 2 ? argv[1] : "");
		failed++;
	}
	printf("checks: %d passed, %d failed\n", passed, failed);
	return failed ? 1 : 0;
}
