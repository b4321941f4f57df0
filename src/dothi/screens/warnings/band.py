"""The band over every page while a real warning of ours is in force."""

from dothi.kit import clock
from dothi.screens.warnings import words
from dothi.warnings import here, standing
from dothi.web import i18n
from dothi.web.shell import BANDS, Band

MOST = 3  # the gravest; the rest stand behind the last line


def bands(language: str) -> list[Band]:
    """One a warning, the gravest first; more than a few are counted."""
    found = here.over_page(standing.standing())
    say, now = i18n.speaker(language), clock.now_micros()
    shown = found if len(found) <= MOST else found[: MOST - 1]
    made = []
    for one in shown:
        marks = (say("mô phỏng"),) if one.simulated else ()
        title, places = str(one.info(language)["headline"]), one.places(language)
        said = places.casefold() in title.casefold()  # most headlines name the places
        text = " · ".join(filter(None, ("" if said else places, words.until(one.expires_at, now, say))))
        made.append(Band(one.tone, say(words.SEVERITIES[one.severity]), title, text, one.url, marks))
    if rest := len(found) - len(shown):
        tone = found[len(shown)].tone
        title = say("{n} cảnh báo khác đang có hiệu lực", n=rest)
        made.append(Band(tone, say("Còn nữa"), title, "", "/warnings"))
    return made


if bands not in BANDS:
    BANDS.append(bands)
