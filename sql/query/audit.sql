-- Who did what. Written in the transaction of what it tells (src/store/audit.c).

-- name: audit_insert
-- param: id uuid, client uuid, at time, actor text, action text, kind text, subject uuid, detail json
INSERT INTO audit_log (id, client_id, at, actor, action, subject_kind, subject_id, detail)
VALUES (:id, :client, :at, :actor, :action, :kind, :subject, :detail);
