"""E-mail over SMTP, with TLS unless the setting says otherwise."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import charset
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from dothi.config import settings
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.notify import links
from dothi.notify.letter import SENT, Letter, Outcome
from dothi.notify.targets import hidden
from dothi.web import i18n

TIMEOUT = 15  # seconds without an answer
_GONE = (550, 551, 553)  # RFC 5321 section 4.2.2: no such mailbox
_CHARSET = charset.Charset("utf-8")
_CHARSET.body_encoding = charset.QP  # no relay on the way has to know 8BITMIME
_SCHEMES = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


@dataclass(frozen=True)
class Server:
    """Where mail is handed over. tls: from the start, by STARTTLS, or none."""

    host: str
    port: int
    tls: str
    user: str | None
    password: str | None
    ca: str | None


def server(url: str) -> Server:
    """The server of a setting. Raises BadInput."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _SCHEMES or not host:
        said = Fault("DOTHI_SMTP_URL", "no address of an SMTP server", "smtp://…, smtps://…, smtp+plain://… or file:")
        raise BadInput("DOTHI_SMTP_URL cannot be used", [said])
    tls = {"smtp": "starttls", "smtps": "start", "smtp+plain": "none"}[parts.scheme]
    ca = parse_qs(parts.query).get("ca", [None])[0]
    user = unquote(parts.username) if parts.username else None
    if not f"{user or ''}{unquote(parts.password or '')}".isascii():
        said = Fault(
            "DOTHI_SMTP_URL", "a user name or password with letters beyond ASCII", "ASCII, which SMTP asks for"
        )
        raise BadInput("DOTHI_SMTP_URL cannot be used", [said])
    return Server(host, port or _SCHEMES[parts.scheme], tls, user, unquote(parts.password or "") or None, ca)


def sender() -> str:
    """Who e-mails come from."""
    given = settings().mail_from
    return given if given and "@" in parseaddr(given)[1] else f"dothi@{links.host()}"


def composed(letter: Letter) -> MIMEText:
    """The e-mail; its Message-ID is the same in every try, so that a mailbox shows it once.

    Written with the older half of the standard library: EmailMessage loses spaces where it folds a long Vietnamese
    subject (seen with Python 3.11).
    """
    made = MIMEText("", "plain", "utf-8")
    del made["Content-Transfer-Encoding"]
    made.set_payload(_text_of(letter, i18n.speaker(letter.language)), _CHARSET)
    made["Subject"] = Header(letter.subject, "utf-8", header_name="Subject").encode()
    made["From"] = formataddr(parseaddr(sender()), "utf-8")
    made["To"] = letter.target
    made["Date"] = format_datetime(clock.local(letter.created_at))
    made["Message-ID"] = f"<{letter.name}@{links.host()}>"
    made["Content-Language"] = letter.language
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers
    if letter.severity in ("critical", "major"):
        made["Importance"] = "high"
    if name := letter.data.get("leave"):
        made["List-Unsubscribe"] = f"<{links.absolute(f'/subscribe/leave/{name}')}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return made


def _text_of(letter: Letter, say: i18n.Say) -> str:
    lines = [letter.body]
    if link := letter.data.get("link"):
        lines += ["", str(link)]
    if name := letter.data.get("leave"):
        mine = links.absolute(f"/subscribe/mine/{name}")
        lines += [
            "",
            "-- ",
            say("Bạn nhận thư này vì đã đăng ký nhận cảnh báo. Sửa hoặc bỏ đăng ký: {link}", link=mine),
        ]
    return "\n".join(lines)


def send(letters: Sequence[Letter], url: str) -> Iterator[tuple[Letter, Outcome]]:
    """Hand letters over on one connection, each with what became of it."""
    left = list(letters)
    try:
        where = server(url)
        with _connected(where) as smtp:
            while left:
                outcome = _one(smtp, left[0])
                yield left.pop(0), outcome
                if outcome.state == "again" and left:
                    smtp.rset()
    except (OSError, smtplib.SMTPException, BadInput) as error:
        why = f"{type(error).__name__}: {_reply(error)}"
        for one in left:
            yield one, Outcome("again", hidden(why, "mail", one.target), ours=True)


@contextlib.contextmanager
def _connected(where: Server) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=where.ca)
    name = links.host()
    if where.tls == "start":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(where.host, where.port, name, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(where.host, where.port, name, timeout=TIMEOUT)
    try:
        if where.tls == "starttls":
            smtp.starttls(context=context)  # raises when the server does not offer it
        if where.user:
            smtp.login(where.user, where.password or "")
        yield smtp
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.quit()


def _one(smtp: smtplib.SMTP, letter: Letter) -> Outcome:
    try:
        smtp.send_message(composed(letter), parseaddr(sender())[1], [letter.target])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        why = hidden(f"{code} {_text(said)}", "mail", letter.target)
        if code in _GONE:
            return Outcome("gone", why)
        return Outcome("refused" if code >= 500 else "again", why)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        why = hidden(f"{error.smtp_code} {_text(error.smtp_error)}", "mail", letter.target)
        # the sender is the installation's own: whoever runs it mends that, and the letter goes then
        final = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
        return Outcome("refused", why) if final else Outcome("again", why, ours=True)
    except (ValueError, UnicodeError) as error:
        return Outcome("refused", f"cannot be written as an e-mail: {type(error).__name__}")
    return SENT


def _reply(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error).splitlines()[0][:200] if str(error) else ""


def _text(said: bytes | str) -> str:
    return (said.decode(errors="replace") if isinstance(said, bytes) else said)[:200]
