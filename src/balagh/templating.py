"""Jinja environments, one for each language, shared by pages and messages.

Both escape, which an environment of one's own does not do by default.
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from balagh.assets import asset
from balagh.i18n import Language, isolate

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment(code: str, zone: str = "Asia/Riyadh") -> Environment:
    """The environment of language ``code``; times are shown in ``zone``.

    Globals: ``_`` and ``ngettext`` (as ``Language.text`` and ``Language.plural``), ``language``,
    ``asset``. Filters: ``bdi``, ``strong``; of a date, or of an instant's date in the zone:
    ``day`` (weekday, Gregorian), ``weekday_day`` (without the year), ``short_day`` (without both),
    ``hijri``; of an instant: ``clock_time``.
    """
    language = Language.of(code)
    at = ZoneInfo(zone)

    def local_day(value: date) -> date:
        return value.astimezone(at).date() if isinstance(value, datetime) else value

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(_=language.text, ngettext=language.plural, language=language, asset=asset)
    made.filters.update(
        bdi=isolate,
        strong=lambda value: Markup("<b>{}</b>").format(value),
        day=lambda value: language.date(local_day(value)),
        short_day=lambda value: language.date(local_day(value), weekday=False, year=False),
        weekday_day=lambda value: language.date(local_day(value), year=False),
        hijri=lambda value: language.hijri(local_day(value)),
        clock_time=lambda value: language.time(value, at),
    )
    return made
