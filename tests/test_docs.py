"""What is declared is documented: settings, commands, permissions, journal kinds."""

import ast
import functools
import re
from pathlib import Path

import dothi
from dothi import cli, config
from dothi.identity import guard

GUIDE = Path(__file__).parent.parent / "docs" / "guide"
SOURCE = Path(dothi.__path__[0])
ROOMS = "analyses|tasking|transit|indicators|identity|sensing|data|alerts|notify|warnings|duty|places|city|journal|jobs|cases"
KIND = re.compile(rf"({ROOMS})(\.[a-z_-]+){{1,2}}")
BEGUN = re.compile(rf"[\"']({ROOMS})\.")


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


@functools.cache
def kinds():
    """Every journal kind a call in the source writes, and where; `…` stands for what is filled in."""
    return dict(_kinds())


def _kinds():
    for path in SOURCE.rglob("*.py"):
        text = path.read_text("utf-8")
        if not BEGUN.search(text):  # to read a thousand modules for good takes seconds
            continue
        for node in ast.walk(ast.parse(text)):
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


# how the room of cases tells: the function, which argument is the kind, and what the journal makes of it
TELLS = {"append": (1, "{}"), "tell": (2, "cases.{}"), "settle": (1, "cases.{}"), "partial": (2, "{}")}


def told_of_cases():
    """Every journal kind the room of cases writes, also by functions that add the beginning or choose the kind."""
    for path in (SOURCE / "cases").glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        own = {}  # functions of the module to which the kind is given
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            places = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                for node, form in kind_of(call, TELLS):
                    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in places]
                    if len(names) == 1:
                        text = "".join(strings(node, None) if isinstance(node, ast.JoinedStr) else ["…"])
                        own[function.name] = (places.index(names[0]), form.replace("{}", text.replace("…", "{}")))
        assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign)]
        for call in calls:
            for node, form in (*kind_of(call, TELLS), *kind_of(call, own)):
                for text in strings(node, assigned):
                    kind = form.replace("{}", text)
                    if KIND.fullmatch(kind.replace("…", "x")) and kind != "cases.…":
                        yield kind, f"cases/{path.name}:{call.lineno}"


def kind_of(call, known):
    """The argument of a call that is a kind, with its form."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in known or (name == "tell" and ast.unparse(call.func) != "news.tell"):
        return
    place, form = known[name]
    said = next((one.value for one in call.keywords if one.arg == ("journal" if name == "settle" else "kind")), None)
    if said is not None and not (isinstance(said, ast.Constant) and said.value is None):
        yield said, form
    elif len(call.args) > place:
        yield call.args[place], form


def strings(node, assigned):
    """The texts an expression may be; assigned: the module's assignments, by which names are followed."""
    match node:
        case ast.Constant(value=str()):
            return [node.value]
        case ast.JoinedStr():
            return ["".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values)]
        case ast.IfExp():
            same = {
                one.value for one in ast.walk(node.test) if isinstance(one, ast.Constant)
            }  # x if kind == "y" else kind
            return [*strings(node.body, assigned), *(one for one in strings(node.orelse, assigned) if one not in same)]
        case ast.BoolOp():
            return [text for one in node.values for text in strings(one, assigned)]
        case ast.Dict():
            return [text for one in node.values for text in strings(one, assigned)]
        case ast.Call(func=ast.Attribute(attr="get")):
            return [text for one in (node.func.value, *node.args[1:]) for text in strings(one, assigned)]
        case ast.Name() if assigned is not None:
            values = [one.value for one in assigned if node.id in targets(one) and one.value is not None]
            return [
                text for one in values for text in strings(one, [other for other in assigned if other.value is not one])
            ]
    return []


def targets(node):
    """The names an assignment gives a value."""
    return [one.id for one in getattr(node, "targets", [getattr(node, "target", None)]) if isinstance(one, ast.Name)]


def test_every_kind_of_cases_is_documented_and_no_other():
    documented = set(re.findall(r"`(cases\.[a-z_.-]+)`", guide("journal-kinds").partition("## Kinds")[2]))
    written = dict(told_of_cases()) | {kind: where for kind, where in kinds().items() if kind.startswith("cases.")}
    assert {"cases.opened", "cases.stepped", "cases.contact.read", "cases.merged", "cases.due"} <= set(written)
    form = {kind: re.compile(re.escape(kind).replace("…", "[a-z_-]+")) for kind in written}
    missing = {k: where for k, where in written.items() if not any(form[k].fullmatch(one) for one in documented)}
    assert missing == {}
    assert [one for one in sorted(documented) if not any(each.fullmatch(one) for each in form.values())] == []


def test_every_journal_kind_is_documented():
    documented = re.findall(r"`([a-z_.-]+)`", guide("journal-kinds").partition("## Kinds")[2])
    written = kinds()
    assert "identity.key.created" in written
    missing = {}
    for kind, where in written.items():
        form = re.compile(re.escape(kind).replace("…", "[a-z_-]+"))
        if not any(form.fullmatch(one) for one in documented):
            missing[kind] = where
    assert missing == {}
