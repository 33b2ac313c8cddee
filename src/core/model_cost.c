/*
 * Money in whole numbers. Why: a price of 0.025 USD per million tokens is 2.5e-8 a token, which no
 * double holds, and what a month costs is a sum of many. What always holds: a cost is never
 * negative, grows with every count and every price, and does not wrap.
 */
#include "core/model_cost.h"

#define MILLION   INT64_C(1000000)
#define PLACES    6                               /* after the point of a price */
#define MAX_PRICE (INT64_C(1000000000) * MILLION) /* a billion USD */
#define MAX_CHARS 16

static bool
read_price(struct str s, int64_t *out)
{
	int64_t v = 0;
	int places = -1; /* read after the point; -1: before it */
	bool digits = false;

	if (s.n > MAX_CHARS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && places < 0) {
			places = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		digits = true;
		if (places < PLACES)
			v = v * 10 + (c - '0');
		else if (places == PLACES)
			v += c >= '5';
		if (places >= 0)
			places++;
	}
	for (places = places < 0 ? 0 : places; places < PLACES && v <= MAX_PRICE; places++)
		v *= 10;
	*out = v;
	return digits && v <= MAX_PRICE;
}

enum err
model_prices_read(struct str s, struct model_prices *out)
{
	int64_t v[3];
	struct str part;
	size_t n = 0;

	while (str_split(&s, ',', &part))
		if (n == 3 || !read_price(str_trim(part), &v[n++]))
			return ERR_INVALID;
	if (n != 3)
		return ERR_INVALID;
	*out = (struct model_prices){ v[0], v[1], v[2] };
	return ERR_OK;
}

static int64_t
at_least_0(int64_t v)
{
	return v < 0 ? 0 : v;
}

/* Of numbers that are not negative. */
static int64_t
product(int64_t a, int64_t b)
{
	int64_t v;

	return __builtin_mul_overflow(a, b, &v) ? INT64_MAX : v;
}

static int64_t
sum(int64_t a, int64_t b)
{
	int64_t v;

	return __builtin_add_overflow(a, b, &v) ? INT64_MAX : v;
}

int64_t
model_cost(const struct model_prices *p, struct model_usage u)
{
	int64_t input = at_least_0(u.input_tokens), cached = at_least_0(u.cached_tokens),
		millionths;

	if (cached > input)
		cached = input;
	millionths = sum(product(input - cached, p->input), product(cached, p->cached));
	millionths = sum(millionths, product(at_least_0(u.output_tokens), p->output));
	return millionths / MILLION + (millionths % MILLION >= MILLION / 2);
}

int64_t
model_cost_sum(int64_t a, int64_t b)
{
	return sum(at_least_0(a), at_least_0(b));
}

struct model_usage
model_usage_sum(struct model_usage a, struct model_usage b)
{
	return (struct model_usage){ model_cost_sum(a.input_tokens, b.input_tokens),
		                     model_cost_sum(a.cached_tokens, b.cached_tokens),
		                     model_cost_sum(a.output_tokens, b.output_tokens) };
}

bool
model_cost_of_usd(double usd, int64_t *micro)
{
	if (!(usd >= 0 && usd <= 1e6))
		return false;
	*micro = (int64_t)(usd * 1e6 + 0.5);
	return true;
}

double
model_cost_usd(int64_t micro)
{
	return (double)micro / (double)MILLION;
}
