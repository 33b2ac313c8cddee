/*
 * Why: every command line is read by the same rules, and help cannot differ from what is accepted.
 * What always holds: a command runs only with words and options that its row allows; what is wrong
 * is named by the word that is wrong.
 */
#include "cmd/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *
invocation_get(const struct invocation *inv, const char *option)
{
	for (size_t i = 0; inv->command->options[i].name != NULL; i++)
		if (strcmp(inv->command->options[i].name, option) == 0)
			return inv->values[i];
	assert(false && "an option of the command's row");
	return NULL;
}

static void
print_usage(FILE *f, const struct command *c)
{
	fprintf(f, "usage: recado %s%s%s", c->name, c->words[0] != '\0' ? " " : "", c->words);
	for (const struct command_option *o = c->options; o->name != NULL; o++)
		fprintf(f, o->required ? " %s%s%s" : " [%s%s%s]", o->name,
		        o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	fputc('\n', f);
}

int
command_refuse(const struct invocation *inv, const char *word, const char *why)
{
	fprintf(stderr, "recado %s: %s: %s\n", inv->command->name, word, why);
	print_usage(stderr, inv->command);
	return EXIT_USAGE;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* `recado help NAME`, however it was asked for. */
static int
ask_help(const char *name, struct invocation *out)
{
	const struct command *c = commands;

	while (strcmp(c->name, "help") != 0)
		c++;
	*out = (struct invocation){ .command = c, .nwords = name != NULL, .words = { name } };
	return EXIT_DONE;
}

/* Length of the first word of a command's name. */
static size_t
first_len(const char *name)
{
	return strcspn(name, " ");
}

static bool
has_first(const struct command *c, const char *word)
{
	size_t n = first_len(c->name);

	return strlen(word) == n && memcmp(c->name, word, n) == 0;
}

/* A command begins with the word. */
static bool
is_first(const char *word)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (has_first(c, word))
			return true;
	return false;
}

static int
refuse_unknown(int argc, char **argv)
{
	if (argc == 0) {
		fprintf(stderr, "recado: which command?\n");
		fprintf(stderr, "usage: recado COMMAND [ARGUMENTS]; `recado help` lists them\n");
		return EXIT_USAGE;
	}
	if (!is_first(argv[0])) {
		fprintf(stderr, "recado: there is no command `%s`\n", argv[0]);
		fprintf(stderr, "usage: recado COMMAND [ARGUMENTS]; `recado help` lists them\n");
		return EXIT_USAGE;
	}
	if (argc > 1)
		fprintf(stderr, "recado %s: there is no command `%s %s`\n", argv[0], argv[0],
		        argv[1]);
	else
		fprintf(stderr, "recado %s: a word is missing\n", argv[0]);
	for (const struct command *c = commands; c->name != NULL; c++)
		if (has_first(c, argv[0]))
			print_usage(stderr, c);
	return EXIT_USAGE;
}

/* The row for the first words of argv; *used: how many of them it took. */
static const struct command *
find(int argc, char **argv, int *used)
{
	for (const struct command *c = commands; argc > 0 && c->name != NULL; c++) {
		size_t n = first_len(c->name);

		if (!has_first(c, argv[0]))
			continue;
		*used = c->name[n] == '\0' ? 1 : 2;
		if (*used == 1 || (argc > 1 && strcmp(c->name + n + 1, argv[1]) == 0))
			return c;
	}
	return NULL;
}

/* One option, with its value if it takes one; *at is its index in argv and moves past it. */
static int
parse_option(struct invocation *inv, int argc, char **argv, int *at)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
	size_t i = 0;
	const struct command_option *o = inv->command->options;

	while (o[i].name != NULL && (strlen(o[i].name) != len || memcmp(o[i].name, word, len) != 0))
		i++;
	if (o[i].name == NULL)
		return command_refuse(inv, word, "there is no such option");
	if (inv->values[i] != NULL)
		return command_refuse(inv, word, "is given twice");
	*at += 1;
	if (o[i].value == NULL && equals != NULL)
		return command_refuse(inv, word, "takes no value");
	if (o[i].value == NULL) {
		inv->values[i] = "";
	} else if (equals != NULL) {
		inv->values[i] = equals + 1;
	} else if (*at < argc) {
		inv->values[i] = argv[*at];
		*at += 1;
	} else {
		return command_refuse(inv, word, "a value is missing behind it");
	}
	return EXIT_DONE;
}

static int
check_complete(const struct invocation *inv)
{
	const struct command *c = inv->command;

	if (inv->nwords < c->min_words)
		return command_refuse(inv, c->words, "is missing");
	for (size_t i = 0; c->options[i].name != NULL; i++)
		if (c->options[i].required && inv->values[i] == NULL)
			return command_refuse(inv, c->options[i].name, "is missing");
	return EXIT_DONE;
}

int
command_parse(int argc, char **argv, struct invocation *out)
{
	struct invocation inv = { 0 };
	bool only_words = false;
	int at = 0, status;

	if (argc == 1 && is_help(argv[0]))
		return ask_help(NULL, out);
	inv.command = find(argc, argv, &at);
	if (inv.command == NULL && argc > 1 && is_first(argv[0]) && is_help(argv[1]))
		return ask_help(argv[0], out);
	if (inv.command == NULL)
		return refuse_unknown(argc, argv);
	while (at < argc) {
		if (!only_words && strcmp(argv[at], "--") == 0) {
			only_words = true;
			at++;
		} else if (!only_words && is_help(argv[at])) {
			return ask_help(inv.command->name, out);
		} else if (!only_words && argv[at][0] == '-' && argv[at][1] != '\0') {
			status = parse_option(&inv, argc, argv, &at);
			if (status != EXIT_DONE)
				return status;
		} else if (inv.nwords == inv.command->max_words) {
			return command_refuse(&inv, argv[at], "this word is one too many");
		} else {
			inv.words[inv.nwords++] = argv[at++];
		}
	}
	status = check_complete(&inv);
	if (status == EXIT_DONE)
		*out = inv;
	return status;
}

void
command_help_all(void)
{
	printf("Recado brings every customer conversation of a business into one database.\n\n");
	printf("usage: recado COMMAND [ARGUMENTS]\n\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		printf("  %-14s %s\n", c->name, c->summary);
	printf("\n`recado help COMMAND` or `recado COMMAND --help` says more. Settings are "
	       "environment variables, or lines "
	       "of\n"
	       "a .env file in the working directory: `recado config --reference` lists them.\n"
	       "Exit status: 0 done, 1 failed, 3 partly done, 64 usage, 78 configuration.\n");
}

bool
command_help(const char *name)
{
	bool any = false;

	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strcmp(c->name, name) != 0 && !has_first(c, name))
			continue;
		if (any)
			putchar('\n');
		any = true;
		print_usage(stdout, c);
		printf("\n%s.\n", c->summary);
		if (c->details != NULL)
			printf("%s\n", c->details);
		for (const struct command_option *o = c->options; o->name != NULL; o++)
			printf("  %-12s %-10s %s\n", o->name, o->value != NULL ? o->value : "",
			       o->help);
	}
	return any;
}
