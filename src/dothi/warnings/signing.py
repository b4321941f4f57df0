"""Messages are signed (XMLDSig, enveloped) with a key of this installation, and others' signatures verified.

CAP 1.2 section 3.3.4.1. The key and its certificate are made at first use in the data folder; receivers pin the
certificate, which is served at `/cap/certificate.pem`.
"""

import threading
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from dothi.config import settings
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.once import made_once

_Element = Any  # lxml's, which comes without types
FILE = "cap-signing.pem"  # the private key, then its certificate
_YEARS = 10
_making = threading.Lock()


class NotSigned(BadInput):
    """The message does not carry the signature its feed's messages carry."""


def sign(root: _Element) -> _Element:
    """The same message with this installation's signature as its last element."""
    key, certificate = _own()
    signer = XMLSigner(
        SignatureConstructionMethod.enveloped, "rsa-sha256", "sha256", CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )  # fmt: skip
    return signer.sign(root, key=key, cert=certificate)


def sender() -> str:
    """Who this installation's messages are from: unique in the world, as it holds the host's name (3.2.1)."""
    host = urlsplit(settings().public_url or "").hostname or "localhost"
    return settings().cap_sender or f"canh-bao@{host}"


def certificate() -> str:
    """The certificate receivers check with, as PEM."""
    return _own()[1]


def verified(root: _Element, pem: str) -> _Element:
    """What the holder of a certificate really signed, which alone may be believed. Raises NotSigned in words."""
    expected = SignatureConfiguration(location="./", expect_references=1)
    try:
        found = XMLVerifier().verify(root, x509_cert=pem, expect_config=expected)
    except (SignXMLException, WrongSignature, etree.LxmlError, ValueError, AssertionError) as error:
        raise NotSigned(
            f"the signature is not one of the feed's certificate: {str(error)[:160] or type(error).__name__}",
            [Fault("Signature", "is missing or wrong", "XMLDSig by the certificate of the feed")],
        ) from None
    one = found[0] if isinstance(found, list) else found
    if one.signed_xml is None or one.signed_xml.tag != root.tag:
        raise NotSigned("the signature is of a part of the message only", [Fault("Signature", "of a part", "of all")])
    return one.signed_xml


def check_certificate(pem: str) -> None:
    """Raise BadInput unless the text is a certificate."""
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise BadInput(
            "this is not a certificate", [Fault("certificate", str(error)[:120], "PEM: -----BEGIN CERTIFICATE-----")]
        ) from None


def _own() -> tuple[rsa.RSAPrivateKey, str]:
    return _kept(settings().data)


@lru_cache(maxsize=4)
def _kept(folder: Path) -> tuple[rsa.RSAPrivateKey, str]:
    """Key and certificate, made by whoever comes first; several processes get the same."""
    with _making:  # a key of 3072 bits takes a second: no two threads make one
        text = made_once(folder / FILE, _made)
    private, mark, pem = text.partition("-----BEGIN CERTIFICATE-----")
    return _key(private), mark + pem


@lru_cache(maxsize=4)
def _key(pem: str) -> rsa.RSAPrivateKey:
    """Read once: that its parts fit one another takes far longer to check than a signature to make."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{FILE} holds no RSA key")
    return key


def _made() -> str:
    key = rsa.generate_private_key(65537, 3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CAP {sender()}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    now = clock.now().replace(microsecond=0)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS)).add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + made.public_bytes(serialization.Encoding.PEM)).decode()
