-- Operations (layers 5-6), second edition: what the layers learned to keep.

-- The engine: a unit may wait for several others (docs/adr/0009).
ALTER TABLE units ADD COLUMN then_blocked_on TEXT;  -- JSON list of names, behind the one of blocked_on
