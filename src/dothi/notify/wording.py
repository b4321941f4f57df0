"""What messages say, in the language of who reads them."""

from collections.abc import Mapping
from typing import Any

from dothi.kit import clock
from dothi.web import i18n
from dothi.web.i18n import Say, marked

Texts = str | Mapping[str, str]
SEVERITY_NAMES = {
    "critical": marked("Nghiêm trọng"),
    "major": marked("Lớn"),
    "minor": marked("Nhẹ"),
    "warning": marked("Lưu ý"),
}
CHANNEL_NAMES = {
    "mail": marked("Thư điện tử"),
    "push": marked("Trình duyệt"),
    "sms": marked("Tin nhắn SMS"),
    "webhook": marked("Webhook"),
}
# CAP 1.2 section 3.2.2.2, category; in the order a citizen looks for them
TOPICS = {
    "Met": marked("Thời tiết, mưa, bão, ngập"),
    "Env": marked("Không khí, môi trường"),
    "Health": marked("Sức khỏe, dịch bệnh"),
    "Fire": marked("Cháy"),
    "Transport": marked("Giao thông"),
    "Infra": marked("Điện, nước, viễn thông"),
    "Safety": marked("An toàn công cộng"),
    "Security": marked("An ninh"),
    "Rescue": marked("Cứu hộ, cứu nạn"),
    "Geo": marked("Sạt lở, động đất"),
    "CBRNE": marked("Hóa chất, phóng xạ, chất nổ"),
    "Other": marked("Việc khác"),
}
EXERCISES = "exercise"  # the topic of those who want exercises too
REPORTS = "reports"  # and of those who want to hear of what citizens report there


def text_of(texts: Texts, language: str) -> str:
    """A text in a language; Vietnamese where there is none in it."""
    if isinstance(texts, str):
        return texts
    return texts.get(language) or texts.get("vi") or next(iter(texts.values()), "")


def headed(title: str, body: str, language: str, *, exercise: bool, simulated: bool) -> tuple[str, str]:
    """Title and body that say before anything else what is no real event."""
    say = i18n.speaker(language)
    heads, lines = [], []
    if exercise:
        heads.append(say("DIỄN TẬP"))
        lines.append(say("DIỄN TẬP. Đây không phải sự việc thật."))
    if simulated:
        heads.append(say("MÔ PHỎNG"))
        lines.append(say("MÔ PHỎNG. Dữ liệu mô phỏng, không phải sự việc thật."))
    if not heads:
        return title, body
    return f"{' · '.join(heads)}: {title}", "\n".join([*lines, "", body])


def moment(micros: int) -> str:
    """17:42 21/11/2026 in Vietnam's time."""
    return f"{clock.local(micros):%H:%M %d/%m/%Y}"


def severity(name: str | None, say: Say) -> str:
    """A severity as people say it; nothing for none."""
    return say(SEVERITY_NAMES[name]) if name in SEVERITY_NAMES else ""


def alarm(data: Mapping[str, Any], language: str, *, worse: bool = False) -> tuple[str, str]:
    """An alarm that was raised, or became worse, out of its journal entry's data."""
    say = i18n.speaker(language)
    name = (data.get("title_en") if language == "en" else None) or data.get("title") or ""
    grave = severity(data.get("severity"), say)
    where = str(data.get("subject_name") or "")
    subject = " · ".join(part for part in (f"[{grave}] {name}" if grave else str(name), where) if part)
    number = data.get("number", "")
    lines = [
        say("Cảnh báo {number} đã nặng lên mức {severity}.", number=number, severity=grave.lower())
        if worse
        else say("Cảnh báo {number}, mức {severity}.", number=number, severity=grave.lower()),
        *alarm_lines(data, say, language),
    ]
    return subject, "\n".join(lines)


def alarm_lines(data: Mapping[str, Any], say: Say, language: str) -> list[str]:
    """Where, how much and since when."""
    lines = []
    if data.get("subject_name"):
        lines.append(say("Nơi: {where}", where=data["subject_name"]))
    kept = [data.get(f"{one}_en") if language == "en" else None for one in ("value_text", "unit")]
    value = f"{kept[0] or data.get('value_text') or ''} {kept[1] or data.get('unit') or ''}".strip()
    if value:
        lines.append(say("Số đo: {value}", value=value))
    if isinstance(data.get("raised_at"), int):
        lines.append(say("Từ: {when}", when=moment(data["raised_at"])))
    return lines


def escalated(data: Mapping[str, Any], language: str, *, minutes: int, ladder: str) -> tuple[str, str]:
    """An alarm nobody took over within the minutes of a ladder's rung."""
    say = i18n.speaker(language)
    name = (data.get("title_en") if language == "en" else None) or data.get("title") or ""
    where = str(data.get("subject_name") or "")
    subject = say("Chưa ai tiếp nhận: {title}", title=" · ".join(part for part in (str(name), where) if part))
    lines = [
        say(
            "Cảnh báo {number}, mức {severity}, đã {minutes} phút chưa ai tiếp nhận.",
            number=data.get("number", ""), severity=severity(data.get("severity"), say).lower(), minutes=minutes,
        ),
        *alarm_lines(data, say, language),
        say("Theo thang báo: {ladder}", ladder=ladder),
    ]  # fmt: skip
    return subject, "\n".join(lines)


def assigned(data: Mapping[str, Any], language: str) -> tuple[str, str]:
    """An alarm was given to somebody to handle."""
    say = i18n.speaker(language)
    name = (data.get("title_en") if language == "en" else None) or data.get("title") or ""
    number = data.get("number", "")
    lines = [say("Cảnh báo {number} được giao cho bạn.", number=number), str(name), *alarm_lines(data, say, language)]
    return say("Giao cho bạn: {title}", title=name or number), "\n".join(line for line in lines if line)


def order(data: Mapping[str, Any], verb: str, language: str) -> tuple[str, str]:
    """What happened to a leader's order."""
    say = i18n.speaker(language)
    titles = {
        "given": say("Chỉ đạo mới"), "extended": say("Chỉ đạo được lùi hạn"), "received": say("Chỉ đạo đã được nhận"),
        "done": say("Chỉ đạo đã làm xong"), "accepted": say("Chỉ đạo được nghiệm thu"),
        "returned": say("Chỉ đạo bị trả lại"), "withdrawn": say("Chỉ đạo được rút"),
    }  # fmt: skip
    number = str(data.get("number") or "")
    lines = [str(data[key])[:1000] for key in ("subject_name", "order") if data.get(key)]
    if data.get("text") and verb != "given":
        lines.append(str(data["text"])[:1000])
    if isinstance(data.get("due_at"), int):
        lines.append(say("Hạn: {when}", when=moment(data["due_at"])))
    return " ".join(part for part in (titles.get(verb, say("Chỉ đạo")), number) if part), "\n".join(lines)


def approval(data: Mapping[str, Any], language: str) -> tuple[str, str]:
    """A warning to the public waits for a second person."""
    say = i18n.speaker(language)
    event = str(data.get("event") or data.get("headline") or data.get("title") or "")
    title = say("Chờ duyệt: {event}", event=event) if event else say("Một cảnh báo tới người dân chờ duyệt")
    return title, say("Một cảnh báo tới người dân đã được soạn và chờ người thứ hai duyệt.")


def both(made: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Titles and bodies in every language, made by `made(language) -> (title, body)`."""
    said = {language: made(language) for language in i18n.LANGUAGES}
    return {key: one[0] for key, one in said.items()}, {key: one[1] for key, one in said.items()}
