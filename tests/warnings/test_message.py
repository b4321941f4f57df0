"""What leaves the house: every published message is in the form of CAP 1.2, keeps its prose rules, and is signed."""

import re
import shutil
import subprocess

import pytest
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

from dothi.kit import clock
from dothi.warnings import model, parsing, reading, rules, service, signing, store
from tests.warnings import cap12
from tests.warnings.conftest import CHIEF, WRITER, composed

FORM = cap12.schema()
CAP = f"{{{model.NAMESPACE}}}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00")
DRAWN = {
    "type": "Polygon",
    "coordinates": [[[106.41 + 0.02 * (i % 2) / 5, 10.51 + i * 1e-5] for i in range(900)] + [[106.40, 10.52], [106.41, 10.51]]],
}  # fmt: skip


def document(session, row) -> bytes:
    return store.document(session, CHIEF, row.identifier).xml.encode()


@pytest.fixture
def life(session, publish):
    """A warning, its update with a drawn area, and its cancellation, as they were published."""
    first = publish(simulated=True, contact="Trực ban", onset_at=clock.now_micros() + clock.HOUR)
    row = service.update(session, WRITER, first.id)
    row = service.edit(session, WRITER, row.id, composed(shape=DRAWN, severity="Extreme"), row.version)
    row = service.ask(session, WRITER, row.id, row.version)
    second = service.approve(session, CHIEF, row.id, row.version)
    row = service.cancel(session, WRITER, second.id, {"vi": "Nước đã rút", "en": "The water has gone"})
    third = service.approve(session, CHIEF, row.id, row.version)
    session.commit()
    return first, second, third


def test_every_message_of_a_life_is_in_the_form_and_keeps_the_rules(session, life):
    for row, kind in zip(life, ("Alert", "Update", "Cancel"), strict=True):
        root = etree.fromstring(document(session, row))
        assert FORM.validate(root), FORM.error_log.last_error
        alert = reading.alert(root)
        assert list(rules.breaches(alert)) == []
        assert (alert.msg_type, alert.scope, alert.status) == (kind, "Public", "Actual")
        assert [info.language for info in alert.infos] == ["vi-VN", "en-US"]
        assert {(i.severity, i.urgency, i.certainty, i.expires, i.categories) for i in alert.infos[:1]} == {
            (i.severity, i.urgency, i.certainty, i.expires, i.categories) for i in alert.infos
        }
    assert [str(one) for one in alert.references] == [
        str(reading.alert(etree.fromstring(document(session, r))).reference) for r in life[:2]
    ]


def test_instants_have_vietnams_offset_and_never_z(session, life):
    for row in life:
        root = etree.fromstring(document(session, row))
        for name in ("sent", "effective", "onset", "expires"):
            for one in root.iter(CAP + name):
                assert INSTANT.fullmatch(one.text), one.text


def test_outlines_are_closed_latitude_first_and_short(session, life):
    """The rings that stand in the text, not what our own reader makes of them."""
    root = etree.fromstring(document(session, life[1]))
    texts = [one.text for one in root.iter(CAP + "polygon")]
    assert len(texts) == 2 * 3
    for text in texts:
        points = [tuple(map(float, pair.split(","))) for pair in text.split()]
        assert 4 <= len(points) <= 200
        assert points[0] == points[-1]
        assert all(10 < lat < 11 and 106 < lon < 107 for lat, lon in points)
    codes = {(one.find(CAP + "valueName").text, one.find(CAP + "value").text) for one in root.iter(CAP + "geocode")}
    assert codes == {("VN-DVHC", "27694"), ("VN-DVHC", "27712")}


def test_what_is_simulated_says_so(session, life):
    alert = reading.alert(etree.fromstring(document(session, life[0])))
    assert all(("simulated", "true") in info.parameters for info in alert.infos)
    assert "mô phỏng" in alert.note


def test_the_signature_is_the_last_element_and_covers_everything(session, life):
    body = document(session, life[0])
    root = parsing.parse(body)
    assert root[-1].tag == "{http://www.w3.org/2000/09/xmldsig#}Signature"
    found = XMLVerifier().verify(
        body, x509_cert=signing.certificate(), expect_config=SignatureConfiguration(location="./")
    )
    assert reading.alert(found.signed_xml) == reading.alert(root)
    for before, after in ((b"Severe", b"Minor "), (b"106.42", b"106.43"), (b"Actual", b"Test  ")):
        with pytest.raises(signing.NotSigned):
            signing.verified(parsing.parse(body.replace(before, after)), signing.certificate())


def test_xmlsec_finds_the_signature_good(session, life, tmp_path):
    """A program that shares nothing with ours."""
    program = shutil.which("xmlsec1")
    if program is None:
        pytest.fail("xmlsec1 is not installed (make test installs it)")
    (tmp_path / "own.pem").write_text(signing.certificate())
    for name, change in (("good", None), ("bad", (b"Severe", b"Minor "))):
        body = document(session, life[0])
        (tmp_path / f"{name}.xml").write_bytes(body.replace(*change) if change else body)
        done = subprocess.run(
            [program, "--verify", "--trusted-pem", "own.pem", "--pubkey-cert-pem", "own.pem", f"{name}.xml"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) == (name == "good"), done.stderr


def test_somebody_elses_signature_is_not_ours(session, life):
    body = document(session, life[0])
    certificate = signing._made().partition("-----BEGIN CERTIFICATE-----")
    with pytest.raises(signing.NotSigned):
        signing.verified(parsing.parse(body), certificate[1] + certificate[2])


def test_the_key_is_made_once_and_only_its_owner_reads_it(database):
    from dothi.config import settings as configured

    path = configured().data / signing.FILE
    path.unlink()
    signing._kept.cache_clear()
    first = signing.certificate()
    signing._kept.cache_clear()
    assert signing.certificate() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.glob("*.pem*")] == [signing.FILE]
