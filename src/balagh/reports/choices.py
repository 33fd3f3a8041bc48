"""The directory as the wizard's steps pick from it."""

from collections.abc import Mapping, Sequence

import msgspec

from balagh.directory.lookup import CHANNELS, Catalogue
from balagh.i18n import N_, Language
from balagh.reports.fields import Named
from balagh.text import text_key

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
            return self.paper_services(agency)
        found = self._catalogue.platform_codes.get(platform)
        return () if found is None else self._catalogue.services_of(found.id, self._language)

    def paper_services(self, agency: str) -> Sequence[Named]:
        row = self._catalogue.agency_codes.get(agency)
        return () if row is None else self._catalogue.paper_services_of(row.id, self._language)

    def channels(self, service: str) -> Sequence[Named]:
        row = self._catalogue.service_codes.get(service)
        return () if row is None else [_choice(code, CHANNELS[code]) for code in row.channels]

    def alternative(self, service: str) -> Named | None:
        """The digital service that replaces this paper one, if the catalogue knows one."""
        row = self._catalogue.service_codes.get(service)
        return None if row is None else self._catalogue.alternative(row)

    def named(self, agency: str, name: str) -> Named | None:
        """The agency's service of that name, in either language, however it is spelt.

        A paper service goes before a digital one of the same name.
        """
        row = self._catalogue.agency_codes.get(agency)
        key = text_key(name)
        found = [
            service
            for service in self._catalogue.services.values()
            if row is not None
            and service.agency_id == row.id
            and service.active
            and key in (text_key(service.name_ar), text_key(service.name_en))
        ]
        return min(found, key=lambda service: (service.digital, service.id), default=None)

    def place(self, service: str) -> Mapping[str, str]:
        """The answers that lead to that service: its agency, its platform and itself."""
        row = self._catalogue.service_codes[service]
        platform = None if row.platform_id is None else self._catalogue.platforms[row.platform_id]
        return {
            "agency": self._catalogue.agencies[row.agency_id].code,
            "platform": PAPER if platform is None else platform.code,
            "service": row.code,
        }

    def channel(self, code: str) -> Named:
        """The delivery channel with that code, to be shown."""
        return _choice(code, CHANNELS[code])
