/*
 * People of a small Brazilian business: mobiles with and without the ninth digit, landlines,
 * neighbours, and those who are known by a user id only. What always holds: no two people share a
 * match key, and the first `people` are the same whatever the other options are.
 */
#include "sim/people.h"

#include "base/time.h"
#include "sim/words.h"

static const int area_codes[] = { 11, 11, 11, 12, 19, 21, 21, 27, 31, 41,
	                          48, 51, 61, 62, 71, 81, 85, 91, 92 };

#define LOCAL_NUMBERS 10000000u

/* Seven digits that no other person of this seed has. */
static unsigned
local_number(uint64_t seed, size_t i)
{
	return (unsigned)((i * 7919 + seed % LOCAL_NUMBERS) % LOCAL_NUMBERS);
}

static void
give_number(struct arena *a, struct dice *d, unsigned local, struct world_person *p)
{
	int area = area_codes[dice_below(d, sizeof area_codes / sizeof area_codes[0])];
	int lead = (int)dice_range(d, 6, 9);
	uint64_t kind = dice_below(d, 100);
	struct str with_nine = str_fmt(a, "55%d9%d%07u", area, lead, local);
	struct str without = str_fmt(a, "55%d%d%07u", area, lead, local);

	if (kind < 64) {
		p->wa_id = p->wa_id_before = with_nine;
	} else if (kind < 78) { /* the service drops the digit, the address book has it */
		p->wa_id = without;
		p->wa_id_before = with_nine;
	} else if (kind < 84) {
		p->wa_id = p->wa_id_before = without;
	} else if (kind < 88) {
		p->wa_id = p->wa_id_before = str_fmt(a, "55%d3%07u", area, local);
	} else if (kind < 92) {
		p->wa_id_before = str_fmt(a, "52155%d%07u", lead, local);
		p->wa_id = str_fmt(a, "5255%d%07u", lead, local);
	} else if (kind < 96) {
		p->wa_id_before = str_fmt(a, "54911%d%07u", lead, local);
		p->wa_id = str_fmt(a, "5411%d%07u", lead, local);
	} else {
		p->wa_id = p->wa_id_before = str_fmt(a, "3460%07u", local);
	}
}

static void
give_user_id(struct arena *a, struct dice *d, size_t i, struct world_person *p)
{
	uint64_t digits = dice_below(d, 1000000) * LOCAL_NUMBERS + i;

	p->user_id = str_fmt(a, "BR.%u%014llu", (unsigned)dice_range(d, 100, 999),
	                     (unsigned long long)digits);
	p->username = words_username(a, p->name, i);
}

void
people_make(struct arena *a, uint64_t seed, size_t i, struct world_person *out)
{
	struct dice d = dice_for(seed, 1, i);
	struct world_person p = { .changed_at = TIME_NONE,
		                  .book_at = TIME_NONE,
		                  .old_book_at = TIME_NONE };
	uint64_t kind = dice_below(&d, 100);

	p.name = words_name(a, &d);
	if (kind >= 6)
		give_number(a, &d, local_number(seed, i), &p);
	if (kind < 14)
		give_user_id(a, &d, i, &p);
	if (kind >= 98) /* the new number lies above all first ones */
		p.new_wa_id = str_fmt(a, "34699%06u", (unsigned)(i % 1000000));
	*out = p;
}

void
people_enter_book(struct arena *a, uint64_t seed, size_t i, int64_t at, struct world_person *p)
{
	struct dice d = dice_for(seed, 2, i);

	p->book_at = at + 1000 * dice_range(&d, 1, 8);
	p->book_name = dice_permille(&d, 300) ? words_name(a, &d) : p->name;
	if (dice_permille(&d, 150)) {
		p->old_book_at = p->book_at - 1000 * dice_range(&d, 60, 86400);
		p->old_book_name = words_name(a, &d);
	}
	p->removed = dice_permille(&d, 60);
}
