"""Backup and restore: everything comes back, a damaged file is refused before anything is touched."""

import hashlib
import io
import json
import re
import stat
import tarfile
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from dothi import config
from dothi.db import backup as keeping
from dothi.db import session as db
from dothi.identity import access, service, store
from dothi.identity.guard import SYSTEM
from dothi.kit.errors import BadInput, Conflict
from dothi.sensing import ingest
from dothi.sensing.columns import Columns
from tests.sensing.city import streams


@pytest.fixture
def city(database):
    with db.writing() as session:
        service.create_agency(session, SYSTEM, "so-nnmt", "Sở Nông nghiệp và Môi trường")
        lan = service.create_person(session, SYSTEM, "lan", "Trần Thị Lan", password="nước lớn nước ròng")
        service.grant(session, SYSTEM, lan, "administrator")
        key = service.create_key(session, SYSTEM, "gateway", ["observations:write"])
    data = config.settings().data
    (data / "simulator.key").write_text("k")
    (data / "uploads").mkdir()
    (data / "uploads" / "ảnh.txt").write_text("một bức ảnh")
    return database, data, key


def empty(engine):
    """A city that was lost."""
    with engine.execution_options(dothi_writes=True).begin() as connection:
        for table in ("grant_", "key", "person", "agency", "journal"):
            connection.execute(text(f"DELETE FROM {table}"))
    access.forget()


def test_everything_comes_back(city, tmp_path):
    engine, data, key = city
    file = tmp_path / "monday.tar"
    manifest = keeping.backup(engine, data, file)
    assert manifest["database"] == engine.dialect.name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    empty(engine)
    (data / "uploads" / "ảnh.txt").unlink()
    assert access.by_key(key) is None
    access.forget()
    keeping.restore(engine, data, file)
    assert access.by_key(key).name == "gateway"
    assert (data / "uploads" / "ảnh.txt").read_text() == "một bức ảnh"
    with db.reading() as session:
        assert store.person_by_login(session, "lan").name == "Trần Thị Lan"
    with db.writing() as session:  # and it goes on from there
        service.create_agency(session, SYSTEM, "so-xd", "Sở Xây dựng")


def test_observations_come_back_too(city, tmp_path):
    engine, data, _ = city
    with Session(engine) as session:
        stream = streams(session, 1)[0]
    ingest.put_now(Columns([stream], [1_700_000_000_000_000], [1.25]))
    ingest.forget()
    file = tmp_path / "monday.tar"
    keeping.backup(engine, data, file)
    with engine.execution_options(dothi_writes=True).begin() as connection:
        connection.execute(text("DELETE FROM observation"))
    keeping.restore(engine, data, file, replace=True)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT at, result FROM observation")).all() == [(1_700_000_000_000_000, 1.25)]


def test_a_city_is_not_overwritten_unasked(city, tmp_path):
    engine, data, _ = city
    file = tmp_path / "monday.tar"
    keeping.backup(engine, data, file)
    with pytest.raises(Conflict):
        keeping.restore(engine, data, file)
    keeping.restore(engine, data, file, replace=True)


def damaged(file, name, change, called):
    """A copy of a backup in which one file is other than its manifest says."""
    out = file.with_name(called)
    with tarfile.open(file) as tar, tarfile.open(out, "w") as copy:
        for member in tar:
            content = tar.extractfile(member).read()
            if member.name == name:
                content = change(content)
                if content is None:
                    continue
                member.size = len(content)
            copy.addfile(member, io.BytesIO(content))
    return out


def test_a_damaged_backup_is_refused_and_nothing_is_touched(city, tmp_path):
    engine, data, key = city
    file = tmp_path / "monday.tar"
    keeping.backup(engine, data, file)
    dump = keeping.DUMPS[engine.dialect.name]
    cases = {
        "dothi.*: was changed": damaged(file, dump, lambda content: content[:-1] + b"?", "changed.tar"),
        "simulator.key: is missing": damaged(file, "data/simulator.key", lambda _: None, "missing.tar"),
        "no backup of dothi": damaged(file, keeping.MANIFEST, lambda _: None, "other.tar"),
    }
    for reason, broken in cases.items():
        with pytest.raises(BadInput) as refused:
            keeping.restore(engine, data, broken, replace=True)
        assert re.search(reason, str(refused.value))
    half = tmp_path / "half.tar"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BadInput):
        keeping.restore(engine, data, half, replace=True)
    assert access.by_key(key) is not None


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE])
def test_a_backup_writes_nothing_but_files_below_its_folder(city, tmp_path, kind):
    engine, data, key = city
    file, name = tmp_path / "monday.tar", "data/../../elsewhere.txt" if kind == tarfile.REGTYPE else "data/link"
    manifest = keeping.backup(engine, data, file)
    manifest["files"][name] = {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    bad = damaged(file, keeping.MANIFEST, lambda _: json.dumps(manifest).encode(), "bad.tar")
    with tarfile.open(bad, "a") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(BadInput):
        keeping.restore(engine, data, bad, replace=True)
    assert list(tmp_path.rglob("elsewhere.txt")) == []
    assert access.by_key(key) is not None


def test_a_backup_of_the_other_database_is_refused_in_words(city, tmp_path, monkeypatch):
    engine, data, _ = city
    file = tmp_path / "monday.tar"
    keeping.backup(engine, data, file)
    other = "postgresql" if engine.dialect.name == "sqlite" else "sqlite"
    manifest = {**keeping.read_manifest(file), "database": other}
    monkeypatch.setattr(keeping, "read_manifest", lambda _: manifest)
    with pytest.raises(BadInput, match="another kind of database"):
        keeping.restore(engine, data, file, replace=True)


def test_a_backup_is_of_one_moment_while_writing_goes_on(city, tmp_path):
    engine, data, _ = city
    stop, made = threading.Event(), []

    def write():
        while not stop.is_set():
            with db.writing() as session:
                made.append(service.create_agency(session, SYSTEM, f"a{len(made)}", "Cơ quan").id)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        file = tmp_path / "monday.tar"
        keeping.backup(engine, data, file)
    finally:
        stop.set()
        writer.join()
    keeping.restore(engine, data, file, replace=True)
    with engine.connect() as connection:
        agencies = connection.scalar(text("SELECT count(*) FROM agency"))
        told = connection.scalar(text("SELECT count(*) FROM journal WHERE kind = 'identity.agency.created'"))
    assert agencies == told
