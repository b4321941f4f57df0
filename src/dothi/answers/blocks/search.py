"""A form: records nearest to where somebody is, in their ward, or by words."""

from dataclasses import replace

from dothi.answers import model, reading, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks import records
from dothi.answers.blocks.words import title_of
from dothi.datasets import reading as stored
from dothi.datasets.selecting import Asked


def answer(ask: Asking, spec: model.Search) -> shown.Rows:
    """What was found; nothing is shown before somebody asks."""
    view = ask.view(spec.dataset)
    if view is None:
        return shown.Rows("search", title_of(spec, ask), why=reading.no_dataset(spec.dataset, ask))
    made = shown.Rows(
        "search", title_of(spec, ask, view.called(ask.language)), source=reading.source(view, ask),
        href=f"/catalogue/{view.code}", api=reading.api(view, spec.where, ask), at=reading.at(view, ask),
        simulated=view.simulated, form=spec.ask.of(ask.language), q=ask.q, near=ask.near is not None,
    )  # fmt: skip
    asked = replace(reading.asked(ask, view, spec.where), q=ask.q or None)
    fields = records.chosen(view, spec.fields, "list")
    if ask.near is not None:
        found = reading.nearest(ask, view, replace(asked, unit=None), spec.limit)
        made.total = len(found)
    elif ask.q or ask.place:
        made.total = stored.count(view, asked, ask.session)
        found = [(one, None) for one in stored.listing(view, replace(asked, limit=spec.limit), ask.session).records]
    else:
        made.total = stored.count(view, Asked(city=ask.city), ask.session)
        return made
    made.rows = [records.row(ask, view, fields, one, metres) for one, metres in found]
    if not found:
        made.why = ask.say("Không tìm thấy gì như vậy.")
    return made
