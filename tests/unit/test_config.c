/* The configuration: defaults, order, every check, every problem at once, nothing secret shown. */
#include "base/time.h"
#include "sys/config.h"
#include "testing.h"

#define KEY   "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define TOKEN "operator-token-of-32-characters-"

/* An environment as NAME, value, NAME, value, …, NULL. */
static const char *
from_pairs(void *ctx, const char *name)
{
	const char *const *pairs = ctx;

	for (; *pairs != NULL; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

static struct buf problems;
static struct config config;

static enum err
load(const char *const *pairs, struct str dotenv)
{
	buf_init(&problems, test_arena(), 64 * 1024);
	memset(&config, 0, sizeof(config));
	return config_load(test_arena(), from_pairs, (void *)pairs, dotenv, &config, &problems);
}

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define GOOD(...)  PAIRS("ADMIN_TOKEN", TOKEN, "SECRET_KEY", KEY __VA_OPT__(, ) __VA_ARGS__)

/* The environment is right but for one value. */
static bool
accepts(const char *name, const char *value)
{
	enum err e = load(PAIRS(name, value, "ADMIN_TOKEN", TOKEN, "SECRET_KEY", KEY), STR_NONE);
	struct str told = buf_slice(&problems);

	if (e == ERR_OK) {
		ck_assert_str(told, "");
		return true;
	}
	ck_assert_msg(str_starts(told, str_fmt(test_arena(), "%s: must be ", name)), STR_FMT,
	              STR_ARG(told));
	ck_assert_uint_eq(str_find(told, '\n'), told.n - 1);
	ck_assert_ptr_null(config.host.p);
	return false;
}

START_TEST(the_defaults_are_those_of_the_contract)
{
	int64_t start;

	ck_assert_ok(load(GOOD(), STR_NONE));
	ck_assert_ok(time_parse(STR("2026-01-01T00:00:00.000Z"), &start));
	ck_assert_str(config.database_url, "sqlite:data/recado.db");
	ck_assert_str(config.host, "127.0.0.1");
	ck_assert_int_eq(config.port, 3000);
	ck_assert_int_eq(config.handler_threads, 4);
	ck_assert_str(config.timezone, "America/Sao_Paulo");
	ck_assert_str(config.meta_graph_url, "https://graph.facebook.com/v24.0");
	ck_assert_int_eq(config.import_start_at, start);
	ck_assert_int_eq(config.external_api_requests_per_minute, 50);
	ck_assert_int_eq(config.import_interval_minutes, 0);
	ck_assert_int_eq(config.import_full_every_hours, 24);
	ck_assert_int_eq(config.history_alert_minutes, 30);
	ck_assert_str(config.openai_model, "gpt-5-mini");
	ck_assert_str(config.openai_base_url, "https://api.openai.com/v1");
	ck_assert_int_eq(config.analysis_concurrency, 1);
	ck_assert_int_eq(config.analysis_sync_seconds, 300);
	ck_assert_int_eq(config.analysis_max_input_tokens, 100000);
	ck_assert_int_eq(config.analysis_timeout_seconds, 120);
	ck_assert_str(config.analysis_redact, "cpf,cnpj,card,email,phone");
	ck_assert_int_eq(config.journal_retention_days, 30);
	ck_assert_str(config.media_dir, "data/media");
	ck_assert(!config.transcribe);
	ck_assert_str(config.log_level, "info");
	ck_assert_str(config.log_format, "text");
	ck_assert_int_eq(config.body_limit_bytes, 3 << 20);
	ck_assert_int_eq(config.api_body_limit_bytes, 2 << 20);
	ck_assert_int_eq(config.in_flight_bytes, 64 << 20);
	ck_assert_int_eq(config.queue_entries, 10000);
	ck_assert_int_eq(config.max_connections, 4096);
	ck_assert_int_eq(config.request_seconds, 30);
	ck_assert_int_eq(config.append_timeout_ms, 2000);
	ck_assert_int_eq(config.drainers, 1);
	ck_assert_int_eq(config.amendment_days, 30);
	ck_assert_none(config.public_url);
	ck_assert_none(config.meta_app_secret);
	ck_assert_none(config.openai_api_key);
}
END_TEST

START_TEST(every_problem_is_told_at_once_and_the_struct_is_untouched)
{
	struct str told;
	int lines = 0;

	ck_assert_err(load(PAIRS("PORT", "65536", "LOG_LEVEL", "loud", "SECRET_KEY", "short",
	                         "DATABASE_URL", "mysql://u:hidden-word@h/d"),
	                   STR("X\nHANDLER_THREADS=many\n")),
	              ERR_INVALID);
	told = buf_slice(&problems);
	for (size_t i = 0; i < told.n; i++)
		lines += told.p[i] == '\n';
	ck_assert_int_eq(lines, 7);
	ck_assert_str(told,
	              ".env line 1: there is no =; for example: LOG_LEVEL=info\n"
	              "DATABASE_URL: must be sqlite:PATH or postgresql://…; for example: "
	              "postgresql://recado@localhost/recado\n"
	              "PORT: must be a whole number from 0 to 65535, not \"65536\"; for example: "
	              "3000\n"
	              "ADMIN_TOKEN: is required, text of at least 16 bytes; for example: the "
	              "output of: openssl rand -hex 32\n"
	              "SECRET_KEY: must be 32 bytes in base64; for example: the output of: "
	              "openssl rand -base64 32\n"
	              "HANDLER_THREADS: must be a whole number from 1 to 64, not \"many\"; for "
	              "example: 4\n"
	              "LOG_LEVEL: must be one of debug, info, warn, error, not \"loud\"; for "
	              "example: info\n");
	ck_assert_ptr_null(config.host.p);
}
END_TEST

START_TEST(each_value_is_checked)
{
	static const struct {
		const char *name, *value;
		bool ok;
	} cases[] = {
		{ "DATABASE_URL", "sqlite:x.db", true },
		{ "DATABASE_URL", "postgres://h/d", true },
		{ "DATABASE_URL", "sqlite:", false },
		{ "DATABASE_URL", "data/recado.db", false },
		{ "HOST", "::1", true },
		{ "HOST", "localhost", true },
		{ "HOST", "a b", false },
		{ "HOST", "-x", false },
		{ "PORT", "0", true },
		{ "PORT", "-1", false },
		{ "PORT", "3000 ", false },
		{ "PORT", "0x10", false },
		{ "PUBLIC_URL", "https://example.com", true },
		{ "PUBLIC_URL", "http://127.0.0.1:3000/x", true },
		{ "PUBLIC_URL", "https://", false },
		{ "PUBLIC_URL", "https:///x", false },
		{ "PUBLIC_URL", "example.com", false },
		{ "PUBLIC_URL", "https://a b", false },
		{ "ADMIN_TOKEN", "fifteen-charact", false },
		{ "ADMIN_TOKEN", "sixteen-characte", true },
		{ "SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", false },
		{ "SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZn", false },
		{ "SECRET_KEY_PREVIOUS", "x", false },
		{ "SECRET_KEY_PREVIOUS", KEY, true },
		{ "TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1/128", true },
		{ "TRUSTED_PROXIES", "10.0.0.0/33", false },
		{ "TRUSTED_PROXIES", "::1/129", false },
		{ "TRUSTED_PROXIES", "127.0.0.1,", false },
		{ "TRUSTED_PROXIES", "proxy.example.com", false },
		{ "CA_FILE", "/proc/self/status", true },
		{ "CA_FILE", "/no/such/file", false },
		{ "TIMEZONE", "UTC", true },
		{ "TIMEZONE", "America/Sao_Paulo", true },
		{ "TIMEZONE", "America", false },
		{ "TIMEZONE", "../../../etc/passwd", false },
		{ "TIMEZONE", "/etc/passwd", false },
		{ "TIMEZONE", "Mars/Olympus", false },
		{ "IMPORT_START_AT", "2024-01-10T09:00:00-03:00", true },
		{ "IMPORT_START_AT", "2024-01-10", false },
		{ "EXTERNAL_API_REQUESTS_PER_MINUTE", "1000000", true },
		{ "EXTERNAL_API_REQUESTS_PER_MINUTE", "1000001", false },
		{ "EXTERNAL_API_REQUESTS_PER_MINUTE", "0", false },
		{ "OPENAI_PRICES", "0.25,0.025,2", true },
		{ "OPENAI_PRICES", "0.25,0.025", false },
		{ "OPENAI_PRICES", "0.25,-1,2", false },
		{ "OPENAI_PRICES", "1.2.3,1,2", false },
		{ "ANALYSIS_CONCURRENCY", "256", true },
		{ "ANALYSIS_CONCURRENCY", "257", false },
		{ "ANALYSIS_REDACT", "", true },
		{ "ANALYSIS_REDACT", "cpf, email", true },
		{ "ANALYSIS_REDACT", "cpf,name", false },
		{ "TRANSCRIBE", "true", true },
		{ "TRANSCRIBE", "yes", false },
		{ "LOG_FORMAT", "json", true },
		{ "LOG_FORMAT", "JSON", false },
		{ "LOG_LEVEL", "debug info", false },
		{ "META_VERIFY_TOKEN", "a\tb", false },
		{ "MEDIA_DIR", "a\nb", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(accepts(cases[i].name, cases[i].value) == cases[i].ok, "%s=%s",
		              cases[i].name, cases[i].value);
}
END_TEST

START_TEST(the_environment_comes_before_the_file_and_empty_is_not_set)
{
	ck_assert_ok(load(GOOD("PORT", "4000", "HOST", "", "ANALYSIS_REDACT", ""),
	                  STR("PORT=5000\nHOST=0.0.0.0\nANALYSIS_REDACT=cpf\nLOG_LEVEL=\n")));
	ck_assert_int_eq(config.port, 4000);
	ck_assert_str(config.host, "0.0.0.0");
	ck_assert_str(config.analysis_redact, "");
	ck_assert_str(config.log_level, "info");
}
END_TEST

START_TEST(the_file_is_read_as_people_write_it)
{
	ck_assert_ok(load(GOOD(), STR("# a comment\r\n\r\n"
	                              "export HOST=0.0.0.0\r\n"
	                              "  PORT = 5000   # why\n"
	                              "META_APP_ID=\"a \\\"b\\\" \\$c \\\\\" # more\n"
	                              "META_APP_SECRET='a \\n # b'\n"
	                              "META_CONFIG_ID=a#b\n"
	                              "META_VERIFY_TOKEN=a=b=c\n"
	                              "LOG_LEVEL=warn\nLOG_LEVEL=error\n"
	                              "SOMETHING_ELSE=1\n"
	                              "OPENAI_MODEL=#none\n"
	                              "MEDIA_DIR=last")));
	ck_assert_str(config.host, "0.0.0.0");
	ck_assert_int_eq(config.port, 5000);
	ck_assert_str(config.meta_app_id, "a \"b\" $c \\");
	ck_assert_str(config.meta_app_secret, "a \\n # b");
	ck_assert_str(config.meta_config_id, "a#b");
	ck_assert_str(config.meta_verify_token, "a=b=c");
	ck_assert_str(config.log_level, "error");
	ck_assert_str(config.openai_model, "gpt-5-mini");
	ck_assert_str(config.media_dir, "last");
}
END_TEST

START_TEST(a_bad_line_is_told_with_its_number)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "\n\nPORT", ".env line 3: there is no =" },
		{ "1PORT=3", ".env line 1: what stands before = is not a name" },
		{ "=3", ".env line 1: what stands before = is not a name" },
		{ "A B=3", ".env line 1: what stands before = is not a name" },
		{ "#\nA=\"3", ".env line 2: the closing quote is missing" },
		{ "A='3", ".env line 1: the closing quote is missing" },
		{ "A=\"3\\\"", ".env line 1: the closing quote is missing" },
		{ "A='3'4", ".env line 1: something follows the closing quote" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_err(load(GOOD(), str_from(cases[i].text)), ERR_INVALID);
		ck_assert_msg(str_starts(buf_slice(&problems), str_from(cases[i].told)),
		              "%s: " STR_FMT, cases[i].text, STR_ARG(buf_slice(&problems)));
	}
	ck_assert_err(load(GOOD(), STR("A=a\0b")), ERR_INVALID);
	ck_assert_err(load(GOOD(), str_n(arena_alloc(test_arena(), 300000), 300000)), ERR_INVALID);
}
END_TEST

START_TEST(limits_must_fit_together)
{
	ck_assert_err(
		load(GOOD("MAX_BODY_BYTES", "67108864", "MAX_BODY_BYTES_IN_FLIGHT", "1048576"),
	             STR_NONE),
		ERR_INVALID);
	ck_assert(str_starts(buf_slice(&problems),
	                     STR("MAX_BODY_BYTES_IN_FLIGHT: must not be less")));
}
END_TEST

START_TEST(drainers_follow_the_engine_unless_set)
{
	ck_assert_ok(load(GOOD("DATABASE_URL", "postgresql://h/d"), STR_NONE));
	ck_assert_int_eq(config.drainers, 2);
	ck_assert_ok(load(GOOD("DRAINER_THREADS", "3"), STR_NONE));
	ck_assert_int_eq(config.drainers, 3);
}
END_TEST

static struct str
printed(void)
{
	struct buf b;

	buf_init(&b, test_arena(), 64 * 1024);
	config_print(&config, &b);
	ck_assert_ok(buf_check(&b));
	return buf_slice(&b);
}

static bool
has(struct str text, const char *part)
{
	return strstr(str_z(test_arena(), text), part) != NULL;
}

START_TEST(no_secret_is_printed)
{
	static const char *const urls[][2] = {
		{ "postgresql://u:hunter2@h:5432/d", "DATABASE_URL=postgresql://u:***@h:5432/d\n" },
		{ "postgresql://u:hunter2@x@h/d", "DATABASE_URL=postgresql://u:***@h/d\n" },
		{ "postgresql://u:hunter2/@h/d", "DATABASE_URL=postgresql://u:***@h/d\n" },
		{ "postgresql://u@h:5432/d", "DATABASE_URL=postgresql://u@h:5432/d\n" },
		{ "postgresql://h/d?user=u&password=hunter2&x=1",
		  "DATABASE_URL=postgresql://h/d?user=u&password=***&x=1\n" },
		{ "postgresql://h/d?sslpassword=hunter2", "?sslpassword=***\n" },
		{ "sqlite:a:b@c.db", "DATABASE_URL=sqlite:a:b@c.db\n" },
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ck_assert_ok(
			load(GOOD("DATABASE_URL", urls[i][0], "META_APP_SECRET", "hunter2",
		                  "OPENAI_API_KEY", "hunter2", "ALERT_WEBHOOK_URL",
		                  "https://x/hunter2", "OPENAI_BASE_URL", "https://a:hunter2@x/"),
		             STR_NONE));
		ck_assert(!has(printed(), "hunter2"));
		ck_assert(!has(printed(), TOKEN) && !has(printed(), KEY));
		ck_assert_msg(has(printed(), urls[i][1]), "%s", urls[i][0]);
		ck_assert(has(printed(), "META_APP_SECRET=(set)\n"));
		ck_assert(has(printed(), "META_VERIFY_TOKEN=(unset)\n"));
		ck_assert(has(printed(), "PORT=3000\nPUBLIC_URL=\n"));
	}
}
END_TEST

START_TEST(no_secret_is_in_a_problem)
{
	static const char *const secret[] = { "ADMIN_TOKEN",         "SECRET_KEY",
		                              "SECRET_KEY_PREVIOUS", "ALERT_WEBHOOK_URL",
		                              "DATABASE_URL",        "OPENAI_BASE_URL" };

	for (size_t i = 0; i < 6; i++) {
		ck_assert(!accepts(secret[i], "hunter2"));
		ck_assert(!has(buf_slice(&problems), "hunter2"));
	}
}
END_TEST

START_TEST(the_example_names_every_variable_and_works_once_filled_in)
{
	struct buf example, all, reference;
	struct str rest, line;

	buf_init(&example, test_arena(), 64 * 1024);
	buf_init(&all, test_arena(), 64 * 1024);
	buf_init(&reference, test_arena(), 64 * 1024);
	config_example(&example);
	config_reference(&reference);
	ck_assert_ok(load(GOOD(), buf_slice(&example)));
	ck_assert_err(load(PAIRS(), buf_slice(&example)), ERR_INVALID);
	ck_assert(has(buf_slice(&problems), "ADMIN_TOKEN") &&
	          has(buf_slice(&problems), "SECRET_KEY"));

	/* with the defaults no longer commented out it means the same */
	ck_assert_ok(load(GOOD(), STR_NONE));
	rest = buf_slice(&example);
	while (str_split(&rest, '\n', &line))
		if (str_starts(line, STR("#")) && !str_starts(line, STR("# ")))
			buf_fmt(&all, STR_FMT "\n", STR_ARG(str_sub(line, 1, line.n)));
	line = printed();
	ck_assert_ok(load(GOOD(), buf_slice(&all)));
	ck_assert_slice(printed(), line);

	rest = line;
	while (str_split(&rest, '\n', &line) && line.n > 0) {
		const char *name = str_z(test_arena(), str_sub(line, 0, str_find(line, '=')));

		if (*name == '#')
			continue;
		ck_assert_msg(has(buf_slice(&example), str_fmt(test_arena(), "%s=", name).p), "%s",
		              name);
		ck_assert_msg(has(buf_slice(&reference), str_fmt(test_arena(), "| `%s` |", name).p),
		              "%s", name);
	}
}
END_TEST

START_TEST(what_is_in_force_can_be_read_like_a_file)
{
	struct str rest, line, name;

	ck_assert_ok(load(GOOD(), STR_NONE));
	ck_assert(has(printed(), "PORT=3000\n"));
	rest = printed();
	while (str_split(&rest, '\n', &line)) {
		name = str_sub(line, 0, str_find(line, '='));
		ck_assert(line.n == 0 || name.n < line.n);
	}
}
END_TEST

static const char *
unknown(const char *dotenv)
{
	struct buf b;

	buf_init(&b, test_arena(), 64 * 1024);
	config_unknown(test_arena(), str_from(dotenv), &b);
	return str_z(test_arena(), buf_slice(&b));
}

START_TEST(a_name_that_is_no_variable_is_told_with_the_one_that_is_close)
{
	ck_assert_str_eq(unknown("ADMIN_TOKN=hunter2\n"),
	                 ".env line 1: ADMIN_TOKN is not a variable of Recado; is ADMIN_TOKEN "
	                 "meant?\n");
	ck_assert_str_eq(unknown("# PROT=1\n\nexport port=1\n"),
	                 ".env line 3: port is not a variable of Recado; is PORT meant?\n");
	ck_assert_str_eq(unknown("POT=1"), ".env line 1: POT is not a variable of Recado; is PORT "
	                                   "meant?\n");
	ck_assert_str_eq(unknown("POSTGRES_USER=recado"),
	                 ".env line 1 sets no variable of Recado\n");
	ck_assert_str_eq(unknown("A=1"), ".env line 1 sets no variable of Recado\n");
	ck_assert_str_eq(unknown("PORT=1\nLOG_LEVEL=warn\nno line at all\n"), "");
	ck_assert_str_eq(unknown(""), "");
	config_unknown(test_arena(), STR_NONE, &(struct buf){ .limit = 10 });
}
END_TEST

START_TEST(a_line_of_a_value_that_was_broken_off_is_not_repeated)
{
	ck_assert_str_eq(unknown("SECRET_KEY=AAECAwQF\nBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"),
	                 ".env line 2 sets no variable of Recado\n");
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("config", the_defaults_are_those_of_the_contract,
	                  every_problem_is_told_at_once_and_the_struct_is_untouched,
	                  each_value_is_checked,
	                  the_environment_comes_before_the_file_and_empty_is_not_set,
	                  the_file_is_read_as_people_write_it, a_bad_line_is_told_with_its_number,
	                  limits_must_fit_together, drainers_follow_the_engine_unless_set,
	                  no_secret_is_printed, no_secret_is_in_a_problem,
	                  the_example_names_every_variable_and_works_once_filled_in,
	                  what_is_in_force_can_be_read_like_a_file,
	                  a_name_that_is_no_variable_is_told_with_the_one_that_is_close,
	                  a_line_of_a_value_that_was_broken_off_is_not_repeated);
}

TEST_MAIN(suite)
