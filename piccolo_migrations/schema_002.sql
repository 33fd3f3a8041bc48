-- People: how they want to be told, and what they asked for (specification 6, 7)

ALTER TABLE person
  ADD COLUMN notify_sms boolean NOT NULL DEFAULT true,
  ADD COLUMN notify_email boolean NOT NULL DEFAULT true,
  ADD COLUMN erasure_asked_at timestamptz,
  ADD CONSTRAINT person_can_be_told CHECK (notify_sms OR notify_email);

-- A new telephone number or e-mail address that waits for its code.
CREATE TABLE verification (
  id bigserial PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
  channel text NOT NULL CHECK (channel IN ('sms','email')),
  address text NOT NULL,
  code_hash bytea NOT NULL,
  attempts smallint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- When the last codes were sent, at most five: what limits how often a new one can be had.
  sent_at timestamptz[] NOT NULL,
  CONSTRAINT verification_once UNIQUE (person_id, channel)
);

-- Notices by what they are about (the first two parts of their key): for a person's copy of their data.
CREATE INDEX notice_about ON notice (split_part(key, ':', 1), split_part(key, ':', 2));

-- Reports: on whose behalf, and the words by which suggestions are compared (specification 1, 3.3)

ALTER TABLE report
  ADD COLUMN account_type text NOT NULL DEFAULT 'individual'
    CHECK (account_type IN ('individual','business','nonprofit','government')),
  ADD COLUMN organisation_name text,
  ADD COLUMN organisation_number text,
  ADD COLUMN folded_text text,
  ADD CONSTRAINT report_organisation_named CHECK
    (account_type = 'individual' OR (organisation_name IS NOT NULL AND organisation_number IS NOT NULL));
CREATE INDEX report_suggestion_like ON report USING gin (folded_text gin_trgm_ops)
  WHERE kind = 'suggestion';

-- What a beneficiary has written of an update or a request to reopen, until it is confirmed.
CREATE TABLE action_draft (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  action text NOT NULL CHECK (action IN ('update','request_reopening')),
  answers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(answers) = 'object'),
  updated_at timestamptz NOT NULL,
  CONSTRAINT action_draft_once UNIQUE (report_id, action)
);

-- A file that came with such an action: which action until it is confirmed, and for which of the
-- items that were asked for (from 0).
ALTER TABLE attachment
  ADD COLUMN pending_action text CHECK (pending_action IN ('update','request_reopening')),
  ADD COLUMN item smallint CHECK (item >= 0),
  ADD CONSTRAINT attachment_pending_of_report CHECK
    (pending_action IS NULL OR (report_id IS NOT NULL AND event_id IS NULL));

ALTER TABLE rating ADD COLUMN changed_at timestamptz;

-- A form that was sent when its session was over, until the same person is signed in again.
ALTER TABLE session
  ADD COLUMN unsent jsonb,
  ADD COLUMN unsent_at timestamptz,
  ADD CONSTRAINT session_unsent_of_person CHECK
    (unsent IS NULL OR (person_id IS NOT NULL AND unsent_at IS NOT NULL));
