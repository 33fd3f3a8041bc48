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

-- Messages: the texts that the administrator changed, instead of those that Balagh comes with, and
-- every change with what stood there before (null: Balagh's own).
CREATE TABLE message_text (
  moment text NOT NULL,
  language text NOT NULL CHECK (language IN ('ar','en')),
  part text NOT NULL CHECK (part IN ('sms','subject','email')),
  text text NOT NULL CHECK (text <> ''),
  changed_by bigint NOT NULL REFERENCES staff,
  changed_at timestamptz NOT NULL,
  id bigserial PRIMARY KEY,
  CONSTRAINT message_text_once UNIQUE (moment, language, part)
);
CREATE TABLE message_text_change (
  id bigserial PRIMARY KEY,
  moment text NOT NULL,
  language text NOT NULL,
  part text NOT NULL,
  old text,
  new text,
  changed_by bigint NOT NULL REFERENCES staff,
  changed_at timestamptz NOT NULL,
  CONSTRAINT message_text_changed CHECK (old IS DISTINCT FROM new)
);
CREATE INDEX message_text_change_moment ON message_text_change (moment, id);

-- SMS: what the gateway's delivery receipts told, and a channel that takes nothing lately.
ALTER TABLE notice
  ADD COLUMN receipt text CHECK (receipt IN ('delivered','failed')),
  ADD COLUMN receipt_code text,
  ADD COLUMN delivered_at timestamptz;
CREATE INDEX notice_provider ON notice (provider_id) WHERE channel = 'sms';
CREATE TABLE circuit (
  channel text PRIMARY KEY CHECK (channel IN ('sms','email')),
  -- Failures of the way in a row; from the fifth on it is open and only probes are sent.
  failures integer NOT NULL,
  probes integer NOT NULL,
  opened_at timestamptz,
  retry_at timestamptz,
  reason text NOT NULL
);

-- Delivery: what is due on a channel, in its order, and whether something for the same recipient
-- waits before it. All that the claim asks is in the index, so that it reads the rows it takes.
DROP INDEX notice_due;
CREATE INDEX notice_due ON notice (channel, next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX notice_in_order ON notice (recipient, channel, id) WHERE state = 'waiting';

-- Staff notices (specification 6: "a daily digest by default"): how, without which kinds, and until
-- when they were told. Nobody is told what happened before there were notices.
ALTER TABLE staff
  ADD COLUMN notify text NOT NULL DEFAULT 'digest' CHECK (notify IN ('digest','each','none')),
  ADD COLUMN notify_without text[] NOT NULL DEFAULT '{}',
  ADD COLUMN told_until timestamptz;
UPDATE staff SET told_until = now();

-- What could not be delivered: when it failed for good, how often it was sent again by hand (two
-- clicks are one), and who settled it otherwise.
ALTER TABLE notice
  ADD COLUMN failed_at timestamptz,
  ADD COLUMN resent smallint NOT NULL DEFAULT 0,
  ADD COLUMN dismissed_at timestamptz,
  ADD COLUMN dismissed_by bigint REFERENCES staff,
  ADD COLUMN dismissed_why text CHECK (length(dismissed_why) <= 500);
UPDATE notice SET failed_at = next_attempt_at WHERE state = 'failed';
DROP INDEX notice_failed;
CREATE INDEX notice_undelivered ON notice (id) WHERE state = 'failed' AND dismissed_at IS NULL;
CREATE INDEX notice_dismissed ON notice (id) WHERE dismissed_at IS NOT NULL;

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
