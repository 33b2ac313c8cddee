/*
 * What the model's answers cost, in whole numbers, so that sums of a million calls are exact.
 * Source: 1-product OPENAI_PRICES. Pure.
 */
#ifndef RECADO_CORE_MODEL_COST_H
#define RECADO_CORE_MODEL_COST_H

#include "base/str.h"

/* Tokens as the server counted them; cached ones are part of the input. */
struct model_usage {
	int64_t input_tokens, cached_tokens, output_tokens;
};

/* Micro-USD per million tokens: 0.25 USD is 250000. */
struct model_prices {
	int64_t input, cached, output;
};

/* Prices from OPENAI_PRICES, "0.25,0.025,2": USD per million tokens, digits after the sixth place
 * are rounded. ERR_INVALID: not three numbers of at most a billion; `out` is untouched. */
MUST_CHECK enum err model_prices_read(struct str, struct model_prices *out);

/* Cost of one call in micro-USD, rounded to the nearest, a half upwards. Negative counts are none,
 * cached tokens beyond the input count as the input; at most some 9 million USD. */
int64_t model_cost(const struct model_prices *, struct model_usage);

/* Sums that never wrap: at most INT64_MAX; negative ones are none. */
struct model_usage model_usage_sum(struct model_usage, struct model_usage);
int64_t model_cost_sum(int64_t, int64_t);

/* Micro-USD as USD: the double that is nearest. For JSON. */
double model_cost_usd(int64_t micro);
/* And the other way round, what a person allows to be spent. False: not from 0 to a million USD. */
bool model_cost_of_usd(double usd, int64_t *micro);

#endif
