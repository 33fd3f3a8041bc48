"""The directory as the wizard's steps pick from it."""

from collections.abc import Sequence

import msgspec

from balagh.directory.lookup import CHANNELS, Catalogue
from balagh.i18n import N_, Language
from balagh.reports.fields import Named

# Stands for an agency's services that are on no platform: they are done on paper.
PAPER = "paper"


class Choice(msgspec.Struct, frozen=True):
    """A choice that is no row of its own: a delivery channel, or "on paper"."""

    code: str
    name_ar: str
    name_en: str


def _choice(code: str, text: str) -> Choice:
    return Choice(code, Language.of("ar").text(text), Language.of("en").text(text))


class Choices:
    """``fields.Directory`` over one snapshot of the catalogue, sorted for one language."""

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self._catalogue = catalogue
        self._language = language

    def agencies(self) -> Sequence[Named]:
        return self._catalogue.agency_list(self._language)

    def platforms(self, agency: str) -> Sequence[Named]:
        row = self._catalogue.agency_codes.get(agency)
        if row is None:
            return ()
        found: list[Named] = list(self._catalogue.platforms_of(row.id, self._language))
        if self._catalogue.paper_services_of(row.id):
            found.append(_choice(PAPER, N_("None: a paper service")))
        return found

    def services(self, agency: str, platform: str) -> Sequence[Named]:
        if platform == PAPER:
            row = self._catalogue.agency_codes.get(agency)
            return () if row is None else self._catalogue.paper_services_of(row.id, self._language)
        found = self._catalogue.platform_codes.get(platform)
        return () if found is None else self._catalogue.services_of(found.id, self._language)

    def channels(self, service: str) -> Sequence[Named]:
        row = self._catalogue.service_codes.get(service)
        return () if row is None else [_choice(code, CHANNELS[code]) for code in row.channels]

    def alternative(self, service: str) -> Named | None:
        """The digital service that replaces this paper one, if the catalogue knows one."""
        row = self._catalogue.service_codes.get(service)
        return None if row is None else self._catalogue.alternative(row)

    def channel(self, code: str) -> Named:
        """The delivery channel with that code, to be shown."""
        return _choice(code, CHANNELS[code])
