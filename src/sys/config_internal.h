/* What the files of the configuration share; nobody else includes this. */
#ifndef RECADO_SYS_CONFIG_INTERNAL_H
#define RECADO_SYS_CONFIG_INTERNAL_H

#include "sys/config.h"

#define CONFIG_MAX_VALUE_LEN  8192
#define CONFIG_MAX_DOTENV_LEN ((size_t)256 * 1024)

enum config_kind {
	KIND_TEXT,     /* anything of at least `min` bytes */
	KIND_INT,      /* min…max */
	KIND_BOOL,     /* true or false */
	KIND_CHOICE,   /* one of `choices` */
	KIND_CHOICES,  /* some of `choices`, with commas; empty is a value */
	KIND_TIME,     /* ISO 8601 instant */
	KIND_DATABASE, /* sqlite:PATH, postgresql://… */
	KIND_URL,      /* http:// or https:// */
	KIND_KEY,      /* 32 bytes, base64 */
	KIND_HOST,     /* address or name to listen on */
	KIND_PROXIES,  /* addresses and networks, with commas */
	KIND_FILE,     /* a file that can be read */
	KIND_ZONE,     /* a zone of the tz database */
	KIND_PRICES    /* min…max numbers, with commas */
};

struct config_row {
	const char *name;
	enum config_kind kind;
	size_t offset;        /* in struct config: struct str, int64_t or bool by kind */
	const char *fallback; /* the default; NULL: absent */
	int64_t min, max;
	const char *choices; /* separated by spaces */
	bool required, secret;
	const char *example, *meaning;
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/* What the value must be, for people: "a whole number from 0 to 65535". */
void config_rule(const struct config_row *, struct buf *);
/* Whether the value is what the row asks for; then it is put into *out. Empty only for
 * KIND_CHOICES. */
bool config_check(struct arena *, const struct config_row *, struct str value, struct config *out);

/*
 * Reads a .env text: KEY=VALUE lines, `export ` before them, # comments, 'single' quotes (as they
 * stand) and "double" quotes (\" \\ \$ \n). Of a name that comes twice the last wins. values[i]
 * belongs to config_rows[i]; other names are ignored. Each bad line adds a problem with its number;
 * false if there was one.
 */
bool config_dotenv(struct arena *, struct str text, struct str *values, struct buf *problems);

/* Trims the line; whether it sets something: it is neither empty nor a comment. */
bool config_dotenv_is_line(struct str *line);
/* One such line; NULL, or what is wrong with it, and then nothing is set. */
const char *
config_dotenv_line(struct arena *, struct str line, struct str *name, struct str *value);

#endif
