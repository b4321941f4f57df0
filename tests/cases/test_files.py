"""Files: what they are is seen by their content, the public gets new pixels, and nobody gets another's."""

import hashlib
import io
import os
import socket
import stat
import threading
import time

import pytest
from PIL import Image
from sqlalchemy import select

from dothi import config
from dothi.cases import files, images, scanning, shelf
from dothi.cases.tables import CaseEntry, CaseOffice, Crew, CrewMember
from dothi.identity.guard import ANONYMOUS
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, NotAllowed, NotFound, TooLarge
from tests.cases.reporters import (
    PDF,
    TOKEN,
    agency,
    jpeg_and_zip,
    person,
    phone_photo,
    photo,
    png_bomb,
    report,
    saved,
)  # fmt: skip


@pytest.fixture
def setting(monkeypatch):
    """Give a setting another value."""

    def give(name, value):
        monkeypatch.setenv(f"DOTHI_{name}", str(value))
        config.settings.cache_clear()

    yield give
    config.settings.cache_clear()


@pytest.fixture
def case(session):
    return report(session)


def kept(session, case, content, name="anh.jpg", kind="before", public=True, caller=ANONYMOUS):
    return files.keep(session, caller, case, kind, name, content, public)


def shown(file, ending=""):
    return shelf.path(file.shown, ending).read_bytes()


def nearly(pixel, colour):
    return all(abs(a - b) < 30 for a, b in zip(pixel, colour, strict=True))


def test_the_public_copy_is_upright_and_tells_nothing_of_phone_and_place(session, case):
    content = phone_photo(orientation=6)
    made = kept(session, case, content)
    public = shown(made)
    picture = Image.open(io.BytesIO(public))
    assert picture.size == (made.width, made.height) == (200, 400)
    # turned a quarter clockwise: what was left is on top
    assert nearly(picture.getpixel((100, 20)), (254, 0, 0))
    assert nearly(picture.getpixel((100, 380)), (0, 0, 254))
    assert not picture.getexif()
    assert not {"exif", "comment", "icc_profile"} & set(picture.info)
    for copy in (public, shown(made, shelf.THUMB)):
        assert b"Exif" not in copy
        assert b"GPS" not in copy
        assert "Nguyễn".encode() not in copy
    assert max(Image.open(io.BytesIO(shown(made, shelf.THUMB))).size) <= images.THUMB
    assert shelf.path(made.sha256).read_bytes() == content
    assert files.place_of(content) == (106.41, 10.535)
    assert files.place_of(photo()) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_as_the_viewer_would_turn_it(orientation):
    from PIL import ImageOps

    content = phone_photo(orientation)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    made = Image.open(io.BytesIO(images.copies(content, 10**6).shown))
    assert made.size == expected.size
    for x, y in ((10, 10), (expected.width - 10, 10), (10, expected.height - 10)):
        assert nearly(made.getpixel((x, y)), expected.convert("RGB").getpixel((x, y)))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_every_picture_becomes_a_jpeg_of_at_most_1600(session, case, form):
    made = kept(session, case, photo((2400, 600), form), "ảnh.dat")
    assert made.media_type == f"image/{form.lower()}"
    assert made.name == f"ảnh.dat.{form.lower()}"
    picture = Image.open(io.BytesIO(shown(made)))
    assert (picture.format, picture.size) == ("JPEG", (1600, 400))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_is_read(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    picture = Image.new(mode, (64, 32), 0 if mode not in ("LA", "RGBA", "CMYK") else (0,) * len(mode))
    made = images.copies(saved(picture, form), 10**6)
    pixel = Image.open(io.BytesIO(made.shown)).getpixel((5, 5))
    assert nearly(pixel, (255,) * 3 if mode in ("LA", "RGBA", "CMYK") else (0,) * 3)


def test_of_a_moving_picture_the_public_sees_one_frame(session, case):
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "green", "blue")]
    content = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50)
    made = kept(session, case, content)
    picture = Image.open(io.BytesIO(shown(made)))
    assert getattr(picture, "n_frames", 1) == 1
    assert nearly(picture.getpixel((40, 40)), (254, 0, 0))


