"""A cabinet of lamps, a sluice gate, the river beside it, and the people who may move them. All of it invented."""

from types import SimpleNamespace

from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.sensing import columns, ingest
from dothi.sensing import service as sensing
from dothi.tasking import entities
from tests.duty import people

OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
THINGS = {
    "LGT-001": (106.41, 10.535, ("power", "voltage")),
    "LGT-002": (106.43, 10.535, ("power",)),
    "GATE-01": (106.40, 10.540, ("gate-position", "gate-inside")),
    "RIVER": (106.405, 10.541, ("water-level",)),
}


class Town:
    """The town: `able` by thing, `streams` by (thing, property), people by login."""

    def __init__(self) -> None:
        self.streams: dict[tuple[str, str], int] = {}
        self.things: dict[str, int] = {}
        self.able: dict[str, int] = {}
        with db.writing() as session:
            self.works = people.agency(session, "ctdt", "Công ty Công trình đô thị").id
            people.agency(session, "xd", "Sở Xây dựng")
            roles = (("nhung", "duty-officer"), ("duc", "duty-chief"), ("lan", "duty-chief"))
            self.people = SimpleNamespace(
                **{login: people.person(session, login, role, "ctdt") for login, role in roles}
            )
            self.people.xa = people.person(session, "xa", "duty-chief", "xd")
            self.people.tam = people.person(session, "tam", "officer", "ctdt")
            for code, (lon, lat, properties) in THINGS.items():
                self._thing(session, code, lon, lat, properties)
            self.key = identity.create_key(session, SYSTEM, "máy khách", ["tasks:give", "sensing:read"])
            self.device = identity.create_key(
                session, SYSTEM, "tủ", ["observations:write", "sensing:read"], kind="device", thing_id=self.things["LGT-001"]
            )  # fmt: skip
        for code, kind in (("LGT-001", "lamp-circuit"), ("LGT-002", "lamp-circuit"), ("GATE-01", "sluice-gate")):
            with db.writing() as session:
                thing = session.get(sensing_table(), self.things[code])
                self.able[code] = entities.ensure(
                    session, SYSTEM, thing, entities.kind_named(kind), f"{code}.{kind}", {}
                )

    def _thing(self, session, code, lon, lat, properties):
        place = {"type": "Point", "coordinates": [lon, lat]}
        body = {
            "name": f"Trạm {code}", "description": "x", "properties": {"sharing": "open"},
            "Locations": [{"name": code, "description": "x", "encodingType": "application/geo+json", "location": place}],
        }  # fmt: skip
        id_ = self.things[code] = sensing.ensure(session, SYSTEM, "Thing", code, body)
        session.get(sensing_table(), id_).agency_id = self.works
        for one in properties:
            prop = sensing.ensure(
                session, SYSTEM, "ObservedProperty", one, {"name": one, "definition": f"urn:{one}", "description": "x"}
            )
            sensor = sensing.ensure(
                session, SYSTEM, "Sensor", "s", {"name": "s", "description": "x", "encodingType": "text/plain", "metadata": "m"}
            )  # fmt: skip
            self.streams[code, one] = sensing.ensure(session, SYSTEM, "Datastream", f"{code}.{one}", {
                "name": one, "description": "x", "observationType": OM,
                "unitOfMeasurement": {"name": "x", "symbol": "x", "definition": "1"},
                "Thing": {"@iot.id": id_}, "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": prop},
            })  # fmt: skip

    def measure(self, thing, property_, value, ago=0.0):
        """A value measured `ago` seconds ago."""
        at = clock.now_micros() - int(ago * clock.SECOND)
        ingest.put_now(columns.Columns([self.streams[thing, property_]], [at], [value]))


def sensing_table():
    from dothi.sensing.tables import Thing

    return Thing
