"""What the templates are given: texts in the person's language, nothing left to decide."""

from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from balagh.i18n import Language, grouped, isolate
from balagh.reports.casework import File
from balagh.reports.fields import Answers, Field, Line, Option, Problem, Situation, Values
from balagh.reports.wizard import Step, fields_shown


class OptionView(msgspec.Struct, frozen=True):
    value: str
    label: str
    hint: str = ""
    checked: bool = False


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """``toggle_url``: where a date's form goes to be shown in the other calendar; ``refine``: a
    change of this field changes what else is asked or told; ``opens``: which questions follow."""

    name: str
    id: str
    type: str
    label: str
    hint: str
    value: Any
    error: str
    error_part: str = ""
    options: list[OptionView]
    optional: bool
    autocomplete: str
    inputmode: str
    maxlength: int | None
    ltr: bool
    toggle_url: str = ""
    refine: bool = False
    opens: bool = False


class ErrorView(msgspec.Struct, frozen=True):
    href: str
    text: str


class NoticeView(msgspec.Struct, frozen=True):
    """A condition that fails by the answers given so far, and where its explanation leads."""

    title: str
    text: Markup
    url: str = ""
    url_text: str = ""


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """``errors``: the summary's links; ``notices``: what is known before the step is sent;
    ``help_url``: why the step is asked; ``caller``: for whom staff files, empty for oneself."""

    kind: str
    slug: str
    number: int
    count: int
    title: str
    lead: str
    fields: list[FieldView]
    errors: list[ErrorView]
    notices: list[NoticeView]
    action: str
    back_url: str
    save_url: str
    optional: bool = False
    help_url: str = ""
    caller: str = ""


class FileView(msgspec.Struct, frozen=True):
    id: str
    name: str
    size_text: str
    icon: str
    url: str
    remove_url: str = ""


class RowView(msgspec.Struct, frozen=True):
    label: str
    value: Markup
    note: str = ""
    change_url: str = ""
    change_label: str = ""


class SectionView(msgspec.Struct, frozen=True):
    title: str
    rows: list[RowView]


def option_views(options: Sequence[Any], chosen: str, language: Language) -> list[OptionView]:
    views = []
    for option in options:
        if isinstance(option, Option):
            view = OptionView(
                option.value,
                language.text(option.label),
                language.text(option.hint) if option.hint else "",
                option.value == chosen,
            )
        else:
            view = OptionView(option.code, language.name(option), "", option.code == chosen)
        views.append(view)
    return views


def field_view(
    field: Field,
    answers: Answers,
    situation: Situation,
    problem: Problem | None,
    language: Language,
    toggle_url: str,
) -> FieldView:
    """``toggle_url``: where the form goes to show its dates in the other calendar."""
    value: Any = answers.get(field.name, "")
    if field.type == "date":
        parts = ("day", "month", "year")
        value = {part: answers.get(f"{field.name}_{part}", "") for part in parts}
        value["calendar"] = answers.get(f"{field.name}_calendar") or _calendar_chosen(answers)
    options = field.options(answers, situation)
    return FieldView(
        name=field.name,
        # Where a link to the field leads: the input itself, the first of several.
        id=field.name,
        type=field.type,
        label=language.text(field.label),
        hint=language.text(field.hint) if field.hint else "",
        value=value,
        error=language.text(problem.text, **problem.values) if problem else "",
        error_part=problem.part if problem else "",
        options=option_views(options, value, language) if options else [],
        optional=field.may_be_empty(situation),
        # What the browser of staff remembers is somebody else's.
        autocomplete="off" if situation.assisted else field.autocomplete,
        inputmode=field.inputmode,
        maxlength=field.maxlength,
        ltr=field.ltr,
        toggle_url=toggle_url if field.type == "date" else "",
        refine=field.refine,
        opens=field.refine and field.type in ("select", "radio"),
    )


def text_view(field: Line, value: str, problem: Problem | None, language: Language) -> FieldView:
    """A text that depends on nothing else, outside of the steps."""
    return FieldView(
        name=field.name,
        id=field.name,
        type=field.type,
        label=language.text(field.label),
        hint=language.text(field.hint) if field.hint else "",
        value=value,
        error=language.text(problem.text, **problem.values) if problem else "",
        options=[],
        optional=field.optional,
        autocomplete="",
        inputmode="",
        maxlength=field.maxlength,
        ltr=False,
    )


def _calendar_chosen(answers: Answers) -> str:
    """The calendar of a date that was typed before: people stay with theirs."""
    chosen = (value for key, value in answers.items() if key.endswith("_calendar") and value)
    return next(chosen, "gregorian")


def error_views(fields: Sequence[FieldView]) -> list[ErrorView]:
    """The summary's links: to the part of a date that is wrong, to the first radio button."""
    links = []
    for field in fields:
        if field.error:
            part = f"_{field.error_part or 'day'}" if field.type == "date" else ""
            links.append(ErrorView(f"#{field.id}{part}", field.error))
    return links


def size_text(size: int, language: Language) -> str:
    """``size`` in bytes as 340 KB, 1.2 MB."""
    if size < 1_048_576:
        return language.text("{n} KB", n=max(1, round(size / 1024)))
    return language.text("{n} MB", n=f"{size / 1_048_576:.1f}")


def file_view(
    file: File, language: Language, remove: str = "", *, folder: str = "/files"
) -> FileView:
    """``folder``: the address under which whoever asks gets it."""
    return FileView(
        id=str(file.id),
        name=file.name,
        size_text=size_text(file.size, language),
        icon="image" if file.image else "document",
        url=f"{folder}/{file.id}",
        remove_url=remove,
    )


def answer_rows(
    step: Step, answers: Answers, values: Values, language: Language, change: str = ""
) -> list[RowView]:
    """What was answered in a step, for the check and details pages. ``change``: its address."""
    return field_rows(fields_shown(step, answers, values), values, language, change)


def field_rows(
    fields: Sequence[Field], values: Values, language: Language, change: str = ""
) -> list[RowView]:
    """As ``answer_rows``, of these fields."""
    rows = []
    for field in fields:
        value = values.get(field.name)
        shown = Markup("") if value is None else field.show(value, language)
        if not shown:
            continue
        label = language.text(field.summary or field.label)
        rows.append(
            RowView(
                label,
                shown,
                change_url=f"{change}?change=1" if change else "",
                change_label=label,
            )
        )
    return rows


def file_names(files: Sequence[File]) -> Markup:
    return Markup("<br>").join(isolate(file.name) for file in files)


def number(number: str) -> Markup:
    """A report's number, in groups that stay on one line."""
    return isolate(grouped(number).replace(" ", "\u00a0"))


def strong(text: object) -> Markup:
    return Markup("<b>{}</b>").format(text)