def test_an_archive_behind_a_picture_does_not_reach_the_public(session, case):
    made = kept(session, case, jpeg_and_zip())
    assert made.media_type == "image/jpeg"
    assert b"PK\x03\x04" not in shown(made)
    assert b"Evil" not in shown(made) + shown(made, shelf.THUMB)


def test_a_bomb_is_refused_before_it_is_unpacked(session, case, setting):
    began = time.monotonic()
    for bomb in (png_bomb(), png_bomb(12_000, 11_000), png_bomb(400_000, 10)):
        with pytest.raises(TooLarge):
            kept(session, case, bomb)
    assert time.monotonic() - began < 2
    setting("IMAGE_PIXELS", 1000)
    with pytest.raises(TooLarge, match="1000 pixels"):
        kept(session, case, photo())


@pytest.mark.parametrize(
    "content",
    [
        saved(Image.new("P", (5, 5)), "GIF"), b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"alert(document.cookie)", b"", b"\xff\xd8\xff",
        saved(Image.new("RGB", (5, 5)), "TIFF"), saved(Image.new("RGB", (5, 5)), "BMP"), b"PK\x03\x04" + b"\0" * 60,
        b"GIF89a/*" + photo(), b"MZ" + b"\0" * 100, b" " + PDF, b"%!PS-Adobe-3.0 EPSF-3.0\n", b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40,
    ],
    ids=str,
)  # fmt: skip
def test_what_only_calls_itself_a_picture_is_refused(content):
    with pytest.raises(BadInput) as refused:
        files.prepare("anh.jpg", content)
    assert refused.value.faults


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_picture_that_did_not_arrive_whole_is_said_to_be_so(share):
    content = saved(Image.effect_noise((300, 300), 80).convert("RGB"))
    with pytest.raises(BadInput) as refused:
        files.prepare("anh.jpg", content[: int(len(content) * share)])
    assert "whole" in refused.value.faults[0].message


def test_a_pdf_is_kept_and_never_shown(session, case):
    made = kept(session, case, PDF, "đơn.pdf", "paper")
    assert (made.media_type, made.public, made.shown) == ("application/pdf", False, None)
    case.public = True
    given = files.served(session, ANONYMOUS, made.id, "original", TOKEN)
    assert given.headers["content-disposition"].startswith("attachment;")
    assert given.headers["x-content-type-options"] == "nosniff"
    for which in ("public", "thumb", "original"):
        with pytest.raises(NotFound):
            files.served(session, ANONYMOUS, made.id, which)


def test_too_large_and_too_many_are_refused(session, case, setting):
    setting("FILE_BYTES", 5000)
    with pytest.raises(TooLarge):
        kept(session, case, photo() + b"\0" * 5000)
    with pytest.raises(TooLarge):
        kept(session, case, io.BytesIO(photo() + b"\0" * 5000))
    setting("CASE_FILES", 2)
    kept(session, case, photo())
    kept(session, case, io.BytesIO(photo()))
    with pytest.raises(BadInput, match="enough"):
        kept(session, case, photo())
    officer = person(session, "lan", "officer", agency(session))
    assert kept(session, case, photo(), kind="after", caller=officer).actor == officer.actor
    with pytest.raises(BadInput, match="kind"):
        kept(session, case, photo(), kind="../x", caller=officer)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd.jpg"), ("C:\\Users\\An\\ảnh nhà.JPEG", "ảnh nhà.jpg"), ("a\0b\r\nc.jpg", "abc.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"), ("..", "file.jpg"), ("", "file.jpg"), ("\u200b\u2028.jpg", "file.jpg"),
        ('<img src=x onerror="alert(1)">.jpg', "-img src=x onerror=-alert(1)--.jpg"), ("x.html", "x.html.jpg"),
        ("a" * 500 + ".jpg", "a" * 100 + ".jpg"), ("con\u0300.jpg", "co\u01f9.jpg"),
    ],
)  # fmt: skip
def test_a_name_is_a_name_and_no_path(given, name):
    assert files.cleaned(given, "image/jpeg") == name


