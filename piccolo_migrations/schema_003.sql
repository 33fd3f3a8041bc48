-- Staff: how they work, and who stands in for them while they are away (specification 1)

ALTER TABLE staff
  ADD COLUMN shortcuts boolean NOT NULL DEFAULT true,
  -- From that instant, until that other one came; who stands in meanwhile.
  ADD COLUMN away_from timestamptz,
  ADD COLUMN away_until timestamptz,
  ADD COLUMN deputy_id bigint REFERENCES staff,
  ADD CONSTRAINT staff_away_whole CHECK
    (num_nonnulls(away_from, away_until, deputy_id) IN (0, 3) AND away_from < away_until
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
CREATE INDEX mention_staff ON mention (staff_id, id);

-- Other reports that belong with one: on the same service, with the same reference.
CREATE INDEX report_service ON report (service_id, submitted_at DESC, id DESC)
  WHERE service_id IS NOT NULL;

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

-- Who gets at that instant what `who` would get: they themselves, or while they are away who stands
-- in for them, or for those. None when that is nobody who works on that side's reports any more.
CREATE FUNCTION stand_in(who bigint, side_agency bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  one staff;
  asked bigint[] := '{}';
BEGIN
  LOOP
    SELECT * INTO one FROM staff
      WHERE id = who AND active AND agency_id IS NOT DISTINCT FROM side_agency
        AND role IN ('reviewer','supervisor','agency_officer');
    IF NOT FOUND OR who = ANY (asked) THEN
      RETURN NULL;
    END IF;
    IF one.away_from IS NULL OR at < one.away_from OR at >= one.away_until THEN
      RETURN who;
    END IF;
    asked := asked || who;
    who := one.deputy_id;
  END LOOP;
END $$;

-- Who gets by rule a report about that agency and service: by the most telling rule that leads to
-- somebody. `side_agency`: whose rules, none for Amer's.
CREATE FUNCTION by_rule(side_agency bigint, about bigint, service bigint, of_kind text, at timestamptz)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT g.staff_id
    FROM assignment_rule r, stand_in(r.staff_id, side_agency, at) AS g (staff_id)
    WHERE r.owner_agency_id IS NOT DISTINCT FROM side_agency
      AND coalesce(r.service_id = service, r.service_id IS NULL)
      AND coalesce(r.agency_id = about, r.agency_id IS NULL)
      AND coalesce(r.kind = of_kind, r.kind IS NULL)
      AND g.staff_id IS NOT NULL
    ORDER BY r.service_id IS NULL, r.agency_id IS NULL, r.kind IS NULL
    LIMIT 1
  );
END $$;

-- What the entry of a change of hands tells: from whom to whom, by id and name.
CREATE FUNCTION hands(from_staff bigint, to_staff bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'from', from_staff, 'from_ar', f.name_ar, 'from_en', f.name_en,
    'to', to_staff, 'to_ar', t.name_ar, 'to_en', t.name_en))
  FROM (VALUES (1)) AS one LEFT JOIN staff f ON f.id = from_staff LEFT JOIN staff t ON t.id = to_staff
$$;

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

