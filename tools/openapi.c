/*
 * Why: the page's types are made from the OpenAPI document, and the page is part of the program, so
 * that the document is needed before the program is there. What always holds: it prints what
 * `recado help --openapi` prints.
 */
#include <stdio.h>

#include "api/api.h"

int
main(void)
{
	struct buf b;
	int status;

	buf_init(&b, NULL, (size_t)4 << 20);
	api_openapi(&b);
	status = buf_check(&b) == ERR_OK && fwrite(b.p, 1, b.n, stdout) == b.n &&
	         fflush(stdout) == 0;
	buf_deinit(&b);
	return status ? 0 : 1;
}
