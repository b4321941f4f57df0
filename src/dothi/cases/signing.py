"""Signatures of results: what a signer must do, and one for trials whose signatures are worth nothing in law.

An installation names its signer in DOTHI_SIGNER: a remote signing service, a token of the Government Cipher Committee.
"""

import datetime as dt
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from dothi.config import settings
from dothi.kit import clock

TEST_NAME = "dothi, chữ ký thử nghiệm, không có giá trị pháp lý"
_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached CMS signature (RFC 5652, DER). test: worth nothing in law."""

    content: bytes
    subject: str
    test: bool


class Signer(Protocol):
    """Signs a document on behalf of an office."""

    test: bool

    def sign(self, document: bytes, office: str) -> Signature:
        """A detached CMS signature of the document's bytes. office: its code, where keys are kept by office."""


class TestSigner:
    """Signs with a key and a self-signed certificate made once in the data folder; both say that they are for trials."""

    __test__ = False  # for pytest
    test = True

    def sign(self, document: bytes, office: str) -> Signature:
        """A detached CMS signature by the test certificate."""
        del office
        key, certificate = _test_key(settings().data)
        made = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(document)
            .add_signer(certificate, key, hashes.SHA256())
            .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
        )
        return Signature(made, TEST_NAME, test=True)


def signer() -> Signer | None:
    """Who signs here: as the setting says; in demo mode the test signer; else nobody."""
    said = settings().signer or ("test" if settings().demo else None)
    if said is None:
        return None
    if said == "test":
        return TestSigner()
    module, _, name = said.partition(":")
    found: Signer = getattr(import_module(module), name)()
    return found


@lru_cache(maxsize=4)
def _test_key(data: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    path = data / "test-signer.pem"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.touch(0o600)
        part.write_bytes(_made())
        try:
            path.hardlink_to(part)  # the first of two processes stands
        except FileExistsError:
            pass
        finally:
            part.unlink()
    pem = path.read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no key of an elliptic curve")
    return key, x509.load_pem_x509_certificate(pem)


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TEST_NAME)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DAYS)).sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    ) + certificate.public_bytes(serialization.Encoding.PEM)
