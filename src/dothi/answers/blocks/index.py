"""An index of indices.yaml over the stations: the worst speaks, with its advice; the others beside it."""

from dothi.answers import model, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.kit import clock
from dothi.sensing import air, lately
from dothi.sensing.sectors import sectors

SHORT = {"pm25": "PM2.5", "pm10": "PM10", "o3": "O₃", "no2": "NO₂", "so2": "SO₂", "co": "CO"}


def answer(ask: Asking, spec: model.IndexOf) -> shown.Number:
    """The worst station's level in words for the people asked about."""
    known = sectors().indices[spec.code]
    made = shown.Number(
        "index", title_of(spec, ask, known.name.of(ask.language)), source=known.source, href="/air",
        how=known.method.of(ask.language), people=spec.people,
    )  # fmt: skip
    if spec.code != air.INDEX:
        made.why = ask.say("Chưa có cách tính chỉ số này từ số liệu đo.")
        made.state = "nodata"
        return made
    found = lately.stations(ask.session, ask.caller, ask.moment)
    if ask.place:
        here = {
            one.thing for code in known.columns.values() for one in ask.newest(code.property) if one.unit == ask.place
        }
        found = [one for one in found if one.thing_id in here]
    there = [one for one in found if one.aqi is not None and one.level is not None]
    made.of, made.count = len(found), len(there)
    if not there:
        made.state = "nodata"
        made.why = (
            ask.say("Chưa trạm nào đủ giờ đo: cần ít nhất 2 trong 3 giờ gần nhất có PM2.5 hoặc PM10.") if found
            else ask.say("Chưa có trạm không khí nào ở {place}.", place=ask.unit_name(ask.place) or ask.say("thành phố"))
        )  # fmt: skip
        return made
    worst = max(there, key=lambda one: (one.aqi or 0, -one.thing_id))
    level = worst.level
    assert level is not None  # noqa: S101 - asked before
    advice = level.advice_sensitive if spec.people == "sensitive" else level.advice
    made.value, made.text, made.state = float(worst.aqi or 0), str(worst.aqi), level.state
    made.word, made.advice, made.name = level.name.of(ask.language), advice.of(ask.language), worst.name
    made.level = 1 + known.levels.index(level)
    made.sentence = made.advice
    made.at, made.simulated = worst.at, worst.simulated
    made.href = f"/air/{worst.thing_id}"
    made.api = f"/sta/v1.1/Things({worst.thing_id})?$expand=Datastreams"
    made.how = ask.say(
        "{method} Giờ {first}–{last}, chất quyết định {what}; xấu nhất trong {n} trạm có chỉ số.",
        method=made.how.rstrip(".") + ".", first=_hour(worst.at - clock.HOUR), last=_hour(worst.at),
        what=SHORT.get(worst.dominant or "", worst.dominant or ""), n=len(there),
    )  # fmt: skip
    return made


def stations(ask: Asking, spec: model.IndexOf) -> shown.Rows:
    """Every station with its index, the worst first."""
    known = sectors().indices[spec.code]
    found = lately.stations(ask.session, ask.caller, ask.moment) if spec.code == air.INDEX else []
    ranked = sorted(found, key=lambda one: (one.aqi is None, -(one.aqi or 0), one.name))
    rows = [
        shown.Row(
            one.name, f"/air/{one.thing_id}", value=str(one.aqi) if one.aqi is not None else "",
            state=one.level.state if one.level else "nodata",
            word=one.level.name.of(ask.language) if one.level else ask.say("không có chỉ số"),
            at=one.at if one.aqi is not None else one.last_at, lon=one.lon, lat=one.lat, thing=one.thing_id,
            level=1 + known.levels.index(one.level) if one.level else 0,
        )
        for one in ranked[: spec.limit]
    ]  # fmt: skip
    return shown.Rows(
        "things", ask.say("Các trạm"), source=known.source, href="/air", rows=rows, total=len(ranked),
        simulated=any(one.simulated for one in found), at=max((one.at for one in found), default=None),
    )  # fmt: skip


def _hour(at: int) -> str:
    return f"{clock.local(at):%H:%M}"
