"""The command line in the language of whoever types: English, and Vietnamese where the shell or DOTHI_LANGUAGE says so.

Names of commands and options, and what programs read (JSON, CSV, exit codes), are the same in both.
"""

import os
from typing import Any

_USAGE, _TRY, _ERROR = ("Usage:", "Cách dùng:"), ("Try '{}' for help.", "Xem '{}' để biết thêm."), ("Error:", "Lỗi:")
_TITLES = {"ARGUMENTS_PANEL_TITLE": "Tham số", "OPTIONS_PANEL_TITLE": "Tùy chọn", "COMMANDS_PANEL_TITLE": "Lệnh"}


def language() -> str:
    """The language, vi or en: DOTHI_LANGUAGE, else the shell's LC_ALL, LC_MESSAGES or LANG."""
    if (asked := os.environ.get("DOTHI_LANGUAGE", "")) in {"vi", "en"}:
        return asked
    shell = next((os.environ[one] for one in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(one)), "")
    return "vi" if shell.startswith("vi") else "en"


def told(text: str) -> str:
    """A help text, paragraph by paragraph, or a sentence; what has no Vietnamese stays as it is."""
    if language() != "vi":
        return text
    return "\n\n".join(_one(part) for part in text.split("\n\n"))


def fault(text: str) -> str:
    """What went wrong, line by line, `place: what; allowed: …` in its parts."""
    if language() != "vi":
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def translate(command: Any) -> Any:
    """A command with its helps in the caller's language."""
    if language() != "vi":
        return command
    import typer.rich_utils

    for name, title in _TITLES.items():
        setattr(typer.rich_utils, name, title)
    for name in ("help", "short_help", "epilog", "rich_help_panel"):
        if isinstance(text := getattr(command, name, None), str):
            setattr(command, name, told(even(text)))
    _help_option(command)
    for one in getattr(command, "params", []):
        if isinstance(getattr(one, "help", None), str):
            one.help = told(even(one.help))
    for one in getattr(command, "commands", {}).values():
        translate(one)
    return command


def _help_option(command: Any) -> None:
    """The option `--help`, which a command makes when it is asked for."""
    made = command.get_help_option

    def spoken(context: Any) -> Any:
        option = made(context)
        if option is not None and isinstance(option.help, str):
            option.help = told(option.help)
        return option

    command.get_help_option = spoken


def usage(error: Any) -> str:
    """Wrong usage as a person reads it: how it is called, where help is, what is wrong."""
    vi = language() == "vi"
    lines = []
    if (context := getattr(error, "ctx", None)) is not None:
        called = context.get_usage().replace(_USAGE[0], _USAGE[vi], 1)
        lines += [called, _TRY[vi].format(f"{context.command_path} -h"), ""]
    return "\n".join([*lines, f"{_ERROR[vi]} {fault(error.format_message())}"])


def even(text: str) -> str:
    """A help text with its line breaks taken out, but for those between paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def _line(line: str) -> str:
    bare = line.strip()
    found = _one(bare)
    if found == bare and ": " in bare:
        place, _, rest = bare.partition(": ")
        what, _, allowed = rest.partition("; allowed: ")
        found = f"{place}: {_one(what)}" + (f"; được phép: {_one(allowed)}" if allowed else "")
    return line.replace(bare, found) if bare else line


def _one(text: str) -> str:
    from dothi.web.phrasebook import phrasebook  # Babel, for nothing where the shell is English

    found = phrasebook("cli").find(text, lambda name, part: _one(part) if name == "why" else part)
    if found is not None:
        return found
    for begins, other in (("Examples:", "Ví dụ:"), ("Example:", "Ví dụ:")):
        if text.startswith(begins):
            return other + text.removeprefix(begins)
    return text
