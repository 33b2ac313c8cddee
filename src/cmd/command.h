/*
 * What a command is: one row of the table in main.c, from which parsing, usage lines and help come.
 */
#ifndef RECADO_CMD_COMMAND_H
#define RECADO_CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_PARTLY = 3,
	EXIT_USAGE = 64,
	EXIT_CONFIG = 78,
};

#define COMMAND_MAX_OPTIONS 12
#define COMMAND_MAX_WORDS   4

struct command_option {
	const char *name;  /* with its dashes; NULL ends the list */
	const char *value; /* what stands behind it in the usage line; NULL: nothing does */
	const char *help;
	bool required;
};

struct invocation;

struct command {
	const char *name;  /* one word, or two as in "client add" */
	const char *words; /* what follows, for the usage line: "SLUG", "[COMMAND]" or "" */
	const char *summary;
	const char *details; /* more for `recado help NAME`; NULL: nothing */
	unsigned min_words, max_words;
	struct command_option options[COMMAND_MAX_OPTIONS + 1];
	int (*run)(const struct invocation *); /* returns an exit status */
};

/* The table; ends with name NULL. */
extern const struct command commands[];

/* A command line that was found in order. Text is argv's. */
struct invocation {
	const struct command *command;
	size_t nwords;
	const char *words[COMMAND_MAX_WORDS];
	const char
		*values[COMMAND_MAX_OPTIONS]; /* by index of the option; "" for one without value */
};
/* What was given for an option of the command; NULL: not given. */
const char *invocation_get(const struct invocation *, const char *option);

/*
 * Finds the command of argv[0…argc) and its words and options; --help or -h anywhere among them
 * makes it the help command. Else prints to stderr what is wrong
 * with which word, and the usage line, and returns EXIT_USAGE.
 */
int command_parse(int argc, char **argv, struct invocation *out);
/* Prints why a value is wrong and the usage line; returns EXIT_USAGE. For the commands' own checks.
 */
int command_refuse(const struct invocation *, const char *word, const char *why);
/* Help on stdout: all commands, or those that are or begin with `name`; false if there is none. */
void command_help_all(void);
bool command_help(const char *name);

#endif
