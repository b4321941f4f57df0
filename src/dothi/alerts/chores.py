"""The standing work of alerts: what is usual for each datastream is reckoned anew every night."""

from pydantic import ValidationError

from dothi.alerts import baseline
from dothi.alerts import engine_store as store
from dothi.alerts.model import RuleModel
from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock

_FEW = 50  # datastreams of one transaction


@every("alerts.baseline", minutes=24 * 60)
def reckon() -> None:
    """Reckon anew what is usual for the datastreams that rules ask it of."""
    with db.reading() as session:
        models = []
        for rule in store.rules(session):
            try:
                models.append(RuleModel.model_validate(rule.definition))
            except ValidationError:
                continue  # the engine says so
        ids = baseline.wanted(session, models)
    for begin in range(0, len(ids), _FEW):
        with db.writing() as session:
            baseline.renew(session, ids[begin : begin + _FEW], clock.now_micros())
