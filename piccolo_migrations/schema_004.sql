-- Deadlines (specification 5): the day after which working days are counted, and how many, so that
-- a changed calendar can count them again and a page can show them day by day.
ALTER TABLE report
  ADD COLUMN due_from date,
  ADD COLUMN due_days smallint CHECK (due_days BETWEEN 1 AND 366),
  -- Since when data is missing, and when the person was reminded of it.
  ADD COLUMN data_asked_at timestamptz,
  ADD COLUMN data_reminded_at timestamptz;
UPDATE report SET due_from = (submitted_at AT TIME ZONE 'Asia/Riyadh')::date, due_days = 5,
  data_asked_at = CASE WHEN state = 'missing_data' THEN
    (SELECT max(at) FROM event WHERE report_id = report.id AND action = 'request_data') END;
ALTER TABLE report
  ALTER COLUMN due_from SET NOT NULL,
  ALTER COLUMN due_days SET NOT NULL;

-- What the clock will do next, each in the order in which it comes.
CREATE INDEX report_late ON report (due_at, id)
  WHERE state IN ('received','under_review','in_progress','answered')
    AND late_told_due IS DISTINCT FROM due_at;
CREATE INDEX report_data_reminder ON report (data_asked_at, id)
  WHERE state = 'missing_data' AND data_reminded_at IS NULL;

-- What each sweep did; a sweep that has not come to its end lately is an alarm.
CREATE TABLE sweep_run (
  id bigserial PRIMARY KEY,
  sweep text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  done integer NOT NULL DEFAULT 0,
  error text
);
CREATE INDEX sweep_run_latest ON sweep_run (sweep, started_at DESC);

-- How often an agency was reminded of what it promised; the next time is that many weeks after the
-- date (clocks.py).
ALTER TABLE report ADD COLUMN promise_told smallint NOT NULL DEFAULT 0;
CREATE INDEX report_promise_reminder ON report ((promised_on + 7 * promise_told), id)
  WHERE state = 'closed' AND outcome = 'accepted' AND delivered_at IS NULL AND promise_told < 2;

-- What administrators changed in the calendar. `working` none: the official calendar counts again.
-- `settled_at`: when what was counted by the calendar before, meanwhile, was counted again too.
CREATE TABLE calendar_change (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL,
  staff_id bigint NOT NULL REFERENCES staff,
  first_day date NOT NULL,
  last_day date NOT NULL,
  working boolean,
  name_ar text NOT NULL, name_en text NOT NULL,
  moved integer NOT NULL DEFAULT 0,
  settled_at timestamptz,
  CONSTRAINT calendar_change_forwards CHECK (last_day >= first_day)
);
CREATE INDEX calendar_change_open ON calendar_change (at) WHERE settled_at IS NULL;
-- Which reports moved with it.
CREATE INDEX event_of_calendar_change ON event (((data->>'change')::bigint), id)
  WHERE action = 'move_due';
