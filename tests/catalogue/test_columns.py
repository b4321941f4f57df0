"""How the values of a column are spread, as a dataset's page draws them."""

from dothi.datasets import views
from dothi.identity.guard import ANONYMOUS
from dothi.screens.catalogue import store


def test_instants_are_counted_by_their_month_in_vietnam(session, portal):
    seen = views.read(session, ANONYMOUS, "den-duong")
    (field,) = (one for one in seen.fields if one.name == "luc")
    spread = store.spread(session, seen, field, None)
    assert (spread.low, spread.high) == ("2026-01-05T07:00:00.000Z", "2026-03-09T07:00:00.000Z")
    assert spread.bins == [("2026-01", 1), ("2026-02", 1), ("2026-03", 1)]
