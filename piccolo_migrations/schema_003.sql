-- Staff: how they work, and who stands in for them while they are away (specification 1)

ALTER TABLE staff
  ADD COLUMN shortcuts boolean NOT NULL DEFAULT true,
  ADD COLUMN away_from date,
  ADD COLUMN away_until date,
  ADD COLUMN deputy_id bigint REFERENCES staff,
  ADD CONSTRAINT staff_away_whole CHECK
    (num_nonnulls(away_from, away_until, deputy_id) IN (0, 3) AND away_from <= away_until
      AND deputy_id <> id);
CREATE INDEX staff_deputy ON staff (deputy_id) WHERE deputy_id IS NOT NULL;

-- Local accounts of staff: password and time-based code (NIST SP 800-63B, RFC 6238)

CREATE TABLE credential (
  staff_id bigint PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
  password_hash text NOT NULL,
  -- AES-GCM, nonce first; none until a second factor was enrolled.
  totp_cipher bytea,
  -- The last step that was used: a code works once (RFC 6238, 5.2).
  totp_step bigint,
  changed_at timestamptz NOT NULL
);

CREATE TABLE recovery_code (
  id bigserial PRIMARY KEY,
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  CONSTRAINT recovery_code_once UNIQUE (staff_id, code_hash)
);

CREATE TABLE invitation (
  id bigserial PRIMARY KEY,
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX invitation_staff ON invitation (staff_id);

-- One subject of a provider may be a beneficiary and a member of staff: where they sign in decides.
ALTER TABLE identity
  DROP CONSTRAINT identity_of_one,
  ADD CONSTRAINT identity_of_somebody CHECK (num_nonnulls(person_id, staff_id) >= 1);

-- Failed attempts, by what was tried (a keyed hash: no address is kept) and from where.
CREATE TABLE failed_sign_in (
  id bigserial PRIMARY KEY,
  account_hash bytea NOT NULL,
  source_hash bytea NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX failed_sign_in_account ON failed_sign_in (account_hash, at);
CREATE INDEX failed_sign_in_source ON failed_sign_in (source_hash, at);
CREATE INDEX failed_sign_in_at ON failed_sign_in (at);

-- Casework (specification 4)

ALTER TABLE report
  -- The agency that works on it, from the referral on; `agency_id` is the one it is about.
  ADD COLUMN referred_agency_id bigint REFERENCES agency,
  ADD COLUMN referred_at timestamptz,
  ADD COLUMN priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('normal','high')),
  -- Who at the agency works on it (`assignee_id`: who at Amer), and that they have seen it.
  ADD COLUMN officer_id bigint REFERENCES staff,
  ADD COLUMN acknowledged_at timestamptz,
  -- When the completeness check was done (specification 5): data asked for, referred or rejected.
  ADD COLUMN checked_at timestamptz,
  -- The report that this one is a part of, where it concerned several agencies.
  ADD COLUMN part_of bigint REFERENCES report,
  ADD CONSTRAINT report_part_of_another CHECK (part_of <> id);
-- Until now a report was always worked on by the agency that it is about.
UPDATE report SET referred_agency_id = agency_id, referred_at = coalesce(
    (SELECT max(at) FROM event WHERE report_id = report.id AND action = 'refer'), submitted_at)
  WHERE state IN ('in_progress','answered','closed','reopen_requested')
    OR resume_state = 'in_progress';
UPDATE report SET checked_at =
  (SELECT min(at) FROM event WHERE report_id = report.id AND action IN ('refer','request_data','reject'));
ALTER TABLE report
  ADD CONSTRAINT report_referred_whole CHECK ((referred_agency_id IS NULL) = (referred_at IS NULL)),
  ADD CONSTRAINT report_with_an_agency CHECK (state <> 'in_progress' OR referred_agency_id IS NOT NULL),
  ADD CONSTRAINT report_officer_of_agency CHECK (officer_id IS NULL OR referred_agency_id IS NOT NULL);
CREATE INDEX report_part ON report (part_of) WHERE part_of IS NOT NULL;
CREATE INDEX report_assignee ON report (assignee_id, due_at, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX report_officer ON report (officer_id, due_at, id) WHERE officer_id IS NOT NULL;

-- Whose own an entry is that the beneficiary does not see: none means all staff that see the report.
ALTER TABLE event
  ADD COLUMN side text CHECK (side IN ('amer','agency')),
  ADD CONSTRAINT event_public_to_all CHECK (NOT public OR side IS NULL);

-- Who has seen which version of a report, and who looks at it now.
CREATE TABLE case_view (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  version integer NOT NULL,
  seen_at timestamptz NOT NULL,
  looking_until timestamptz,
  CONSTRAINT case_view_once UNIQUE (report_id, staff_id)
);

CREATE TABLE mention (
  id bigserial PRIMARY KEY,
  event_id bigint NOT NULL REFERENCES event ON DELETE CASCADE,
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  read_at timestamptz,
  CONSTRAINT mention_once UNIQUE (event_id, staff_id)
);
CREATE INDEX mention_unread ON mention (staff_id) WHERE read_at IS NULL;

-- Texts that staff use again. `agency_id` none: Amer's; `kind`, `action` none: any.
CREATE TABLE canned_reply (
  id bigserial PRIMARY KEY,
  agency_id bigint REFERENCES agency,
  kind text CHECK (kind IN ('complaint','transformation','suggestion')),
  action text,
  language text NOT NULL CHECK (language IN ('ar','en')),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 120),
  body text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 4000),
  changed_by bigint NOT NULL REFERENCES staff,
  changed_at timestamptz NOT NULL
);
CREATE INDEX canned_reply_agency ON canned_reply (agency_id, action);

