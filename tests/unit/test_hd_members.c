/*
 * Every member of every element that a helpdesk lists, in turn absent, null and of each other type:
 * what is needed is a problem that names it, what is not costs the element nothing.
 */
#include "core/hd_decode.h"

#include "testing.h"

#define AT     "\"2026-01-20T11:00:00.000Z\""
#define NEEDED true
#define EXTRA  false

enum type { TEXT, WORD, ID, TIME };

struct member {
	const char *name, *good;
	enum type type;
	bool needed;
};

static const struct kind {
	const char *name;
	enum hd_list list;
	const char *around; /* of a part: its element, up to where the part stands */
	struct member members[14];
} kinds[] = {
	{ "ticket",
	  HD_TICKETS,
	  NULL,
	  { { "uuid", "\"u\"", WORD, NEEDED },
	    { "updatedAt", AT, TIME, NEEDED },
	    { "createdAt", AT, TIME, EXTRA },
	    { "status", "\"open\"", TEXT, EXTRA },
	    { "isGroup", "false", TEXT, EXTRA },
	    { "companyId", "7", ID, EXTRA },
	    { "contact", "{\"id\":1,\"number\":\"5511988887777\"}", TEXT, EXTRA },
	    { "ticketTrakings", "[]", TEXT, EXTRA } } },
	{ "tracking",
	  HD_TICKETS,
	  "{\"uuid\":\"u\",\"updatedAt\":" AT ",\"ticketTrakings\":[",
	  { { "id", "1", ID, NEEDED },
	    { "createdAt", AT, TIME, EXTRA },
	    { "startedAt", AT, TIME, EXTRA },
	    { "finishedAt", AT, TIME, EXTRA },
	    { "user", "{\"id\":2,\"name\":\"Bia\",\"email\":\"bia@x.br\"}", TEXT, EXTRA } } },
	{ "message",
	  HD_MESSAGES,
	  NULL,
	  { { "id", "5", ID, NEEDED },
	    { "createdAt", AT, TIME, NEEDED },
	    { "updatedAt", AT, TIME, EXTRA },
	    { "key", "\"wamid.A\"", TEXT, EXTRA },
	    { "body", "\"oi\"", TEXT, EXTRA },
	    { "mediaUrl", "\"https://x.br/a.ogg\"", TEXT, EXTRA },
	    { "mediaType", "\"audio\"", TEXT, EXTRA },
	    { "ticketId", "3", ID, EXTRA },
	    { "generatedByAi", "false", TEXT, EXTRA },
	    { "sendBySystem", "false", TEXT, EXTRA } } },
	{ "contact",
	  HD_CONTACTS,
	  NULL,
	  { { "id", "9", ID, NEEDED },
	    { "companyId", "7", ID, EXTRA },
	    { "name", "\"Ana\"", TEXT, EXTRA },
	    { "number", "\"5511988887777\"", TEXT, EXTRA },
	    { "email", "\"ana@x.br\"", TEXT, EXTRA },
	    { "isGroup", "false", TEXT, EXTRA },
	    { "socialConnectionId", "\"c\"", TEXT, EXTRA },
	    { "profilePicUrl", "\"https://x.br/a.png\"", TEXT, EXTRA },
	    { "createdAt", AT, TIME, EXTRA },
	    { "updatedAt", AT, TIME, EXTRA },
	    { "tags", "[]", TEXT, EXTRA } } },
	{ "tag",
	  HD_CONTACTS,
	  "{\"id\":9,\"tags\":[",
	  { { "id", "4", ID, NEEDED },
	    { "name", "\"vip\"", TEXT, EXTRA },
	    { "color", "\"#fff\"", TEXT, EXTRA },
	    { "companyId", "7", ID, EXTRA } } },
};

/* What a member may be, and as which types it does. NULL: it is not there. */
static const struct {
	const char *json;
	bool word, id, time;
} values[] = {
	{ NULL, false, false, false },
	{ "null", false, false, false },
	{ "\"\"", false, false, false },
	{ "\"x y\"", false, false, false },
	{ "\"abc\"", true, false, false },
	{ "5", true, true, false },
	{ "\"5\"", true, true, false },
	{ "-1", true, true, false },
	{ "1.5", false, false, false },
	{ "1e300", false, false, false },
	{ "9007199254740993", true, true, false },
	{ "\"9223372036854775807\"", true, true, false },
	{ "18446744073709551615", true, false, false },
	{ "true", false, false, false },
	{ "false", false, false, false },
	{ "[]", false, false, false },
	{ "{}", false, false, false },
	{ "{\"id\":{}}", false, false, false },
	{ "\"2026-01-20\"", true, false, false },
	{ "\"2026-01-20T11:00:00\"", true, false, true },
	{ "\"0000-01-01T00:00:00Z\"", true, false, false },
	{ "\"2026-13-20T11:00:00Z\"", true, false, false },
};
#define VALUES (sizeof values / sizeof values[0])

