CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Directory: agency → platform → service (specification 2)

CREATE TABLE agency (
  id bigserial PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]*$'),
  name_ar text NOT NULL, name_en text NOT NULL,
  short_ar text NOT NULL, short_en text NOT NULL,
  active boolean NOT NULL DEFAULT true
);

CREATE TABLE platform (
  id bigserial PRIMARY KEY,
  agency_id bigint NOT NULL REFERENCES agency,
  code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]*$'),
  name_ar text NOT NULL, name_en text NOT NULL,
  short_ar text NOT NULL, short_en text NOT NULL,
  active boolean NOT NULL DEFAULT true
);
CREATE INDEX platform_agency ON platform (agency_id);

CREATE TABLE service (
  id bigserial PRIMARY KEY,
  agency_id bigint NOT NULL REFERENCES agency,
  platform_id bigint REFERENCES platform,
  code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]*$'),
  name_ar text NOT NULL, name_en text NOT NULL,
  digital boolean NOT NULL,
  sla_days smallint CHECK (sla_days BETWEEN 1 AND 366),
  digital_alternative_id bigint REFERENCES service,
  channels text[] NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  CONSTRAINT service_digital_has_platform CHECK (NOT digital OR platform_id IS NOT NULL),
  CONSTRAINT service_paper_has_no_sla CHECK (digital OR sla_days IS NULL),
  CONSTRAINT service_alternative_of_paper CHECK (NOT digital OR digital_alternative_id IS NULL),
  CONSTRAINT service_channels CHECK (channels <@ ARRAY['web','app','call_centre','branch','kiosk','email','social'])
);
CREATE INDEX service_platform ON service (platform_id);
CREATE INDEX service_agency ON service (agency_id);

-- The administrator's corrections of the calendar (specification 5)
CREATE TABLE calendar_day (
  day date PRIMARY KEY,
  working boolean NOT NULL,
  name_ar text NOT NULL, name_en text NOT NULL
);

-- People (specification 1). National ids: AES-GCM at rest, looked up by keyed hash.

CREATE TABLE person (
  id bigserial PRIMARY KEY,
  account_type text NOT NULL DEFAULT 'individual'
    CHECK (account_type IN ('individual','business','nonprofit','government')),
  national_id_cipher bytea,
  national_id_hash bytea,
  name text NOT NULL,
  phone text CHECK (phone ~ '^\+[0-9]{6,15}$'),
  email text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  language text NOT NULL DEFAULT 'ar' CHECK (language IN ('ar','en')),
  digits text NOT NULL DEFAULT 'latin' CHECK (digits IN ('latin','arabic')),
  organisation_name text,
  organisation_number text,
  created_at timestamptz NOT NULL,
  erased_at timestamptz,
  CONSTRAINT person_national_id_whole CHECK ((national_id_cipher IS NULL) = (national_id_hash IS NULL))
);
CREATE UNIQUE INDEX person_national_id ON person (national_id_hash) WHERE national_id_hash IS NOT NULL;

CREATE TABLE staff (
  id bigserial PRIMARY KEY,
  role text NOT NULL CHECK (role IN
    ('intake_officer','reviewer','supervisor','administrator','agency_officer','agency_manager')),
  agency_id bigint REFERENCES agency,
  name_ar text NOT NULL, name_en text NOT NULL,
  email text NOT NULL CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  language text NOT NULL DEFAULT 'ar' CHECK (language IN ('ar','en')),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  CONSTRAINT staff_agency_of_provider
    CHECK ((role IN ('agency_officer','agency_manager')) = (agency_id IS NOT NULL))
);
CREATE UNIQUE INDEX staff_email ON staff (lower(email)) WHERE active;
CREATE INDEX staff_agency ON staff (agency_id) WHERE agency_id IS NOT NULL;

