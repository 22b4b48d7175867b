-- Indexes and columns that the last depth of the layers needs.

-- Layer 6: the posts of all clients that are still to go out, in calendar order.
CREATE INDEX posts_planned ON posts (mode, planned_at, id) WHERE state = 'planned';

-- Orchestrator: the latest whole run of a world says up to when plans are due.
CREATE INDEX runs_whole ON runs (mode, id) WHERE scope = 'all';

-- Layer 6: whether a client disputes a payment is asked before each post and each reply.
CREATE INDEX charges_by_client ON charges (mode, entity) WHERE entity IS NOT NULL;
