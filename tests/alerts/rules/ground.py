"""Things, datastreams and stored values to try rules on."""

from dothi.kit.text import fold
from dothi.sensing.tables import Datastream, DatastreamState, ObservedProperty, Sensor, Thing

UNITS = {
    "water-level": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
    "flood-depth": {"name": "centimetre", "symbol": "cm", "definition": "ucum:cm"},
    "rainfall-1h": {"name": "millimetre", "symbol": "mm", "definition": "ucum:mm"},
    "pm25": {"name": "", "symbol": "µg/m³", "definition": "ucum:ug/m3"},
}


def _property(session, code):
    found = session.query(ObservedProperty).filter_by(code=code).first()
    if found is None:
        found = ObservedProperty(code=code, name=code, definition=f"urn:{code}", description="")
        session.add(found)
        session.flush()
    return found.id


def thing(session, code, streams, lon=106.41, lat=10.54, *, unit=None, sharing="open", agency=None, **properties):
    """A thing; streams: property to the datastream's own properties (with `unit` for another unit). Its stream ids."""
    made = Thing(
        code=code, name=f"Trạm {code}", name_folded=fold(f"Trạm {code}"), description="", properties=properties or None,
        sharing=sharing, agency_id=agency, lon=lon, lat=lat, unit_code=unit, simulated=True,
    )  # fmt: skip
    sensor = Sensor(name="cảm biến", description="", encoding_type="text/plain", metadata_="m")
    session.add_all([made, sensor])
    session.flush()
    ids = {}
    for name, own in streams.items():
        one = Datastream(
            code=f"{code}.{name}", name=name, description="", observation_type="x/OM_Measurement",
            unit=own.pop("unit", UNITS.get(name)), properties=own or None, thing_id=made.id, sensor_id=sensor.id,
            observed_property_id=_property(session, name), sharing=sharing, agency_id=agency,
        )  # fmt: skip
        session.add(one)
        session.flush()
        session.add(DatastreamState(datastream_id=one.id, count=0))
        ids[name] = one.id
    session.flush()
    return made.id, ids


def store(session, rows):
    """Observations (stream, at in µs, number), as if they had come."""
    from dothi.sensing.tables import Observation

    session.add_all(Observation(datastream_id=s, at=at, result=value, received_at=at) for s, at, value in rows)
    session.flush()
