-- Indexes of the housekeeping that runs every second: what it asks is answered by the first entry of a range, however
-- many parts there are. Their conditions say more than the status, so that no query of the drain can be led to them.

-- Whether history of a client still waits: the oldest.
CREATE INDEX ix_journal_parts_due_history ON journal_parts (client_id, received_at)
  WHERE status IN ('received', 'retrying') AND (fields & 2) <> 0;
-- The oldest entry that is not routed. attempts is never negative.
CREATE INDEX ix_journal_parts_unrouted ON journal_parts (received_at)
  WHERE client_id IS NULL AND status IN ('received', 'retrying') AND attempts >= 0;
-- Whether history of a number is parked: the oldest.
CREATE INDEX ix_journal_parts_parked_history ON journal_parts (route_key, received_at)
  WHERE status = 'parked' AND (fields & 2) <> 0;
