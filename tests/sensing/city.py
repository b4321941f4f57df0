"""A few entities to hang observations on."""

from sqlalchemy.orm import Session

from dothi.sensing.tables import Datastream, DatastreamState, FeatureOfInterest, ObservedProperty, Sensor, Thing


def streams(session: Session, count: int = 3, **more: object) -> list[int]:
    """A thing with so many datastreams; their ids, committed."""
    thing = Thing(name="Trạm", name_folded="tram", description="", sharing="open")
    sensor = Sensor(name="cảm biến", description="", encoding_type="text/plain", metadata_="m")
    prop = ObservedProperty(name="PM2.5", definition="pm25", description="")
    feature = FeatureOfInterest(
        name="chỗ", description="", encoding_type="application/geo+json", feature={}, sharing="open"
    )
    session.add_all([thing, sensor, prop, feature])
    session.flush()
    made = [
        Datastream(
            **{
                "name": f"dòng {i}",
                "description": "",
                "observation_type": "x/OM_Measurement",
                "thing_id": thing.id,
                "sensor_id": sensor.id,
                "observed_property_id": prop.id,
                "sharing": "open",
                "feature_id": feature.id,
                **more,
            }
        )
        for i in range(count)
    ]
    session.add_all(made)
    session.flush()
    ids = [d.id for d in made]
    session.add_all([DatastreamState(datastream_id=i, count=0) for i in ids])
    session.commit()
    return ids
