-- The queue of analyses is read from its newest row on, and what was worked on before lies dead in front until it is
-- vacuumed: as rarely as is usual, a claim from a million rows walks a thousand pages of the index before the first row.
ALTER TABLE session_analyses SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
