"""From one kind of report to another without typing anything again (specification 3.1 a, 3.2, 3.3).

Titles, texts and services have the same names in all kinds, and a kind reads only what it declares:
so answers are never taken away, and a draft that is switched back is what it was.
"""

from collections.abc import Mapping

import msgspec

from balagh.reports.fields import Answers, Directory, Named, Values, service_of
from balagh.reports.kinds import KINDS
from balagh.reports.wizard import Kind


class Way(msgspec.Struct, frozen=True):
    """Another track for a draft: the kind it becomes, the service it is then about, and the answers
    that change with that."""

    kind: Kind
    service: Named
    answers: Mapping[str, str]


def ways(kind: Kind, answers: Answers, values: Values, directory: Directory) -> tuple[Way, ...]:
    """Where a draft about its service can go on; the same kind too, about another service."""
    about = service_of(values)
    found = (way(to, answers, values, directory) for to in KINDS.values())
    return tuple(each for each in found if each and (each.kind, each.service) != (kind, about))


def way(to: Kind, answers: Answers, values: Values, directory: Directory) -> Way | None:
    """How the draft becomes one of that kind; none when that kind does not take its service.

    A digital kind takes the digital alternative of a paper service.
    """
    service = service_of(values)
    if service is None or isinstance(service, str):
        return None
    target = service if service.digital else directory.alternative(service.code)
    if to.takes == "paper":
        if target is not None:
            return None
        target = service
    elif target is None:
        return None
    place = directory.place(target.code)
    changed = {name: code for name, code in place.items() if answers.get(name) != code}
    return Way(to, target, changed)
