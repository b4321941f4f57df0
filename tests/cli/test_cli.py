"""The command line: what it says when it works, and that mistakes are sentences."""

import os
import re
import subprocess
import sys

import pytest

from dothi import cli, config
from dothi.db import session as db
from dothi.identity import access, store
from dothi.web import terminal


@pytest.fixture
def dothi(database, capsys, monkeypatch):
    """Run a command in this process; returns its exit code, output and errors."""

    def run(*arguments, typed=""):
        import io

        monkeypatch.setattr(sys, "argv", ["dothi", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_init_makes_the_first_administrator_once(dothi):
    code, out, _ = dothi("init", "--login", "lan")
    assert code == 0
    password = re.search(r"password:\s+(\S+)", out)[1]
    assert "admin" in access.by_password("lan", password).everywhere
    code, out, _ = dothi("init")
    assert code == 0
    assert "there are people already" in out


def test_people_roles_and_keys_are_made_on_the_command_line(dothi):
    assert dothi("agency", "add", "so-nnmt", "Sở Nông nghiệp và Môi trường")[0] == 0
    code, out, _ = dothi(
        "user", "add", "lan", "--name", "Trần Thị Lan", "--agency", "so-nnmt", "--role", "officer",
        typed="mật khẩu của Lan\n",
    )  # fmt: skip
    assert (code, out) == (0, "lan is person 1\n")
    assert access.by_password("lan", "mật khẩu của Lan").roles == {"officer"}
    assert dothi("user", "grant", "lan", "data-steward", "--scope", "agency:so-nnmt")[0] == 0
    listed = dothi("user", "list", "tran")[1]
    assert "data-steward (agency:so-nnmt)" in listed
    assert dothi("user", "ungrant", "lan", "officer")[0] == 0
    assert dothi("user", "ungrant", "lan", "officer")[0] == 2
    assert dothi("user", "passwd", "lan", "--password", "mật khẩu thứ hai")[0] == 0
    assert access.by_password("lan", "mật khẩu thứ hai") is not None
    assert dothi("user", "disable", "lan")[0] == 0
    assert access.by_password("lan", "mật khẩu thứ hai") is None
    assert dothi("user", "enable", "lan")[0] == 0
    code, out, _ = dothi("key", "add", "gateway", "--scope", "observations:write", "--agency", "so-nnmt", "--days", "3")
    assert access.by_key(out.strip()).agency_id == 1
    assert "gateway" in dothi("key", "list")[1]
    assert dothi("key", "revoke", "dk_1")[0] == 0
    assert access.by_key(out.strip()) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "grant", "nobody", "officer"), "there is no 'nobody'"),
        (("user", "add", "x y", "--name", "X", "--password", "short"), "password: 5 characters"),
        (("key", "add", "gw", "--scope", "observation:write"), "did you mean 'observations:write'"),
        (("key", "add", "gw", "--scope", "observations:write", "--thing", "99"), "there is no Thing 99"),
        (("key", "revoke", "x"), "7 or dk_7"),
        (("serve", "--workers", "0", "--port", "99999"), "--port"),
        (("restore", "nowhere.tar"), "is not a file"),
        (("backup", "/nowhere/at/all.tar"), "does not exist"),
        (("sreve",), "Did you mean 'serve'"),
        (("user", "add"), "Missing argument"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(dothi, arguments, said):
    code, out, err = dothi(*arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in out + err


def test_settings_are_listed_with_meaning_and_without_secrets(dothi, monkeypatch):
    monkeypatch.setenv("DOTHI_SECRET", "very hidden")
    monkeypatch.setenv("DOTHI_MQTT_URL", "mqtt://user:hidden-too@broker:1883")
    config.settings.cache_clear()
    code, out, _ = dothi("settings")
    assert code == 0
    for field, about in config.Settings.model_fields.items():
        assert f"DOTHI_{field.upper()}=" in out
        assert about.description, f"the setting {field} says nothing about itself"
    assert "hidden" not in out
    assert "mqtt://user:********@broker:1883" in out


def test_the_journal_is_verified_on_the_command_line(dothi):
    dothi("agency", "add", "so-xd", "Sở Xây dựng")
    assert "1 entries sealed" in dothi("journal", "seal")[1]
    assert dothi("journal", "verify")[0] == 0


def test_every_command_answers_help(dothi):
    assert all(name in dothi("--help")[1] for name in cli.COMMANDS)
    for name in cli.COMMANDS:
        code, out, _ = dothi(name, "--help")
        assert code == 0
        assert "Usage: dothi" in out
    for name in cli.IMPORTS:
        assert dothi("import", name, "--help")[0] == 0


def test_help_is_quick_because_it_imports_nothing_heavy():
    said = "import sys; sys.argv=['dothi','--help']\nfrom dothi import cli\ntry: cli.main()\nexcept SystemExit: pass\n"
    said += "print('HEAVY', [n for n in ('sqlalchemy', 'fastapi', 'shapely', 'numpy', 'pyarrow') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.endswith("HEAVY []\n")


def test_a_database_that_is_not_there_is_a_sentence(dothi, monkeypatch):
    monkeypatch.setenv("DOTHI_DATABASE_URL", "postgresql://dothi@127.0.0.1:1/nothing")
    config.settings.cache_clear()
    before = db.engine()
    db.use(None)
    try:
        code, _, err = dothi("user", "list")
        db.engine().dispose()
    finally:
        db.use(before)
    assert code == 2
    assert "the database cannot be used" in err


def test_people_who_were_added_are_there(dothi):
    dothi("user", "add", "lan", "--name", "Lan", "--password", "mật khẩu của Lan")
    with db.reading() as session:
        assert store.any_person(session)


def test_a_vietnamese_shell_is_answered_in_vietnamese(dothi, monkeypatch):
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "DOTHI_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for typed, answer in (
        (("serv",), "Lỗi: Không có lệnh 'serv'. Có phải ý anh chị là 'serve'"),
        (("user", "add", "lan"), "Lỗi: Thiếu tùy chọn '--name'."),
        (("serve", "--port", "abc"), "Giá trị của '--port' không hợp lệ: cần một số nguyên"),
        (("import", "records"), "cần nêu tệp"),
        (("export", "records", "nope", "-o", "x.csv"), "không có tập dữ liệu 'nope', hoặc không được xem"),
        (("rules", "check", "/khong-co"), "được phép: thư mục chứa các gói ngành"),
    ):
        code, _, said = dothi(*typed)
        assert code == 2
        assert answer in said
    monkeypatch.setenv("DOTHI_LANGUAGE", "en")  # goes before the shell's
    assert "Missing option '--name'." in dothi("user", "add", "lan")[2]


def test_every_help_of_the_command_line_has_its_vietnamese(monkeypatch):
    monkeypatch.setenv("DOTHI_LANGUAGE", "en")
    texts = set()

    def walk(command):
        texts.update(text for text in (command.help, command.epilog) if text)
        texts.update(one.help for one in command.params if getattr(one, "help", None))
        for name, one in getattr(command, "commands", {}).items():
            rooms = getattr(command, "rooms", {})
            walk(cli.load(name, rooms[name]) if name in rooms else one)

    walk(cli.root())
    monkeypatch.setenv("DOTHI_LANGUAGE", "vi")
    kept = {part for text in texts for part in terminal.even(text).split("\n\n") if terminal.told(part) == part}
    assert len(texts) > 150
    assert sorted(kept) == []
