/*
 * A conversation that is too long. Why texts before messages: one pasted document must not cost the
 * rest of the conversation, so the longest texts give way first, all to one length; only then are
 * messages left out, between the head, where it began, and the tail, where it was decided. What
 * always holds: what is sent fits; of a conversation that has messages at least the first and the
 * last are sent; what was cut or left out says so in its place.
 */
#include "base/utf8.h"
#include "core/prompt_internal.h"
#include "core/visible.h"

#define CUT_TEXT    2000 /* visible bytes below which no text is cut, where there is room for it */
#define MARK_BYTES  64   /* at most, of the marker in a cut text */
#define HEAD_SHARE  3    /* the head gets a third of the room, the tail what is left */
#define LEAST_SHARE 8    /* the least text is an eighth of the room */

/* Bytes of all lines if no text had more than `most`. */
static size_t
size_with(const struct prompt_lines *lines, size_t most)
{
	size_t size = lines->unread > 0 ? PROMPT_GAP_BYTES : 0;

	for (size_t i = 0; i < lines->n; i++)
		size += lines->v[i].head_n +
		        (lines->v[i].text_n < most ? lines->v[i].text_n : most);
	return size;
}

/* The greatest length of a text with which everything fits, but not below `least`. */
static size_t
fitting_length(const struct prompt_lines *lines, size_t least, size_t room)
{
	size_t lo = least, hi = room;

	while (lo < hi) {
		size_t mid = lo + (hi - lo + 1) / 2;

		if (size_with(lines, mid) <= room)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

static void
cut_text(struct arena *a, struct prompt_line *l, size_t most)
{
	size_t half = (most - MARK_BYTES) / 2;
	size_t front = visible_front(l->text, half), back = visible_back(l->text, half);
	struct str gone = str_sub(l->text, front, l->text.n - front - back);
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 4);
	buf_add(&b, l->text.p, front);
	buf_fmt(&b, " [… %zu caracteres omitidos …] ", utf8_length(gone));
	buf_add(&b, l->text.p + (l->text.n - back), back);
	l->text = buf_slice(&b);
	l->text_n = visible_len(l->text);
}

/* Which lines are left out: beside what was not given, so that there is one gap. */
static void
leave_out(struct prompt_lines *lines, size_t room)
{
	size_t used = 0, size, head_room = (room - PROMPT_GAP_BYTES) / HEAD_SHARE;
	const size_t most_head = lines->unread > 0 ? lines->head : lines->n;
	const size_t least_tail = lines->unread > 0 ? lines->tail : 0;

	room -= PROMPT_GAP_BYTES;
	lines->head = 0;
	lines->tail = lines->n;
	while (lines->head < most_head) {
		size = lines->v[lines->head].head_n + lines->v[lines->head].text_n;
		if (used + size > head_room)
			break;
		used += size;
		lines->head++;
	}
	while (lines->tail > lines->head && lines->tail > least_tail) {
		size = lines->v[lines->tail - 1].head_n + lines->v[lines->tail - 1].text_n;
		if (used + size > room)
			break;
		used += size;
		lines->tail--;
	}
}

enum err
prompt_cut(struct arena *a, struct prompt_lines *lines, size_t room)
{
	size_t least = room / LEAST_SHARE < CUT_TEXT ? room / LEAST_SHARE : CUT_TEXT, most;

	if (room < PROMPT_LEAST_ROOM)
		return ERR_TOO_LARGE;
	lines->truncated = true;
	most = fitting_length(lines, least, room);
	for (size_t i = 0; i < lines->n; i++)
		if (lines->v[i].text_n > most)
			cut_text(a, &lines->v[i], most);
	if (prompt_lines_size(lines) > room)
		leave_out(lines, room);
	return ERR_OK;
}
