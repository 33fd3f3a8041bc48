"""``docs/settings.md``, as ``just docs`` writes it."""

from balagh.settings import SETTINGS


def as_markdown() -> str:
    """Every setting, its default and what it means."""
    lines = [
        "# Settings",
        "",
        "<!-- Made from src/balagh/settings/ by `just docs`. Change it there. -->",
        "",
        "Every setting is an environment variable. Any of them may be given as a file instead: "
        "`BALAGH_SECRET_KEY_FILE=/run/secrets/key` reads the value from that file, without the "
        "line end. Balagh does not start with a setting that it does not know, that is empty, or "
        "whose value it cannot use; it says which one and why. `balagh doctor` tries them out.",
        "",
        "| Variable | Default | Meaning |",
        "|---|---|---|",
    ]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "–"
        if setting.required:
            default = "**required**"
        secret = " Secret: never shown or logged." if setting.secret else ""
        lines.append(f"| `{setting.variable}` | {default} | {setting.about}{secret} |")
    lines += [
        "",
        "`balagh demo` takes none of them: it makes its own key and keeps it in its data folder.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown())