/* The kind's element with that value of the i-th member, alone on its page. */
static struct hd_page
read_with(const struct kind *k, size_t i, const char *value)
{
	struct hd_page p;
	struct buf b;
	bool first = true;

	buf_init(&b, test_arena(), 65536);
	buf_fmt(&b, "[%s{", k->around != NULL ? k->around : "");
	for (size_t m = 0; k->members[m].name != NULL; m++) {
		const char *v = m == i ? value : k->members[m].good;

		if (v == NULL)
			continue;
		buf_fmt(&b, "%s\"%s\":%s", first ? "" : ",", k->members[m].name, v);
		first = false;
	}
	buf_z(&b, k->around != NULL ? "}]}]" : "}]");
	ck_assert_ok(hd_decode(test_arena(), k->list, buf_slice(&b), &p));
	ck_assert_uint_eq(p.n, 1);
	return p;
}

static void
check(const struct kind *k, size_t i, size_t v)
{
	const struct member *m = &k->members[i];
	const char *shown = values[v].json != NULL ? values[v].json : "absent";
	struct hd_page p = read_with(k, i, values[v].json);
	bool does = m->type == WORD   ? values[v].word
	            : m->type == ID   ? values[v].id
	            : m->type == TIME ? values[v].time
	                              : true;
	struct str text;

	if (does || !m->needed) {
		ck_assert_msg(p.nproblems == 0, "%s.%s %s: %s", k->name, m->name, shown,
		              p.problems != NULL ? p.problems[0].code : "");
		ck_assert_uint_eq(p.ntickets + p.nmessages + p.npeople, 1);
		return;
	}
	ck_assert_msg(p.nproblems == 1, "%s.%s %s is no problem", k->name, m->name, shown);
	ck_assert_uint_eq(p.ntickets + p.nmessages + p.npeople, k->around != NULL);
	text = hd_problem_text(test_arena(), k->list, &p.problems[0]);
	ck_assert_msg(memmem(text.p, text.n, m->name, strlen(m->name)) != NULL, "%s.%s: " STR_FMT,
	              k->name, m->name, STR_ARG(text));
}

START_TEST(what_is_needed_is_a_problem_that_names_it_and_what_is_not_costs_nothing)
{
	for (size_t x = 0; x < sizeof kinds / sizeof kinds[0]; x++)
		for (size_t i = 0; kinds[x].members[i].name != NULL; i++)
			for (size_t v = 0; v < VALUES; v++)
				check(&kinds[x], i, v);
}
END_TEST

START_TEST(who_speaks_may_be_absent_and_not_wrong)
{
	static const struct {
		const char *json, *text; /* NULL: it is read */
	} rows[] = {
		{ "null", NULL },
		{ "true", NULL },
		{ "1", NULL },
		{ "\"false\"", NULL },
		{ "\"sim\"", "fromMe is neither true nor false" },
		{ "5", "fromMe is neither true nor false" },
		{ "-1", "fromMe is neither true nor false" },
		{ "1.5", "fromMe is neither true nor false" },
		{ "[]", "fromMe is neither true nor false" },
		{ "{}", "fromMe is neither true nor false" },
		{ "\"\"", "fromMe is neither true nor false" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str body = str_fmt(test_arena(),
		                          "[{\"id\":1,\"createdAt\":" AT ",\"fromMe\":%s}]",
		                          rows[i].json);
		struct hd_page p;

		ck_assert_ok(hd_decode(test_arena(), HD_MESSAGES, body, &p));
		ck_assert_msg(p.nproblems == (rows[i].text != NULL), "%s", rows[i].json);
		if (rows[i].text != NULL)
			ck_assert_slice(hd_problem_text(test_arena(), HD_MESSAGES, &p.problems[0]),
			                str_from(rows[i].text));
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("hd_members",
	                  what_is_needed_is_a_problem_that_names_it_and_what_is_not_costs_nothing,
	                  who_speaks_may_be_absent_and_not_wrong);
}

TEST_MAIN(make_suite)
