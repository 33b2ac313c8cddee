-- Statistics as of a large installation: SQLite takes an index that shares only the client with a look-up for as good as
-- the one that has the whole key. They are fixed: nothing here ever runs ANALYZE. Form: rows, then rows per distinct prefix.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('leads', 'sqlite_autoindex_leads_1', '1000000 500000 1'),
  ('leads', 'ix_leads_recent', '1000000 500000 2 1'),
  ('identities', 'sqlite_autoindex_identities_1', '1500000 700000 500000 1'),
  ('identities', 'ix_identities_lead', '1500000 700000 2'),
  ('conversations', 'sqlite_autoindex_conversations_1', '1000000 500000 1'),
  ('conversations', 'ux_conversations_lead', '1000000 500000 2 1'),
  ('conversations', 'ix_conversations_recent', '1000000 500000 2 1'),
  ('conversations', 'ix_conversations_connection', '1000000 500000 200000 2'),
  ('messages', 'sqlite_autoindex_messages_1', '10000000 5000000 1'),
  ('messages', 'ux_messages_key', '10000000 5000000 2000000 1 1'),
  ('messages', 'ix_messages_time', '10000000 5000000 30 2 1'),
  ('messages', 'ix_messages_unread', '20000 10000 3 2 1'),
  ('messages', 'ix_messages_ticket', '1000000 500000 5'),
  ('tickets', 'sqlite_autoindex_tickets_1', '1000000 500000 1'),
  ('tickets', 'ux_tickets_open', '500000 250000 1'),
  ('tickets', 'ix_tickets_lead', '1000000 500000 3 1'),
  ('tickets', 'ix_tickets_conversation', '1000000 500000 3 1'),
  ('tickets', 'ix_tickets_recent', '1000000 500000 2 1'),
  ('amendments', 'sqlite_autoindex_amendments_1', '10000 5000 2000 2 1'),
  ('amendments', 'ix_amendments_lead', '10000 5000 2'),
  ('amendments', 'ix_amendments_age', '10000 5000 2'),
  ('connection_contacts', 'sqlite_autoindex_connection_contacts_1', '500000 250000 100000 1'),
  ('journal', 'sqlite_autoindex_journal_1', '5000000 1'),
  ('journal_parts', 'sqlite_autoindex_journal_parts_1', '5000000 1 1'),
  ('journal_parts', 'ix_journal_parts_due', '1000 300 1'),
  ('journal_parts', 'ix_journal_parts_parked', '1000 100 1'),
  ('journal_parts', 'ix_journal_parts_client', '5000000 2500000 1');
ANALYZE sqlite_schema;
