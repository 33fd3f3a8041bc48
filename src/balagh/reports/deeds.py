"""What an action of staff does to a report and whom it tells: planned once, looked at, then done.

The preview of a message and the message come from the same plan (decision 089), and both of the
deeds of an answer that closes at once are one transaction (decision 090).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from balagh.database import fetch, transaction
from balagh.notices.texts import words_now
from balagh.reports import closing, giving, moments
from balagh.reports.acting import Deed, Done, Internal, Notice, Overtaken, act
from balagh.reports.cases import Case, Desk
from balagh.reports.casework import File
from balagh.reports.closing import Ending
from balagh.reports.fields import Values
from balagh.reports.lifecycle import Action, Entry, Role, State, transition
from balagh.reports.moments import MOMENTS, Addressee
from balagh.reports.standing import Answer, Referral, Standing, Terms, after
from balagh.reports.telling_channels import Reach


class Portal(msgspec.Struct, frozen=True, kw_only=True):
    """What messages need of the installation. ``sms``: whether it has a gateway;
    ``answer_closes``: whether an agency's answer closes the report at once."""

    public_url: str
    secret_key: bytes
    sms: bool
    answer_closes: bool


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody at ``desk`` gives for ``action``. ``values``: as ``giving.read`` understood
    them; ``answers``, ``files``: of an update on the beneficiary's behalf; ``by_link``: the name of
    the contact whose link speaks for the desk."""

    desk: Desk
    action: Action
    values: Values
    answers: tuple[Mapping[str, Any], ...] = ()
    files: tuple[UUID, ...] = ()
    by_link: str = ""


async def planned(
    case: Case, given: Given, now: datetime, terms: Terms, portal: Portal
) -> tuple[Deed, ...]:
    """All that happens when it is done: one deed, or the answer and the closing that follows it.

    Only for what ``allowed`` lets that desk do.
    """
    action = given.action
    row = transition(case.state, action, given.desk.role)
    assert row is not None, "it was asked whether this is allowed"
    before = case.standing()
    then = after(before, row, now, terms, _standing_given(given))
    to = _agency_named(await moments.addressee_of(case.id), given)
    data = said(case, given, now)
    closes = action is Action.ANSWER and portal.answer_closes
    if closes:
        data["closes"] = True
    deed = Deed(
        report=case.id,
        version=case.version,
        action=action,
        before=before,
        after=then,
        actor="staff",
        staff=given.desk.staff_id,
        data=data,
        files=given.files,
        notices=await _notices(action, given.values, to, then, terms, portal),
        internal=_internal(case, given),
    )
    return (deed, closing_of(deed, to, now, terms, portal)) if closes else (deed,)


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A checked file that comes with an update. ``item``: for which of the things asked for."""

    file: File
    sha256: bytes
    item: int


class TooLateError(Exception):
    """Undoes the transaction: somebody else was first."""


async def do(
    deeds: tuple[Deed, ...], now: datetime, brought: tuple[Brought, ...] = (), person: int = 0
) -> Done | Overtaken:
    """All of them, or nothing when somebody else was first. ``brought``: the files of an update,
    whose bytes are kept already; ``person``: whose report it is."""
    if len(deeds) == 1 and not brought:
        return await act(deeds[0], now)
    try:
        async with transaction():
            await _bring(deeds[0].report, person, brought, now)
            return await within(deeds, now)
    except TooLateError:
        return Overtaken()


async def within(deeds: tuple[Deed, ...], now: datetime) -> Done:
    """All of them, in the caller's transaction. Raises ``TooLateError``, which has to undo it, when
    somebody else was first."""
    first, *rest = deeds
    done = await act(first, now)
    if isinstance(done, Overtaken):
        raise TooLateError
    for deed in rest:
        # Nobody comes between: the report's row is ours until the transaction ends.
        followed = await act(deed, now)
        assert isinstance(followed, Done)
    return done


async def _bring(report: int, person: int, brought: tuple[Brought, ...], now: datetime) -> None:
    for one in brought:
        file = one.file
        await fetch(
            "INSERT INTO attachment (id, report_id, person_id, name, media_type, size, sha256, "
            "added_at, pending_action, item) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            file.id, report, person, file.name, file.media_type, file.size, one.sha256, now,
            Action.UPDATE.value, one.item,
        )  # fmt: skip