def test_blurring_destroys_what_was_in_the_box(session, case):
    noise = Image.effect_noise((400, 400), 120).convert("RGB")
    noise.putpixel((0, 0), (1, 2, 3))
    officer = person(session, "lan", "officer", agency(session))
    made = kept(session, case, saved(noise, "PNG"))
    old = made.shown
    files.blur(session, officer, made.id, [[0.25, 0.25, 0.5, 0.25]])
    session.commit()
    assert made.blurred == [[0.25, 0.25, 0.5, 0.25]]
    picture = Image.open(io.BytesIO(shown(made)))
    box = picture.crop((104, 104, 296, 196))
    assert len({tuple(c // 16 for c in pixel) for pixel in box.get_flattened_data()}) < 20
    assert len({tuple(c // 16 for c in pixel) for pixel in picture.crop((0, 300, 192, 392)).get_flattened_data()}) > 15
    thumb = Image.open(io.BytesIO(shown(made, shelf.THUMB)))
    assert thumb.size == (320, 320)
    assert made.shown != old
    assert not shelf.path(old).exists()
    assert not shelf.path(old, shelf.THUMB).exists()
    assert shelf.path(made.sha256).exists()
    told = session.scalars(select(Entry).where(Entry.kind == "cases.file.blurred")).one()
    assert (told.actor, told.visibility, told.data["boxes"]) == (officer.actor, "restricted", 1)
    files.blur(session, officer, made.id, [])
    assert (made.blurred, made.shown) == (None, old)
    entry = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case.id).order_by(CaseEntry.id)).first()
    assert (entry.kind, entry.public) == ("attached", False)


@pytest.mark.parametrize(
    "boxes", [[[0, 0, 2, 1]], [[0.5, 0.5, -0.1, 0.1]], [["x"]], [[float("nan")] * 4], [None], [[0, 0, 1, 1]] * 51]
)
def test_boxes_that_are_none_are_refused(boxes):
    with pytest.raises(BadInput):
        images.checked_boxes(boxes)


def test_only_the_office_judges_what_is_shown(session, case):
    made = kept(session, case, photo())
    other = person(session, "minh", "manager", agency(session, "nuoc", "Cấp nước"))
    for caller, error in ((ANONYMOUS, NotFound), (other, NotFound)):
        for act in (lambda c: files.blur(session, c, made.id, []), lambda c: files.publish(session, c, made.id, False)):
            with pytest.raises(error):
                act(caller)
    leader = person(session, "lanh-dao", "leader")
    with pytest.raises(NotAllowed):
        files.blur(session, leader, made.id, [])
    manager = person(session, "hoa", "manager", agency(session))
    files.publish(session, manager, made.id, False)
    with pytest.raises(NotFound):
        files.served(session, ANONYMOUS, made.id, "public")
    files.publish(session, manager, made.id, True)
    assert files.served(session, ANONYMOUS, made.id, "public")
    signature = kept(session, case, photo(), kind="signature")
    assert not signature.public
    with pytest.raises(BadInput):
        files.publish(session, manager, signature.id, True)


def test_nobody_gets_a_file_by_guessing_its_number(session, case):
    made = kept(session, case, phone_photo())
    office, other = agency(session), agency(session, "nuoc", "Cấp nước")
    inside = person(session, "lan", "officer", office)
    outside = person(session, "minh", "officer", other)
    worker = person(session, "tho", "field-worker", office)
    citizen = person(session, "dan", "reporter")
    everybody = (ANONYMOUS, inside, outside, worker, citizen)

    def gets(which):
        found = []
        for place, caller in enumerate(everybody):
            try:
                files.served(session, caller, made.id, which)
            except NotFound:
                continue
            found.append(place)
        return found

    assert gets("public") == gets("thumb") == [0, 1, 2, 3, 4]
    assert gets("original") == [1]
    for change in ({"hidden": "privacy"}, {"hidden": None, "public": False}):
        for name, value in change.items():
            setattr(case, name, value)
        assert gets("public") == gets("thumb") == gets("original") == [1]
    crew = Crew(code="doi-1", name="Đội 1", agency_id=office.id, categories=[], active=True)
    session.add_all([crew, CaseOffice(case_id=case.id, agency_id=other.id, asked_at=1)])
    session.flush()
    session.add(CrewMember(crew_id=crew.id, person_id=worker.id))
    case.crew_id, case.person_id = crew.id, citizen.id
    session.flush()
    assert gets("public") == gets("original") == [1, 2, 3, 4]
    assert files.served(session, ANONYMOUS, made.id, "original", TOKEN)
    for token in ("", "x", TOKEN[:-1], "é\ud800"):
        with pytest.raises(NotFound):
            files.served(session, ANONYMOUS, made.id, "original", token)
    with pytest.raises(NotFound):
        files.served(session, inside, made.id + 1000, "original")
    assert [len(files.of(session, case, inside=one)) for one in (True, False)] == [1, 0]
    made.scan = "infected"
    assert gets("original") == []


def scanner(tmp_path, text):
    path = tmp_path / "scan.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_scanner_looks_at_every_file(session, case, setting, tmp_path, caplog):
    assert (scanning.way(), kept(session, case, photo()).scan) == ("none", "none")
    setting("SCAN_COMMAND", scanner(tmp_path, 'grep -q EICAR "$1" && exit 1\nexit 0'))
    assert scanning.way() == "command"
    assert kept(session, case, photo()).scan == "clean"
    with pytest.raises(files.Infected):
        kept(session, case, photo() + b"EICAR")
    setting("SCAN_COMMAND", scanner(tmp_path, "sleep 5"))
    setting("SCAN_SECONDS", 0.2)
    for command in (None, "no-such-scanner --x", scanner(tmp_path, "exit 2")):
        if command:
            setting("SCAN_COMMAND", command)
        with pytest.raises(scanning.CannotScan):
            kept(session, case, photo())
    assert [p for p in shelf.folder().rglob(".*") if p.is_file()] == []
    assert len(files.of(session, case, inside=True)) == 2


@pytest.mark.parametrize(
    ("said", "verdict"),
    [(b"stream: OK\0", "clean"), (b"stream: Eicar FOUND\0", "infected"), (b"ERROR\0", None), (b"", None)],
)
def test_clamd_is_asked_by_its_socket(setting, tmp_path, said, verdict):
    content, heard = photo() * 100, []
    path = os.path.relpath(tmp_path / "clamd")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()

        def clamd():
            line, _ = door.accept()
            with line, line.makefile("rb") as stream:
                heard.append(stream.read(10))
                body = b""
                while size := int.from_bytes(stream.read(4)):
                    body += stream.read(size)
                heard.append(body)
                line.sendall(said)

        thread = threading.Thread(target=clamd)
        thread.start()
        setting("SCAN_URL", f"unix:{path}")
        if verdict:
            assert scanning.scan(content, tmp_path) == verdict
        else:
            with pytest.raises(scanning.CannotScan):
                scanning.scan(content, tmp_path)
        thread.join()
    assert heard == [b"zINSTREAM\0", content]
    with pytest.raises(scanning.CannotScan):  # nobody answers any more
        scanning.scan(content, tmp_path)


def test_bytes_go_with_the_last_file_that_has_them_and_only_with_the_commit(session, case):
    one, two = kept(session, case, photo()), kept(session, report(session), photo())
    session.commit()
    content, copy = shelf.path(one.sha256), shelf.path(one.shown)
    assert content.stat().st_mode & 0o077 == 0
    files.drop(session, [one])
    session.commit()
    assert content.exists()
    two = session.get(type(two), two.id)
    files.drop(session, [two])
    session.rollback()
    session.commit()
    assert content.exists()
    files.drop(session, [session.get(type(two), two.id)])
    with session.begin_nested():
        pass
    assert content.exists()
    session.commit()
    assert not content.exists()
    assert not copy.exists()


def test_bytes_nothing_names_are_swept_after_a_day(session, case):
    made = kept(session, case, photo())
    stray = shelf.put(b"stray")
    for name in (stray, made.sha256, made.shown):
        os.utime(shelf.path(name), (1, 1))
    young = shelf.put(b"young")
    assert files.sweep(session) == 1
    assert not shelf.path(stray).exists()
    assert all(shelf.path(name).exists() for name in (young, made.sha256, made.shown))
    assert shelf.path(made.shown, shelf.THUMB).exists()
    with pytest.raises(ValueError, match="sha256"):
        shelf.path("../../etc")
    assert shelf.put(b"young") == hashlib.sha256(b"young").hexdigest()
