-- Working days (specification 5): between which days the time to answer stood still since it began.
-- In pairs, on which day data was asked for and on which it came. From here on `due_from` and
-- `due_days` are those of the whole time, so that days before a pause can be counted again too. A
-- report that went on before this has the time since then, as it was, and no pauses.
ALTER TABLE report
  ADD COLUMN pauses date[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT report_pauses_in_pairs CHECK (cardinality(pauses) % 2 = 0);

-- Changes of the calendar: without `staff_id` the official calendar itself changed. `seen_at`: since
-- when it certainly holds, from which the time until it is settled is counted; `judged_at`: when it
-- was judged anew from which day on drafts can be filed.
ALTER TABLE calendar_change
  ALTER COLUMN staff_id DROP NOT NULL,
  ADD COLUMN seen_at timestamptz,
  ADD COLUMN judged_at timestamptz;
UPDATE calendar_change SET seen_at = settled_at WHERE settled_at IS NOT NULL;
CREATE INDEX calendar_change_unjudged ON calendar_change (id) WHERE judged_at IS NULL;

-- What the official calendar said when open due dates were last counted by it (weekend, holidays,
-- from which to which day it is known), and another that was met since.
CREATE TABLE official_calendar (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  said jsonb NOT NULL,
  coming jsonb,
  coming_since timestamptz
);
