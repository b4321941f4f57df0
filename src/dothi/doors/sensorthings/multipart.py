"""multipart/mixed batches as OData 4.0 clause 11.7 has them: HTTP messages inside a MIME message, both ways. Pure."""

import email.policy
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesParser
from http import HTTPStatus

from dothi.doors.sensorthings.asked import JSON, Answer, unprintable
from dothi.kit.errors import BadInput, Fault

_LINE = re.compile(r"([A-Za-z]+) +(\S+)(?: +HTTP/\d(?:\.\d)?)? *")
_FORM = "POST Things HTTP/1.1, header lines, an empty line, the body"


@dataclass(slots=True)
class Inner:
    """One HTTP request. id: its Content-ID, or a name of ours; given: whether the sender named it."""

    id: str
    method: str
    url: str
    kind: str
    prefer: str
    body: bytes
    given: bool


@dataclass(slots=True)
class Sent:
    """A request alone (group None), or the requests of a change set."""

    group: str | None
    requests: list[Inner] = field(default_factory=list)


def parts(body: bytes, kind: str) -> list[Sent]:
    """The requests and change sets of a multipart/mixed body, in order; every fault at once."""
    if unprintable(kind):
        raise BadInput("the Content-Type cannot be read", [Fault("Content-Type", "not printable", "multipart/mixed")])
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(head + body)
    faults: list[Fault] = []
    sent: list[Sent] = []
    if not message.is_multipart():
        message_ = "the body has no parts"
        raise BadInput(message_, [Fault("body", message_, "parts between the boundary the Content-Type names")])
    for place, part in enumerate(_inside(message)):
        where = f"part[{place}]"
        if part.is_multipart():
            inner = [_request(one, f"{where}.part[{i}]", f"{place}.{i}", faults) for i, one in enumerate(_inside(part))]
            sent.append(Sent(f"changeset {place}", inner))
        else:
            sent.append(Sent(None, [_request(part, where, str(place), faults)]))
    names = [one.id for group in sent for one in group.requests]
    if len(set(names)) < len(names):
        faults.append(Fault("Content-ID", "a Content-ID is given twice", "one of its own for each request"))
    if faults:
        raise BadInput("the batch is not accepted: " + "; ".join(map(str, faults[:20])), faults)
    return sent


def written(sent: list[Sent], answers: Mapping[str, Answer]) -> tuple[bytes, str]:
    """The answer in the same form, and its Content-Type."""
    boundary = f"batch_{uuid.uuid4().hex}"
    pieces: list[bytes] = []
    for group in sent:
        if group.group is None:
            pieces += [_line(f"--{boundary}"), _response(group.requests[0], answers)]
            continue
        inner = f"changeset_{uuid.uuid4().hex}"
        pieces += [_line(f"--{boundary}"), _line(f"Content-Type: multipart/mixed; boundary={inner}"), b"\r\n"]
        for one in group.requests:
            pieces += [_line(f"--{inner}"), _response(one, answers)]
        pieces.append(_line(f"--{inner}--"))
    pieces.append(_line(f"--{boundary}--"))
    return b"".join(pieces), f"multipart/mixed; boundary={boundary}"


def _inside(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _request(part: Message, where: str, name: str, faults: list[Fault]) -> Inner:
    content = part.get_payload(decode=True)
    raw = (content if isinstance(content, bytes) else b"").lstrip(b"\r\n")
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode(errors="replace").split("\n")
    found = _LINE.fullmatch(first)
    if found is None or unprintable(first):
        faults.append(Fault(where, f"{first[:80]!r} is no request line", _FORM))
        return Inner(name, "GET", "", JSON, "", b"", given=False)
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    id_ = str(part.get("Content-ID") or headers.get("content-id") or "").strip()
    if unprintable(id_):
        faults.append(Fault(f"{where}.Content-ID", "is not printable", "text"))
        id_ = ""
    kind = headers.get("content-type", JSON)
    body = body.rstrip(b"\n")
    return Inner(id_ or f"#{name}", found[1].upper(), found[2], kind, headers.get("prefer", ""), body, bool(id_))


def _response(one: Inner, answers: Mapping[str, Answer]) -> bytes:
    answer = answers[one.id]
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if one.given:
        lines.append(f"Content-ID: {one.id}")
    headers = dict(answer.headers)
    if answer.body:
        headers.setdefault("Content-Type", JSON)
    lines += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(answer.body)}", "", ""]
    return "\r\n".join(lines).encode() + answer.body + b"\r\n"


def _line(text: str) -> bytes:
    return text.encode() + b"\r\n"
