"""What there is to tell members of the staff, in one statement for all of them.

Whose a report is: at Amer ``assignee_id``, at an agency ``officer_id``, its manager's all of it; an
agency's people find their own agency's alone (``cases.scope``).
"""

_DUE_KIND = "CASE WHEN r.due_at > m.over_to THEN 'due' ELSE 'overdue' END"
_IS_DUE = """(m.due_to > m.due_from OR m.over_to > m.over_from)
    AND r.due_at > m.over_from AND r.due_at <= m.due_to
    AND (r.due_at <= m.over_to OR r.due_at > m.due_from)"""
# Literals of states and actions as the partial indexes have them. What somebody did themselves is
# no news to them.
# $1: who is asked for and what (``digests._Asked``), $2, $3: the earliest and the latest instant of
# any of them, $4: rows of a kind.
FIND = f"""
WITH m AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (id bigint, role text, agency_id bigint,
    kinds text[], digest boolean, new_from timestamptz, until timestamptz,
    due_from timestamptz, due_to timestamptz, over_from timestamptz, over_to timestamptz,
    check_from timestamptz, check_to timestamptz, promise_from date, promise_to date)
), happened AS MATERIALIZED (
  SELECT e.report_id, e.at, e.action, e.to_state, e.side, e.staff_id,
    CASE WHEN e.action = 'assign' THEN (e.data->>'to')::bigint END AS gets
  FROM event e
  WHERE e.at > $2 AND e.at <= $3 AND e.action IN ('assign','refer','send_back','answer',
    'return_to_amer','request_reopening','accept_reopening','update')
), found AS (
  -- 1. It came into somebody's hands, and is still there.
  SELECT m.id AS member, 'new' AS kind, r.id, h.action, h.at AS sorted
  FROM m JOIN happened h ON h.gets = m.id AND h.at > m.new_from AND h.at <= m.until
  JOIN report r ON r.id = h.report_id
    AND (m.agency_id IS NULL AND h.side = 'amer' AND r.assignee_id = m.id
      OR m.agency_id IS NOT NULL AND h.side = 'agency' AND r.officer_id = m.id
        AND r.referred_agency_id = m.agency_id AND r.state = 'in_progress')
  WHERE h.staff_id IS DISTINCT FROM m.id AND r.state NOT IN ('closed','cancelled','rejected')
  UNION ALL
  -- 2. It is Amer's turn again with what somebody there has.
  SELECT m.id, 'new', r.id, h.action, h.at
  FROM happened h JOIN report r ON r.id = h.report_id
    AND r.state IN ('received','under_review','answered','reopen_requested')
  JOIN m ON m.id = r.assignee_id AND m.agency_id IS NULL
    AND h.at > m.new_from AND h.at <= m.until
  WHERE h.action IN ('answer','return_to_amer','request_reopening','update')
    AND h.to_state = r.state AND h.staff_id IS DISTINCT FROM m.id
  UNION ALL
  -- 3. It came to the agency, and the manager assigns it, or anybody there may take it.
  SELECT m.id, 'new', r.id, h.action, h.at
  FROM happened h JOIN report r ON r.id = h.report_id AND r.state = 'in_progress'
  JOIN m ON m.agency_id = r.referred_agency_id AND h.at > m.new_from AND h.at <= m.until
    AND (m.role = 'agency_manager'
      OR m.role = 'agency_officer' AND coalesce(r.officer_id, m.id) = m.id)
  WHERE h.action IN ('refer','send_back','accept_reopening','update') AND h.to_state = 'in_progress'
  UNION ALL
  -- 4. Its time ends, or has ended: what Amer's people have, an agency's officer, an agency.
  SELECT m.id, {_DUE_KIND}, r.id, NULL, r.due_at
  FROM m JOIN report r ON m.agency_id IS NULL AND r.assignee_id = m.id
    AND r.state IN ('received','under_review','in_progress','answered') AND {_IS_DUE}
  UNION ALL
  SELECT m.id, {_DUE_KIND}, r.id, NULL, r.due_at
  FROM m JOIN report r ON m.role = 'agency_officer' AND r.officer_id = m.id
    AND r.referred_agency_id = m.agency_id AND r.state = 'in_progress' AND {_IS_DUE}
  UNION ALL
  SELECT m.id, {_DUE_KIND}, r.id, NULL, r.due_at
  FROM m JOIN report r ON m.role = 'agency_manager' AND r.referred_agency_id = m.agency_id
    AND r.state = 'in_progress' AND {_IS_DUE}
  UNION ALL
  SELECT m.id, 'check', r.id, NULL, r.completeness_due_at
  FROM m JOIN report r ON m.agency_id IS NULL AND r.assignee_id = m.id AND r.checked_at IS NULL
    AND r.state IN ('received','under_review')
    AND m.check_to > m.check_from
    AND r.completeness_due_at > m.check_from AND r.completeness_due_at <= m.check_to
  UNION ALL
  SELECT m.id, 'promise', r.id, NULL, r.promised_on
  FROM m JOIN report r ON r.referred_agency_id = m.agency_id
    AND r.state = 'closed' AND r.outcome = 'accepted' AND r.delivered_at IS NULL
    AND r.promised_on > m.promise_from AND r.promised_on <= m.promise_to
  UNION ALL
  SELECT m.id, 'mention', r.id, NULL, e.at
  FROM m JOIN mention n ON n.staff_id = m.id AND n.read_at IS NULL
  JOIN event e ON e.id = n.event_id AND e.at > m.new_from AND e.at <= m.until
  JOIN report r ON r.id = e.report_id
    AND (m.agency_id IS NULL OR r.referred_agency_id = m.agency_id)
), once AS (
  -- A report that came in two ways is told once, as it came last.
  SELECT DISTINCT ON (f.member, f.kind, f.id) f.* FROM found f JOIN m ON m.id = f.member
  WHERE f.kind = ANY(m.kinds) ORDER BY f.member, f.kind, f.id, f.sorted DESC, f.action
), placed AS (
  SELECT *, count(*) OVER w AS of_kind,
    row_number() OVER (PARTITION BY member, kind ORDER BY sorted, id) AS place
  FROM once WINDOW w AS (PARTITION BY member, kind)
)
SELECT p.member, p.kind, p.of_kind, p.action, r.number, r.kind AS report_kind, r.due_at,
  r.completeness_due_at, r.promised_on, a.name_ar AS agency_ar, a.name_en AS agency_en
FROM placed p JOIN report r ON r.id = p.id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
WHERE p.place <= $4 ORDER BY p.member, p.kind, p.place
"""  # noqa: S608
