"""SMS over an HTTP gateway: what is sent, and how short."""

import json
import unicodedata

from dothi.config import settings

LONGEST = 300  # letters: two parts of a concatenated message without diacritics
LONGEST_UNICODE = 134  # two parts of 67


def bare(text: str) -> str:
    """Vietnamese without diacritics, in the letters of GSM 03.38; other signs that have none are left out."""
    text = (
        text.replace("đ", "d")
        .replace("Đ", "D")
        .replace("·", "-")
        .replace("…", "...")
        .replace("³", "3")
        .replace("²", "2")
    )
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.replace("µ", "u").replace("°", "").replace("–", "-").encode("ascii", "ignore").decode()


def text(subject: str, link: str | None) -> str:
    """The title and the link, in two parts at most; the link is never cut."""
    plain = settings().sms_plain
    said = bare(subject) if plain else subject
    room = (LONGEST if plain else LONGEST_UNICODE) - (len(link) + 1 if link else 0)
    if len(said) > room:
        said = said[: max(0, room - 3)].rstrip() + "..."
    return f"{said} {link}" if link else said


def request(to: str, said: str, name: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of the call to the gateway."""
    headers = {"content-type": "application/json", "idempotency-key": name}
    if token := settings().sms_token:
        headers["authorization"] = f"Bearer {token}"
    return headers, json.dumps({"to": to, "text": said, "id": name}, ensure_ascii=False).encode()
