/* The commands of recado-sim. Each returns the exit status: 0 done, 1 failed, 64 usage. */
#ifndef RECADO_SIM_COMMANDS_H
#define RECADO_SIM_COMMANDS_H

#include "sim/args.h"

int command_meta(struct arena *, const struct sim_args *);   /* delivers the world to a server */
int command_bodies(struct arena *, const struct sim_args *); /* writes the bodies as files */
int command_check(struct arena *, const struct sim_args *);  /* holds a server against the truth */
int command_digest(struct arena *, const struct sim_args *); /* the digest of a database */
int command_graph(struct arena *, const struct sim_args *);  /* plays the Graph API on a port */
int command_helpdesk(struct arena *, const struct sim_args *); /* plays a helpdesk on a port */
int command_model(struct arena *, const struct sim_args *);    /* plays a model server on a port */

#endif
