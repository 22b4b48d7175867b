-- Sales (layers 1-4), second edition: what the layers learned to keep.

-- ---- layer 2, Pitch Generator ----
-- What a person did to a pitch: channels whose text was edited, and 'variant' when a person chose it,
-- separated by commas. Layer 9 learns only from pitches in which the machine did it all ('').
ALTER TABLE pitches ADD COLUMN by_hand TEXT NOT NULL DEFAULT '';
