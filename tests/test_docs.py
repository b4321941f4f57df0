"""What is declared is documented: settings, commands, permissions, journal kinds."""

import ast
import re
from pathlib import Path

import dothi
from dothi import cli, config
from dothi.identity import guard

GUIDE = Path(__file__).parent.parent / "docs" / "guide"
SOURCE = Path(dothi.__path__[0])
KIND = re.compile(r"(identity|sensing|data|alerts|notify|warnings|duty|places|city|journal|jobs)(\.[a-z_-]+){1,2}")


def guide(name):
    return (GUIDE / f"{name}.md").read_text("utf-8")


def commands(name, command):
    """Every command below one, with its whole name."""
    if hasattr(command, "rooms"):
        for key, room in command.rooms.items():
            yield from commands(f"{name} {key}", cli.load(key, room))
    elif hasattr(command, "commands"):
        for key, one in command.commands.items():
            yield from commands(f"{name} {key}", one)
    else:
        yield name, command


def test_every_setting_is_documented():
    text = guide("settings")
    assert [f for f in config.Settings.model_fields if f"## `DOTHI_{f.upper()}`" not in text] == []
    named = re.findall(r"^## `DOTHI_(\w+)`", text, re.MULTILINE)
    assert [n for n in named if n.lower() not in config.Settings.model_fields] == []


def test_every_command_and_option_is_documented():
    text = guide("commands")
    found = dict(commands("dothi", cli.root()))
    assert len(found) > 20
    headings = dict(re.findall(r"^#{2,3} `(dothi [^`]+)`\n(.*?)(?=^#{2,3} |\Z)", text, re.MULTILINE | re.DOTALL))
    missing = [name for name in found if name not in headings]
    for name, command in found.items():
        for option in (o for p in command.params if p.name != "help" for o in p.opts if o.startswith("--")):
            if f"`{option}`" not in headings.get(name, ""):
                missing.append(f"{name} {option}")
    assert missing == []
    groups = {" ".join(name.split()[:-1]) for name in found}
    assert [name for name in headings if name not in found and name not in groups] == []


def test_every_permission_and_role_is_documented():
    text = guide("permissions")
    assert [p for p in guard.PERMISSIONS if f"| `{p}` |" not in text] == []
    for role, held in guard.ROLES.items():
        row = re.search(rf"^\| `{role}` \| (.*) \|$", text, re.MULTILINE)[1]
        told = set(re.findall(r"`([a-z:]+)`", row)) if row != "all of them" else guard.PERMISSIONS
        assert told == held, role


def kinds():
    """Every journal kind a call in the source writes; `…` stands for what is filled in."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in ("append", "_tell", "_say", "_changed", "_note", "partial", "tell"):
                continue
            for argument in node.args[:4]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    text = argument.value
                elif isinstance(argument, ast.JoinedStr):
                    text = "".join(v.value if isinstance(v, ast.Constant) else "…" for v in argument.values)
                else:
                    continue
                if KIND.fullmatch(text.replace("…", "x")):
                    yield text, f"{path.relative_to(SOURCE)}:{node.lineno}"


def test_every_journal_kind_is_documented():
    documented = re.findall(r"`([a-z_.-]+)`", guide("journal-kinds").partition("## Kinds")[2])
    written = dict(kinds())
    assert "identity.key.created" in written
    missing = {}
    for kind, where in written.items():
        form = re.compile(re.escape(kind).replace("…", "[a-z_-]+"))
        if not any(form.fullmatch(one) for one in documented):
            missing[kind] = where
    assert missing == {}
