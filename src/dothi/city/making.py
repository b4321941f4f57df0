"""Make, change and remove the items of a plan through the verbs of the rooms they live in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.city import store
from dothi.city.difference import Change
from dothi.city.wanted import Item, whole
from dothi.identity import service as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.places import base as base_map
from dothi.places import service as places
from dothi.sensing import registry
from dothi.sensing import service as sensing

GEOJSON = "application/geo+json"
ENTITIES = {"property": "ObservedProperty", "sensor": "Sensor", "thing": "Thing", "datastream": "Datastream"}


class Maker:
    """Does the changes of one plan inside one transaction; remembers ids it has looked up."""

    def __init__(self, session: Session, caller: Caller, folder: Path | None) -> None:
        self.session = session
        self.caller = caller
        self.folder = folder
        self.agencies = store.agency_ids(session)
        self.ids: dict[tuple[str, str], int] = {}

    def do(self, change: Change, wanted: Item | None, now: Item | None) -> None:
        """Do one change. wanted: None for a removal; now: None for a creation."""
        if change.verb == "remove":
            self._remove(change)
            return
        fields = dict(now.fields) if now is not None else {}
        for one in change.fields:
            if one.kept:
                continue
            if one.wanted is None:
                fields.pop(one.name, None)
            else:
                fields[one.name] = one.wanted
        if change.verb == "create" and wanted is not None:
            fields = wanted.fields
        getattr(self, f"_{change.kind}")(change.code, whole(fields))

    def _agency(self, code: str, body: dict[str, Any]) -> None:
        values = {name: body.get(name) for name in ("name_en", "electronic_code", "parent")}
        if code in self.agencies:
            store.change_agency(self.session, code, {"name": body["name"], **values})
            self._say("identity.agency.updated", f"agency:{code}", {"name": body["name"]})
        else:
            identity.create_agency(self.session, self.caller, code, body["name"], **values)
        self.agencies = store.agency_ids(self.session)

    def _base(self, code: str, body: dict[str, Any]) -> None:
        assert self.folder is not None  # noqa: S101 - a base item comes from a folder
        folder = self.folder.parent if self.folder.is_file() else self.folder
        base_map.load_base(self.session, folder, code, self.caller)
        held = store.setting(self.session, store.BASE) or {}
        kept = {name: value for name, value in body.items() if name != "properties"}
        store.put_setting(self.session, store.BASE, {**held, code: kept})

    def _area(self, code: str, body: dict[str, Any]) -> None:
        places.put_area(
            self.session, self.caller, code, name=body["name"], kind=body["kind"], name_en=body.get("name_en"),
            units=body["units"], properties=body["properties"] or None, valid_from=_instant(body.get("valid_from")),
            valid_to=_instant(body.get("valid_to")),
        )  # fmt: skip

    def _setting(self, code: str, body: dict[str, Any]) -> None:
        store.put_setting(self.session, code, {name: value for name, value in body.items() if name != "properties"})
        self._say("city.setting.updated", f"setting:{code}", {})

    def _property(self, code: str, body: dict[str, Any]) -> None:
        self._ensure("property", code, body)

    def _sensor(self, code: str, body: dict[str, Any]) -> None:
        self._ensure("sensor", code, body)

    def _thing(self, code: str, body: dict[str, Any]) -> None:
        lon, lat, agency = body.pop("lon", None), body.pop("lat", None), body.pop("agency", None)
        if lon is not None and lat is not None:
            point = {"type": "Point", "coordinates": [lon, lat]}
            own = {k: v for k, v in body["properties"].items() if k in ("sharing", "simulated")}
            body["Locations"] = [
                {"name": body["name"], "description": body["description"], "encodingType": GEOJSON, "location": point,
                 "properties": own}
            ]  # fmt: skip
        owner = self.agencies.get(agency) if agency else None
        id_ = self._ensure("thing", code, body, replace(self.caller, agency_id=owner))
        store.give(self.session, id_, owner)
        registry.invalidate()

    def _datastream(self, code: str, body: dict[str, Any]) -> None:
        links = {"Thing": ("thing", body.pop("thing")), "Sensor": ("sensor", body.pop("sensor")),
                 "ObservedProperty": ("property", body.pop("property"))}  # fmt: skip
        body |= {name: {"@iot.id": self._id(*key)} for name, key in links.items()}
        self._ensure("datastream", code, body)

    def _ensure(self, kind: str, code: str, body: dict[str, Any], caller: Caller | None = None) -> int:
        id_ = sensing.ensure(self.session, caller or self.caller, ENTITIES[kind], code, body)
        self.ids[kind, code] = id_
        return id_

    def _id(self, kind: str, code: str) -> int:
        if (kind, code) not in self.ids:
            found = sensing.by_code(self.session, ENTITIES[kind], code)
            if found is None:
                raise NotFound(f"{kind} {code} was removed by hand; apply with --force to make it again")
            self.ids[kind, code] = found
        return self.ids[kind, code]

    def _remove(self, change: Change) -> None:
        if change.kind in ENTITIES:
            found = sensing.by_code(self.session, ENTITIES[change.kind], change.code)
            if found is not None:
                sensing.delete(self.session, self.caller, ENTITIES[change.kind], found)
        elif change.kind == "area":
            places.drop_area(self.session, self.caller, change.code)
        elif change.kind == "base":
            store.drop_base(self.session, change.code)

    def _say(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        journal.append(self.session, kind, actor=self.caller.actor, subject=subject, visibility="open", data=data)


def _instant(day: str | None) -> int | None:
    return None if day is None else clock.parse(f"{day}T00:00:00", clock.VIETNAM)
