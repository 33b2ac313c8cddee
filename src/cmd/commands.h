/* What the rows of the command table run. Each returns an exit status. */
#ifndef RECADO_CMD_COMMANDS_H
#define RECADO_CMD_COMMANDS_H

#include "cmd/command.h"

int serve_run(const struct invocation *);
int worker_run(const struct invocation *);
int migrate_run(const struct invocation *);
int client_add(const struct invocation *);
int client_list(const struct invocation *);
int client_update(const struct invocation *);
int token_create(const struct invocation *);
int token_list(const struct invocation *);
int token_revoke(const struct invocation *);
int replay_run(const struct invocation *);
int import_run(const struct invocation *);
int sync_contacts_run(const struct invocation *);
int analyze_run(const struct invocation *);
int config_run(const struct invocation *);
int version_run(const struct invocation *);
int help_run(const struct invocation *);

#endif