-- Who an identity provider says it is: the pair (iss, sub) of OpenID Connect Core 1.0, section 2.
CREATE TABLE identity (
  id bigserial PRIMARY KEY,
  issuer text NOT NULL,
  subject text NOT NULL,
  person_id bigint REFERENCES person ON DELETE CASCADE,
  staff_id bigint REFERENCES staff ON DELETE CASCADE,
  CONSTRAINT identity_once UNIQUE (issuer, subject),
  CONSTRAINT identity_of_one CHECK (num_nonnulls(person_id, staff_id) = 1)
);
CREATE INDEX identity_person ON identity (person_id);
CREATE INDEX identity_staff ON identity (staff_id);

CREATE TABLE session (
  id bigserial PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  person_id bigint REFERENCES person ON DELETE CASCADE,
  staff_id bigint REFERENCES staff ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT session_of_one CHECK (num_nonnulls(person_id, staff_id) = 1)
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_staff ON session (staff_id);
CREATE INDEX session_expiry ON session (expires_at);

-- A sign-in under way: single use, bound to the browser that began it.
CREATE TABLE sign_in_attempt (
  id bigserial PRIMARY KEY,
  state_hash bytea NOT NULL UNIQUE,
  browser_hash bytea NOT NULL,
  nonce text NOT NULL,
  verifier text NOT NULL,
  return_to text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_expiry ON sign_in_attempt (expires_at);

-- Reports (specification 3, 4, 5, 7)

CREATE TABLE draft (
  id uuid PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('complaint','transformation','suggestion')),
  answers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(answers) = 'object'),
  remind_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX draft_person ON draft (person_id, updated_at DESC);
CREATE INDEX draft_reminder ON draft (remind_on) WHERE remind_on IS NOT NULL;

CREATE TABLE report (
  id bigserial PRIMARY KEY,
  number text NOT NULL UNIQUE CHECK (number ~ '^[1-9][0-9]{9}$'),
  -- The draft it was made from: the second submission of the same form meets this and makes nothing.
  draft_id uuid NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('complaint','transformation','suggestion')),
  state text NOT NULL CHECK (state IN ('received','under_review','missing_data','in_progress',
    'answered','closed','cancelled','rejected','reopen_requested')),
  version integer NOT NULL DEFAULT 1,
  person_id bigint NOT NULL REFERENCES person,
  filed_by bigint REFERENCES staff,
  channel text NOT NULL DEFAULT 'portal'
    CHECK (channel IN ('portal','toll_free','gov_sa','other')),
  language text NOT NULL CHECK (language IN ('ar','en')),
  phone text, email text,

  agency_id bigint NOT NULL REFERENCES agency,
  platform_id bigint REFERENCES platform,
  service_id bigint REFERENCES service,
  service_name text,
  service_key text,
  delivery_channel text,

  ground text CHECK (ground IN ('outage','sla_exceeded','no_response_time','closed_unresolved')),
  reference text,
  reference_key text,
  filed_on date,
  response_days smallint CHECK (response_days BETWEEN 1 AND 366),
  closed_on date,
  matter text CHECK (matter IN ('technical','procedural')),
  still_happening boolean,

  title text NOT NULL,
  description text NOT NULL,
  text_hash bytea,

  submitted_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  completeness_due_at timestamptz NOT NULL,
  data_due_at timestamptz,
  paused_working_days smallint,
  resume_state text CHECK (resume_state IN ('under_review','in_progress')),
  late_told_due timestamptz,
  ended_at timestamptz,
  reopen_until timestamptz,

  assignee_id bigint REFERENCES staff,
  outcome text CHECK (outcome IN ('solved','accepted','refused')),
  answer text,
  promised_on date,
  delivered_at timestamptz,

  CONSTRAINT report_service_known CHECK (service_id IS NOT NULL OR service_name IS NOT NULL),
  CONSTRAINT report_complaint_ground CHECK ((kind = 'complaint') = (ground IS NOT NULL)),
  CONSTRAINT report_complaint_reference CHECK
    (ground IS NULL OR ground = 'outage' OR (reference IS NOT NULL AND reference_key IS NOT NULL AND filed_on IS NOT NULL)),
  CONSTRAINT report_missing_data_due CHECK
    ((state = 'missing_data') = (data_due_at IS NOT NULL AND resume_state IS NOT NULL)),
  CONSTRAINT report_accepted_with_date CHECK (outcome IS DISTINCT FROM 'accepted' OR promised_on IS NOT NULL)
);

