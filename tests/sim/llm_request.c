/* Prints the request that Recado makes of a conversation, for those who look at it with other eyes.
 */
#include <stdio.h>

#include "llm_talk.h"

int
main(void)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct script s = talk_rubric(true);
	struct prompt p;
	bool ok = talk_prompt(a, &s, &p) == ERR_OK &&
	          fwrite(p.body.p, 1, p.body.n, stdout) == p.body.n;

	arena_free(a);
	return ok ? 0 : 1;
}
