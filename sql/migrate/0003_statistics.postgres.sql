-- Plans before the first ANALYZE. A new table has no statistics: then an index that shares only the client with a look-up
-- seems as good as the one that has the whole key, and the wrong one is taken until autovacuum comes by. So the tables that
-- batches look up are filled with made-up rows of one client, analysed and emptied again: one client, one connection,
-- all other keys distinct. The first ANALYZE of real rows replaces these statistics.
INSERT INTO leads (id, client_id, evidence, wa_level, is_active, last_message_at, created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 1, 3, true, now() - n * interval '1 s', now(), now() FROM generate_series(1, 3000) n;
INSERT INTO identities (client_id, kind, value, lead_id)
SELECT '00000000-0000-7000-8000-000000000001', 'phone', 'x' || n, gen_random_uuid() FROM generate_series(1, 3000) n;
INSERT INTO conversations (id, client_id, connection_id, lead_id, last_message_at, history_received_at, unread_count, unread_live, created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', gen_random_uuid(),
  now() - n * interval '1 s', now() - n * interval '1 s', 0, false, now(), now() FROM generate_series(1, 3000) n;
INSERT INTO messages (id, client_id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, source, seen, status,
  status_rank, content_key, received_at, unread, entry_ticket_id, created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002',
  ('00000000-0000-7000-8000-' || lpad(to_hex(n / 30), 12, '0'))::uuid, 'i:' || n, now() - n * interval '1 s', false, 'INBOUND', 'text',
  'history', 1, 'received', 0, '\x00', now(), false, CASE WHEN n % 10 = 0 THEN gen_random_uuid() END, now(), now()
FROM generate_series(1, 6000) n;
INSERT INTO tickets (id, client_id, conversation_id, lead_id, source, originated_from, status, stage, is_open, opened_at, created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', gen_random_uuid(), gen_random_uuid(), 'incoming_message', 'new_contact',
  'open', 'new', true, now() - n * interval '1 s', now(), now() FROM generate_series(1, 3000) n;
INSERT INTO amendments (client_id, connection_id, target_key, digest, lead_id, doc, rank_at, received_at)
SELECT '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'o:' || n, '\x00', gen_random_uuid(), '{}', now(),
  now() - n * interval '1 s' FROM generate_series(1, 3000) n;
INSERT INTO connection_contacts (client_id, connection_id, lead_id, received_at)
SELECT '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', gen_random_uuid(), now() - n * interval '1 s'
FROM generate_series(1, 3000) n;
INSERT INTO journal (id, received_at, body)
SELECT gen_random_uuid(), now() - n * interval '1 s', '{}' FROM generate_series(1, 3000) n;
INSERT INTO journal_parts (entry_id, part_no, client_id, status, fields, received_at, attempts, bytes)
SELECT gen_random_uuid(), 0, '00000000-0000-7000-8000-000000000001', CASE WHEN n % 10 = 0 THEN 'received' ELSE 'applied' END, 1,
  now() - n * interval '1 s', 0, 1000 FROM generate_series(1, 3000) n;
ANALYZE leads, identities, conversations, messages, tickets, amendments, connection_contacts, journal, journal_parts;
TRUNCATE leads, identities, conversations, messages, tickets, amendments, connection_contacts, journal, journal_parts;
-- Rows that every batch writes again: room for the new version on the same page, and cleaning that keeps up.
ALTER TABLE conversations SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE leads SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE journal_parts SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