-- A filter of the inbox by a name. `shared`: with everybody of the same side (Amer, or the agency).
CREATE TABLE saved_view (
  id bigserial PRIMARY KEY,
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  query text NOT NULL CHECK (char_length(query) <= 1000),
  shared boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  CONSTRAINT saved_view_once UNIQUE (staff_id, name)
);

-- Who gets what by itself. The most telling rule counts: service before agency before kind.
CREATE TABLE assignment_rule (
  id bigserial PRIMARY KEY,
  -- Whose rule: an agency's, none for Amer's.
  owner_agency_id bigint REFERENCES agency,
  agency_id bigint REFERENCES agency,
  service_id bigint REFERENCES service,
  kind text CHECK (kind IN ('complaint','transformation','suggestion')),
  staff_id bigint NOT NULL REFERENCES staff ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  CONSTRAINT assignment_rule_once UNIQUE NULLS NOT DISTINCT
    (owner_agency_id, agency_id, service_id, kind)
);

-- An answer without an account, for an agency that has no staff here: one report, 14 days.
CREATE TABLE answer_link (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  agency_id bigint NOT NULL REFERENCES agency,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  name text NOT NULL,
  email text NOT NULL CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  made_by bigint NOT NULL REFERENCES staff,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  used_at timestamptz
);
CREATE INDEX answer_link_report ON answer_link (report_id);

-- What a caller adds by themselves: one report, until it expires or is revoked.
CREATE TABLE evidence_link (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  made_by bigint NOT NULL REFERENCES staff,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX evidence_link_report ON evidence_link (report_id);

-- Promised dates of accepted requests: the ledger.
CREATE INDEX report_promised ON report (promised_on, id)
  WHERE outcome = 'accepted' AND delivered_at IS NULL AND state = 'closed';
CREATE INDEX report_promised_agency ON report (referred_agency_id, promised_on, id)
  WHERE outcome = 'accepted' AND delivered_at IS NULL AND state = 'closed';

-- The inbox in its order: by agency, or all.
DROP INDEX report_open_agency;
CREATE INDEX report_open_agency ON report (referred_agency_id, due_at, id)
  WHERE referred_agency_id IS NOT NULL
    AND state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');

-- Audit: what staff did and whose data they saw. Append-only; each row's hash covers the one before,
-- so nothing in the middle can be changed or taken out without a break. No personal data, ids only.

CREATE TABLE audit (
  id bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  staff_id bigint,
  action text NOT NULL,
  subject text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
  hash bytea NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_staff ON audit (staff_id, id);

CREATE FUNCTION audit_hash(previous bytea, entry audit) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(previous || convert_to(jsonb_build_array(
    entry.id, extract(epoch FROM entry.at), entry.staff_id, entry.action, entry.subject, entry.data
  )::text, 'UTF8'))
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last audit;
BEGIN
  -- 1. One after the other, to the end of each transaction: the next must see this one.
  PERFORM pg_advisory_xact_lock(hashtextextended('audit', 0));
  -- 2. Only now is looked: what was written while this waited is seen.
  SELECT * INTO last FROM audit ORDER BY id DESC LIMIT 1;
  NEW.id := coalesce(last.id, 0) + 1;
  NEW.hash := audit_hash(coalesce(last.hash, ''::bytea), NEW);
  RETURN NEW;
END $$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only added to';
END $$;
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
