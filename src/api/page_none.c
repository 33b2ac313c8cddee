/* No page: the program was built without Node. */
#include "api/page.h"

const struct page_file page_files[] = { { .path = NULL } };
