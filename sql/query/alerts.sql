-- What somebody has to look at (work/alerter.h), and who is told of it (work/alert_sender.h).

-- All that were ever raised, as they stand.
-- name: alerts_all
-- returns: text, uuid, uuid?, text?, uuid?, bool, time, int, json, uuid?, time?
SELECT a.kind, a.about, a.client_id, c.slug, a.connection_id, a.firing, a.since, a.changes, a.detail, a.owner, a.held_until
FROM alerts a LEFT JOIN clients c ON c.id = a.client_id;

-- What is the case: connections whose token Meta refuses.
-- name: alerts_tokens
-- returns: uuid, text, uuid, time, int?, text?
SELECT c.client_id, k.slug, c.id, c.token_failed_at, c.token_failed_code, c.token_failed_reason
FROM connections c JOIN clients k ON k.id = c.client_id
WHERE c.kind = 'whatsapp' AND c.deleted_at IS NULL AND c.token_failed_at IS NOT NULL;

-- Those that Meta disconnected or restricted.
-- name: alerts_disconnected
-- returns: uuid, text, uuid, time, text, text?
SELECT c.client_id, k.slug, c.id, COALESCE(c.status_at, c.updated_at), c.status, c.status_reason
FROM connections c JOIN clients k ON k.id = c.client_id
WHERE c.kind = 'whatsapp' AND c.deleted_at IS NULL AND c.status IN ('disconnected', 'restricted');

-- Those whose current run was found late (work/sync_status.h) and is still without history.
-- name: alerts_history
-- returns: uuid, text, uuid, time, time
SELECT c.client_id, k.slug, c.id, s.alerted_at, COALESCE(s.requested_at, s.started_at)
FROM connections c JOIN sync_runs s ON s.client_id = c.client_id AND s.connection_id = c.id JOIN clients k ON k.id = c.client_id
WHERE c.deleted_at IS NULL AND c.status <> 'disconnected' AND s.alerted_at IS NOT NULL AND s.history_requested AND NOT s.completed
  AND s.first_chunk_at IS NULL AND s.declined_at IS NULL
  AND s.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = s.client_id AND o.connection_id = s.connection_id);

-- Helpdesks that are to be imported: when that was set up, the last run that ended well, how many of the last ones failed, and
-- whether one is under way.
-- name: alerts_imports
-- param: now time, most int
-- returns: uuid, text, time, time?, int, bool
SELECT c.id, c.slug, n.created_at,
  (SELECT j.finished_at FROM jobs j WHERE j.client_id = c.id AND j.kind = 'import' AND j.status IN ('succeeded', 'partial')
    ORDER BY j.id DESC LIMIT 1),
  (SELECT count(*) FROM (SELECT j.status FROM jobs j WHERE j.client_id = c.id AND j.kind = 'import'
    AND j.status IN ('succeeded', 'partial', 'failed') ORDER BY j.id DESC LIMIT :most) l WHERE l.status = 'failed'),
  EXISTS (SELECT 1 FROM jobs j WHERE j.client_id = c.id AND j.kind = 'import' AND j.status = 'running' AND j.lease_until > :now)
FROM clients c JOIN connections n ON n.client_id = c.id AND n.kind = 'helpdesk'
WHERE c.is_active AND c.api_base_url IS NOT NULL AND c.api_key_box IS NOT NULL;

-- Nothing is changed unless it stands as it was seen (0: there was none): another process was faster.
-- name: alerts_raise
-- param: kind text, about uuid, client uuid, connection uuid, since time, seen int, detail json, owner uuid, held time
INSERT INTO alerts (kind, about, client_id, connection_id, firing, since, changes, detail, owner, held_until)
VALUES (:kind, :about, :client, :connection, true, :since, 1, :detail, :owner, :held)
ON CONFLICT (kind, about) DO UPDATE SET firing = true, since = excluded.since, changes = alerts.changes + 1, detail = excluded.detail,
  owner = excluded.owner, held_until = excluded.held_until
WHERE NOT alerts.firing AND alerts.changes = :seen;

-- name: alerts_clear
-- param: kind text, about uuid, seen int, owner uuid, now time
UPDATE alerts SET firing = false, since = :now, changes = changes + 1, owner = NULL, held_until = NULL
WHERE kind = :kind AND about = :about AND firing AND changes = :seen
  AND (owner IS NULL OR owner = :owner OR held_until <= :now);

-- Who sees it says so again.
-- name: alerts_hold
-- param: kind text, about uuid, seen int, owner uuid, now time, until time
UPDATE alerts SET owner = :owner, held_until = :until
WHERE kind = :kind AND about = :about AND firing AND changes = :seen
  AND (owner IS NULL OR owner = :owner OR held_until <= :now);

-- Nothing is inserted where too many wait.
-- name: alert_delivery_put
-- param: kind text, about uuid, change int, id uuid, body text, now time, most int
INSERT INTO alert_deliveries (kind, about, change_no, id, body, tries, next_try_at, created_at)
SELECT :kind, :about, :change, :id, :body, 0, :now, :now
WHERE (SELECT count(*) FROM alert_deliveries) < :most;

-- One that is due and the first of its alert.
-- name: alert_delivery_pick
-- param: now time
-- returns: uuid, text, int, time, text
SELECT d.id, d.body, d.tries, d.created_at, d.kind FROM alert_deliveries d
WHERE d.next_try_at <= :now AND NOT EXISTS (SELECT 1 FROM alert_deliveries o
  WHERE o.kind = d.kind AND o.about = d.about AND o.change_no < d.change_no)
ORDER BY d.next_try_at LIMIT 1;

-- Nothing is changed if another was faster.
-- name: alert_delivery_take
-- param: id uuid, owner uuid, now time, until time
UPDATE alert_deliveries SET owner = :owner, tries = tries + 1, next_try_at = :until WHERE id = :id AND next_try_at <= :now;

-- name: alert_delivery_later
-- param: id uuid, owner uuid, until time
UPDATE alert_deliveries SET owner = NULL, next_try_at = :until WHERE id = :id AND owner = :owner;

-- name: alert_delivery_end
-- param: id uuid, owner uuid
DELETE FROM alert_deliveries WHERE id = :id AND owner = :owner;

-- Of a process that ends.
-- name: alert_delivery_release
-- param: owner uuid, now time
UPDATE alert_deliveries SET owner = NULL, next_try_at = :now WHERE owner = :owner;

-- Those that fire, for the page. client NULL: of all.
-- name: api_alert_list
-- param: client uuid, installation bool, limit int
-- returns: text, text?, uuid?, time, json
SELECT a.kind, c.slug, a.connection_id, a.since, a.detail FROM alerts a LEFT JOIN clients c ON c.id = a.client_id
WHERE a.firing AND CASE WHEN a.client_id IS NULL THEN :installation ELSE :client IS NULL OR a.client_id = :client END
ORDER BY a.since, a.kind, a.about LIMIT :limit;

-- Whether the journal is stuck, as any process sees it; how many deliveries failed so far and wait.
-- name: api_health_alerts
-- returns: bool, int
SELECT EXISTS (SELECT 1 FROM alerts WHERE firing AND kind = 'journal_stuck'),
  (SELECT count(*) FROM alert_deliveries WHERE tries > 1);
