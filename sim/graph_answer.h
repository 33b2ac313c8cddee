/* clang-format off */
/*
 * One request to the simulated Graph API, without a socket. META_GRAPH_URL may end in a version or
 * not (`/v24.0/…` is the same path).
 *
 *   GET    /oauth/access_token?client_id&client_secret&code   a token; a code works once, for 30 s
 *   GET    /{waba}/phone_numbers?fields&limit&after           pages of 25
 *   GET, POST, DELETE /{waba}/subscribed_apps
 *   GET    /{number}?fields
 *   POST   /{number}/smb_app_data   each sync once, within 24 h; its webhooks follow
 *   POST   /{number}/register       never for a number of the app
 *   POST   /{number}/messages       texts, and `status: read`; statuses follow as webhooks
 *   GET    /{media}                 an address that lives 5 minutes
 *   GET    /__media/{media}?key     the bytes
 *
 * All but the first want `Authorization: Bearer` of a token for that WABA.
 *
 * The controls, which need no token and are not kept. Bodies are JSON; a member that is not known
 * is 400, and changes nothing:
 *
 *   POST /__sim/number   {wabaId, phoneNumberId, displayPhoneNumber, verifiedName?, onBizApp?,
 *                        decline?: no|envelope|bare|value|metadata, people?, messages?, contacts?,
 *                        chunkMessages?, seed?}; of a known number, what is said of it is changed
 *   POST /__sim/code     {wabaId, again?} → {code, event}: what Embedded Signup's pop-up hands
 *                        over; the first one, and `again`, is the moment of onboarding
 *   POST /__sim/token    {wabaId} → {token}, without a code
 *   POST /__sim/revoke   {token?}: all, or that one; later calls are 190
 *   POST /__sim/late     {phoneNumberId}: its 24 h are over
 *   POST /__sim/window   {waId, open, phoneNumberId?}: outside it a message is accepted, and fails
 *   POST /__sim/alias    {input, waId}: how Meta spells that number
 *   POST /__sim/statuses {upTo?: none|sent|delivered|read, stepMs?, backwards?}
 *   POST /__sim/fault    {path, method?, to?, times?, fate?, status?, code?, subcode?,
 *                        retryAfter?, ms?, silent?}: the next `times` (1) requests whose path
 *                        begins so, or is so with `*` for any part; `to`: messages to that person
 *                        only. fate: error, cut, close, hang, garbage, slow, accept_and_cut,
 *                        accept_and_close, accept_and_hang, fail_later
 *   POST /__sim/calm     {}: no more faults, good manners
 *   POST /__sim/media    {id, bytes?, mime?, sha256?: hex|base64|wrong, fileSize?, sizeAsText?,
 *                        fail?, failDownload?, cutAt?, slowMs?, old?, expired?, content?: its
 *                        bytes in base64}, or {any: true}: every number is the id of a medium, as
 *                        sim/wire tells of it
 *   POST /__sim/deliver  {url, path?, secret?}: where webhooks go from now on
 *   GET  /__sim/requests, GET /__sim/stats
 */
/* clang-format on */
#ifndef RECADO_SIM_GRAPH_ANSWER_H
#define RECADO_SIM_GRAPH_ANSWER_H

#include "sim/graph.h"

/* Fills in *out; its texts are in the arena. Seeded: the same requests at the same times have the
 * same answers. */
void graph_answer(struct graph *, const struct web_request *, int64_t now_ms, struct arena *,
                  struct web_reply *out);
/* False: the path is no control, and *out is untouched. */
bool graph_control(struct graph *, const struct web_request *, int64_t now_ms, struct arena *,
                   struct web_reply *out);

#endif