def said(case: Case, given: Given, now: datetime) -> dict[str, Any]:
    """The event's data: what it is told with, and the agency as it was called then."""
    values, action = given.values, given.action
    agency = values.get("agency") if action is Action.REFER else None
    data: dict[str, Any] = {
        "agency_ar": agency.name_ar if agency else case.agency_ar,
        "agency_en": agency.name_en if agency else case.agency_en,
    }
    if action is Action.REQUEST_DATA:
        data["items"] = list(values["item"])
        if now >= case.completeness_due_at:
            data["late"] = True
    elif action is Action.UPDATE:
        data["answers"] = [dict(answer) for answer in given.answers]
    elif action is Action.REFER:
        data["priority"] = values["priority"]
    elif action is Action.REJECT:
        data |= {"code": values["code"], "reason": values["reason"]}
    elif action is Action.REFUSE_REOPENING:
        data["reason"] = values["reason"]
    elif action is Action.ANSWER:
        answer = _answer(values)
        data |= {"outcome": answer.outcome, "answer": answer.text}
        if answer.promised_on:
            data["promised_on"] = answer.promised_on.isoformat()
        if given.by_link:
            data["by_link"] = given.by_link
    elif action is Action.CLOSE and values.get("comment"):
        data["comment"] = values["comment"]
    return data


def _agency_named(to: Addressee, given: Given) -> Addressee:
    """Messages about a referral name the agency that it goes to."""
    if given.action is not Action.REFER:
        return to
    agency = given.values["agency"]
    return msgspec.structs.replace(to, agency_ar=agency.name_ar, agency_en=agency.name_en)


def _standing_given(given: Given) -> Answer | Referral | None:
    if given.action is Action.REFER:
        return Referral(given.values["agency"].id, given.values["priority"])
    return _answer(given.values) if given.action is Action.ANSWER else None


def _answer(values: Values) -> Answer:
    if "text" in values:
        return Answer("solved", values["text"])
    if values["outcome"] == "accepted":
        return Answer("accepted", values["plan"], values["promised_on"])
    return Answer("refused", values["reasons"])


def _internal(case: Case, given: Given) -> tuple[Internal, ...]:
    """What only staff read of it: for both sides, whoever has the report next."""
    text = given.values.get(giving.papers(given.action, case.kind).for_staff)
    if not text:
        return ()
    data = {"text": text, "about": given.action.value}
    if code := given.values.get("code"):
        data["code"] = code
    return (Internal(action=Entry.NOTE, data=data),)


async def _notices(
    action: Action, values: Values, to: Addressee, then: Standing, terms: Terms, portal: Portal
) -> tuple[Notice, ...]:
    if then.state in (State.CLOSED, State.REJECTED) and action is not Action.REFUSE_REOPENING:
        return _ending(
            to,
            then,
            terms,
            portal,
            reason=values.get("reason", ""),
            comment=values.get("comment") or "",
        )
    moment = MOMENTS.get(action)
    if moment is None:
        return ()
    more: dict[str, Any] = {}
    if action is Action.REQUEST_DATA:
        assert then.data_due_at is not None
        more = moments.missing(
            to, values["item"], then.data_due_at, portal.public_url, sms=portal.sms,
            words=await words_now(terms.zone),
        )  # fmt: skip
    elif action is Action.REFUSE_REOPENING:
        more = {"reasons": values["reason"]}
    return moments.notices(
        moment,
        msgspec.structs.replace(to, due_at=then.due_at),
        public_url=portal.public_url,
        sms=portal.sms,
        zone=terms.zone,
        **more,
    )


def _ending(
    to: Addressee,
    then: Standing,
    terms: Terms,
    portal: Portal,
    *,
    reason: str = "",
    comment: str = "",
) -> tuple[Notice, ...]:
    ending = Ending(
        number=to.number,
        kind=to.kind,
        title=to.title,
        agency_ar=to.agency_ar,
        agency_en=to.agency_en,
        standing=then,
        reason=reason,
        comment=comment,
        name=to.name,
        language=to.language,
        reach=Reach.of(to),
        part=to.part,
    )
    return closing.notices(
        ending,
        public_url=portal.public_url,
        secret_key=portal.secret_key,
        sms=portal.sms,
        zone=terms.zone,
    )


def closing_of(answer: Deed, to: Addressee, now: datetime, terms: Terms, portal: Portal) -> Deed:
    """The closing that the installation's setting makes of an answer: nobody's decision, so the
    clock's."""
    row = transition(State.ANSWERED, Action.CLOSE, Role.REVIEWER)
    assert row is not None
    then = after(answer.after, row, now, terms)
    return Deed(
        report=answer.report,
        version=answer.version + 1,
        action=Action.CLOSE,
        before=answer.after,
        after=then,
        actor="clock",
        data={name: answer.data[name] for name in ("agency_ar", "agency_en")},
        notices=_ending(to, then, terms, portal),
    )
