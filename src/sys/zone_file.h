/* The machine's time zones, by name. */
#ifndef RECADO_SYS_ZONE_FILE_H
#define RECADO_SYS_ZONE_FILE_H

#include "base/zone.h"

/*
 * The zone of that name (America/Sao_Paulo) from /usr/share/zoneinfo; UTC needs no file.
 * ERR_NOT_FOUND: none is called so; ERR_CORRUPT: its file is not readable as one. Lives in the
 * arena.
 */
MUST_CHECK enum err zone_file_read(struct arena *, struct str name, const struct zone **out);

#endif
