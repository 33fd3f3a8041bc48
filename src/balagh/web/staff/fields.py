"""The fields of staff's own forms, as the shared macros show them."""

from collections.abc import Iterable

from balagh.web.views import FieldView, OptionView


def line(
    name: str,
    label: str,
    value: str = "",
    *,
    error: str = "",
    hint: str = "",
    type: str = "text",
    autocomplete: str = "",
    inputmode: str = "",
    ltr: bool = False,
) -> FieldView:
    """A text. What was typed as a password is never given back."""
    return FieldView(
        name=name,
        id=name,
        type=type,
        label=label,
        hint=hint,
        value="" if type == "password" else value,
        error=error,
        options=[],
        optional=False,
        autocomplete=autocomplete,
        inputmode=inputmode,
        maxlength=None,
        ltr=ltr,
    )


def choice(
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    chosen: str = "",
    *,
    error: str = "",
    hint: str = "",
    type: str = "select",
) -> FieldView:
    """``options``: value and label; ``type``: ``select`` or ``radio``."""
    return FieldView(
        name=name,
        id=name,
        type=type,
        label=label,
        hint=hint,
        value=chosen,
        error=error,
        options=[OptionView(value, text, "", value == chosen) for value, text in options],
        optional=False,
        autocomplete="",
        inputmode="",
        maxlength=None,
        ltr=False,
    )
