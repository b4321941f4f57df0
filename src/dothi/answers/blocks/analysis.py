"""What an analysis found: records of its result, with the method, its source and when it last ran."""

from dothi.analyses.declared import analyses
from dothi.answers import model, shown, store
from dothi.answers.asking import Asking
from dothi.answers.blocks import records
from dothi.answers.blocks.words import assumed, text_of, title_of


def answer(ask: Asking, spec: model.Analysis) -> shown.Rows:
    """The records of its result, or why there are none."""
    found = analyses().get(spec.code)
    if found is None:
        return shown.Rows(spec.draw, title_of(spec, ask, spec.code), why=ask.say("Chưa có phép phân tích này."))
    _, one = found
    made = records.answer(ask, spec, spec.draw, str(one.result))
    made.title = title_of(spec, ask, one.title.of(ask.language))
    run = store.last_run(ask.session, spec.code)
    sure = assumed(one.certainty, ask)
    method = text_of(one.source, ask.language)
    made.how = (
        ask.say("Phương pháp: {source}", source=method)
        + (f" ({sure})" if sure else "")
        + ". "
        + one.limits.of(ask.language)
    )
    if run is not None and run.finished is not None:
        made.at = run.finished
    if not made.total:
        made.why = _why(ask, run) or made.why
    return made


def _why(ask: Asking, run: store.Run | None) -> str:
    if run is None:
        return ask.say("Phép phân tích chưa chạy lần nào.")
    if run.state in ("failed", "refused"):
        reason = (run.reason_en if ask.language == "en" else None) or run.reason or "–"
        return ask.say("Lần chạy gần nhất không cho kết quả: {reason}", reason=reason)
    return ""