-- The rules' promises (specification 3.1 b, 3.2, 3.3); cancelled and rejected reports do not count.
CREATE UNIQUE INDEX report_reference_once ON report (agency_id, reference_key)
  WHERE kind = 'complaint' AND reference_key IS NOT NULL AND state NOT IN ('cancelled','rejected');
CREATE UNIQUE INDEX report_transformation_once ON report (person_id, agency_id, service_key)
  WHERE kind = 'transformation' AND state NOT IN ('cancelled','rejected');
CREATE UNIQUE INDEX report_suggestion_once ON report (person_id, service_id, text_hash)
  WHERE kind = 'suggestion' AND state NOT IN ('cancelled','rejected');

CREATE INDEX report_person ON report (person_id, submitted_at DESC, id DESC);
CREATE INDEX report_open_agency ON report (agency_id, due_at, id) WHERE state = 'in_progress';
CREATE INDEX report_open ON report (due_at, id)
  WHERE state IN ('received','under_review','in_progress','answered','reopen_requested');
CREATE INDEX report_data_due ON report (data_due_at) WHERE state = 'missing_data';

CREATE TABLE event (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  at timestamptz NOT NULL,
  action text NOT NULL,
  from_state text,
  to_state text,
  actor text NOT NULL CHECK (actor IN ('beneficiary','staff','clock')),
  staff_id bigint REFERENCES staff,
  public boolean NOT NULL DEFAULT true,
  data jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
  CONSTRAINT event_staff_named CHECK ((actor = 'staff') = (staff_id IS NOT NULL))
);
CREATE INDEX event_report ON event (report_id, at, id);

CREATE TABLE attachment (
  id uuid PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES person,
  draft_id uuid,
  report_id bigint REFERENCES report,
  event_id bigint REFERENCES event,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  media_type text NOT NULL CHECK (media_type IN ('image/png','image/jpeg','image/webp','application/pdf')),
  size integer NOT NULL CHECK (size BETWEEN 1 AND 10485760),
  sha256 bytea NOT NULL,
  added_at timestamptz NOT NULL,
  CONSTRAINT attachment_belongs CHECK (num_nonnulls(draft_id, report_id) >= 1)
);
CREATE INDEX attachment_draft ON attachment (draft_id) WHERE report_id IS NULL;
CREATE INDEX attachment_report ON attachment (report_id);

CREATE TABLE rating (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  survey text NOT NULL CHECK (survey IN ('agency','balagh')),
  score smallint NOT NULL CHECK (score BETWEEN 1 AND 5),
  reasons text[] NOT NULL DEFAULT '{}',
  comment text,
  at timestamptz NOT NULL,
  CONSTRAINT rating_once UNIQUE (report_id, survey)
);

-- Outbox (specification 6). A row is the promise that a message will go out; a job only wakes the sender.

CREATE TABLE notice (
  id bigserial PRIMARY KEY,
  -- Says each moment once: subject:moment:occasion:channel, for example report:15:opened:1:sms
  key text NOT NULL UNIQUE,
  moment text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('sms','email')),
  recipient text NOT NULL,
  language text NOT NULL CHECK (language IN ('ar','en')),
  data jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting','sent','failed')),
  attempts smallint NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  provider_id text,
  error text
);
CREATE INDEX notice_due ON notice (next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX notice_failed ON notice (created_at) WHERE state = 'failed';