-- Which files of the first report the agency of a part sees too ("the attachment belongs to the
-- original"): those that the reviewer ticked.
CREATE TABLE shared_file (
  id bigserial PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report ON DELETE CASCADE,
  attachment_id uuid NOT NULL REFERENCES attachment ON DELETE CASCADE,
  CONSTRAINT shared_file_once UNIQUE (report_id, attachment_id)
);
CREATE INDEX shared_file_attachment ON shared_file (attachment_id);

-- Who of Amer's staff makes a draft for a caller, and how the caller reached them.
ALTER TABLE draft
  ADD COLUMN filed_by bigint REFERENCES staff,
  ADD COLUMN channel text NOT NULL DEFAULT 'portal'
    CHECK (channel IN ('portal','toll_free','gov_sa','other')),
  ADD CONSTRAINT draft_channel_of_staff CHECK ((filed_by IS NULL) = (channel = 'portal'));
CREATE INDEX draft_filed_by ON draft (filed_by, updated_at DESC) WHERE filed_by IS NOT NULL;

-- Promised dates of accepted requests: the ledger.
CREATE INDEX report_promised ON report (promised_on, id)
  WHERE outcome = 'accepted' AND delivered_at IS NULL AND state = 'closed';
CREATE INDEX report_promised_agency ON report (referred_agency_id, promised_on, id)
  WHERE outcome = 'accepted' AND delivered_at IS NULL AND state = 'closed';

-- Those that were kept, the latest first, and all of them.
CREATE INDEX report_delivered ON report (delivered_at, id) WHERE delivered_at IS NOT NULL;
CREATE INDEX report_accepted ON report (promised_on, id)
  WHERE outcome = 'accepted' AND state = 'closed';
CREATE INDEX report_accepted_agency ON report (referred_agency_id, promised_on, id)
  WHERE outcome = 'accepted' AND state = 'closed';
-- How long agencies take to answer.
CREATE INDEX event_answered ON event (at) WHERE action = 'answer';

-- The inbox in its order, the next due first (docs/benchmarks.md says what each view reads): all that
-- are open, and what is a person's, nobody's, unchecked; an agency's; everything. What else a
-- filter may ask for stands behind the order: the index itself passes over what does not match, and
-- only rows of the page are read (docs/decisions/107).
DROP INDEX report_open;
CREATE INDEX report_open ON report
  (due_at, id, kind, state, channel, priority, platform_id, service_id, ground, assignee_id,
    submitted_at)
  WHERE state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');
CREATE INDEX report_assignee ON report (assignee_id, due_at, id)
  WHERE assignee_id IS NOT NULL
    AND state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');
CREATE INDEX report_officer ON report (officer_id, due_at, id)
  WHERE officer_id IS NOT NULL
    AND state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');
CREATE INDEX report_unassigned ON report (due_at, id)
  WHERE assignee_id IS NULL AND state IN ('received','under_review','answered','reopen_requested');
CREATE INDEX report_unassigned_agency ON report (referred_agency_id, due_at, id)
  WHERE officer_id IS NULL AND state = 'in_progress';
CREATE INDEX report_unchecked ON report (due_at, id) INCLUDE (completeness_due_at)
  WHERE checked_at IS NULL AND state IN ('received','under_review');
DROP INDEX report_open_agency;
CREATE INDEX report_open_agency ON report
  (referred_agency_id, due_at, id, kind, state, channel, priority, platform_id, service_id, ground, officer_id,
    submitted_at)
  WHERE referred_agency_id IS NOT NULL
    AND state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');
CREATE INDEX report_agency ON report
  (referred_agency_id, due_at, id, kind, state, channel, priority, platform_id, service_id, ground, officer_id,
    submitted_at)
  WHERE referred_agency_id IS NOT NULL;
CREATE INDEX report_state ON report (state, due_at, id);
CREATE INDEX report_due ON report
  (due_at, id, kind, state, channel, priority, platform_id, service_id, ground, assignee_id,
    submitted_at);
CREATE INDEX report_about ON report
  (agency_id, due_at, id, kind, state, channel, priority, platform_id, service_id, ground, assignee_id,
    submitted_at);
CREATE INDEX report_about_open ON report
  (agency_id, due_at, id, kind, state, channel, priority, platform_id, service_id, ground, assignee_id,
    submitted_at)
  WHERE state IN ('received','under_review','missing_data','in_progress','answered','reopen_requested');
-- By day of filing: rows lie in that order, so a summary of each stretch is enough.
CREATE INDEX report_submitted ON report USING brin (submitted_at);
-- What happened since a page was shown.
CREATE INDEX event_at ON event (at);

-- Searching. A text as it is compared, the same as balagh.text.fold: one form of each Arabic letter,
-- no diacritics, no invisible marks, Latin digits, small letters, single spaces.
CREATE FUNCTION folded(given text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(lower(translate(
    regexp_replace(
      normalize(translate(given, 'ۀ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', 'ه01234567890123456789'), NFKD),
      -- What combines with a letter, and what nobody sees.
      '[\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06E4\u06E7\u06E8\u06EA-\u06ED\u08D3-\u08FF\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20F0\uFE00-\uFE0F\uFE20-\uFE2F\u00AD\u061C\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]',
      '', 'g'),
    'ٱىیېةھہکڪءـ', 'ايييهههكك')), '\s+', ' ', 'g'))
$$;
ALTER TABLE report ADD COLUMN searched text;
ALTER TABLE person ADD COLUMN searched text;

-- By triggers, so that whoever writes a title or a name (a correction, a split, an import) need not
-- think of it.
CREATE FUNCTION report_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.searched := folded(NEW.title || ' ' || NEW.description);
  RETURN NEW;
END $$;
CREATE TRIGGER report_searched BEFORE INSERT OR UPDATE OF title, description ON report
  FOR EACH ROW EXECUTE FUNCTION report_searched();
CREATE FUNCTION person_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.searched := folded(NEW.name);
  RETURN NEW;
END $$;
CREATE TRIGGER person_searched BEFORE INSERT OR UPDATE OF name ON person
  FOR EACH ROW EXECUTE FUNCTION person_searched();
UPDATE report SET searched = folded(title || ' ' || description);
UPDATE person SET searched = folded(name);
CREATE INDEX report_searched ON report USING gin (searched gin_trgm_ops);
CREATE INDEX person_searched ON person USING gin (searched gin_trgm_ops);
CREATE INDEX report_reference ON report (reference_key) WHERE reference_key IS NOT NULL;
CREATE INDEX report_phone ON report (phone) WHERE phone IS NOT NULL;
CREATE INDEX person_phone ON person (phone) WHERE phone IS NOT NULL;

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
CREATE INDEX audit_action ON audit (action, id);

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

-- A form that was sent when its session was over is kept for staff too.
ALTER TABLE session
  DROP CONSTRAINT session_unsent_of_person,
  ADD CONSTRAINT session_unsent_at CHECK (unsent IS NULL OR unsent_at IS NOT NULL);
