"""Make, change and remove the items of a plan through the verbs of the rooms they live in."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import offices
from dothi.city import datasets as taken
from dothi.city import overrides, practice_store, store
from dothi.city.difference import Change
from dothi.city.items import Item, joined, whole
from dothi.city.practice import KINDS as PRACTICE
from dothi.datasets import replacing
from dothi.datasets import service as datasets
from dothi.identity import service as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.places import base as base_map
from dothi.places import cities
from dothi.places import service as places
from dothi.sensing import registry
from dothi.sensing import service as sensing
from dothi.sensing.sectors import Sectors, sectors

GEOJSON = "application/geo+json"
_DESCRIBED = (
    "title_en", "description", "description_en", "agency", "sharing", "status", "schema", "geometry_type", "key_field",
    "licence", "frequency", "contact", "sector", "source", "source_url", "quality", "style", "simulated",
)  # fmt: skip
ENTITIES = {"property": "ObservedProperty", "sensor": "Sensor", "thing": "Thing", "datastream": "Datastream"}


class Maker:
    """Does the changes of one plan inside one transaction; remembers ids it has looked up."""

    def __init__(
        self, session: Session, caller: Caller, folder: Path | None, city: str, taught: Sectors | None = None
    ) -> None:
        self.taught = taught or sectors()
        self.session = session
        self.caller = caller
        self.folder = folder
        self.city = city
        self.agencies = store.agency_ids(session)
        self.ids: dict[tuple[str, str], int] = {}
        self.made: sensing.Owners = {}

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
        if change.kind in PRACTICE:
            practice_store.put(self.session, self.caller, Item(change.kind, change.code, fields), self.agencies)
            return
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
        named = [name for name in str(body["name"]).split(", ") if name]
        drawn = [self._beside() / name for name in named] if self.folder is not None else []
        if (
            drawn
            and all(path.is_file() for path in drawn)
            and joined(path.read_bytes() for path in drawn) == body["digest"]
        ):
            for path in drawn:
                store.keep_file(self.session, self.city, path.name, body["digest"], path.read_bytes())
            base_map.load_base(self.session, self._beside(), code, self.caller)
        else:
            self._draw_again(code, named, body["digest"])
        held = store.setting(self.session, store.BASE) or {}
        kept = {name: value for name, value in body.items() if name != "properties"}
        store.put_setting(self.session, store.BASE, {**held, code: kept})

    def _draw_again(self, code: str, named: list[str], digest: str) -> None:
        """Draw the sketches as an earlier apply did."""
        kept = {name: store.file(self.session, self.city, name, digest) for name in named}
        with TemporaryDirectory() as folder:
            for name, content in kept.items():
                if content is None:
                    raise NotFound(f"the sketch {name} of that time was not kept; apply it from its folder")
                (Path(folder) / name).write_bytes(content)
            base_map.load_base(self.session, Path(folder), code, self.caller)

    def _beside(self) -> Path:
        """The folder of city.yaml."""
        assert self.folder is not None  # noqa: S101 - what names a file comes from a folder
        return self.folder.parent if self.folder.is_file() else self.folder

    def _dataset(self, code: str, body: dict[str, Any]) -> None:
        values = {"title": body.pop("name"), **{name: body.get(name) for name in _DESCRIBED}}
        values |= {name: body.get(name) or [] for name in ("keywords", "themes")}
        known = store.mark(self.session, code) is not None
        if known:
            datasets.describe(self.session, self.caller, code, values)
        else:
            datasets.create(self.session, self.caller, {"code": code, **values})

    def _records(self, code: str, body: dict[str, Any]) -> None:
        name, digest = body["name"], body["digest"]
        dataset = store.dataset_of(code)
        if digest.endswith(store.CHANGED):  # somebody's own hand: only what it is called follows
            self._remember_records(code, {"name": name, "count": body["count"]})
            return
        there = self._there(name)
        known = store.dataset(self.session, dataset) if there else None
        held = taken.read(self._beside() / name, known.schema, known.key_field) if known is not None else None
        if held is not None and held.digest == digest:
            features = held.records
        else:
            # the file is another one by now; what it held then is in the history of the records
            at = store.loaded_at(self.session, self.city, ("records", code), digest)
            if at is None:
                raise NotFound(f"{name} no longer holds what it did, and it was never applied like that")
            apart = self._apart(code)
            features = {
                key: one for key, one in store.records_at(self.session, dataset, at).items() if key not in apart
            }
        self._replace(code, features, name)
        keys = sorted(features)
        self._remember_records(code, {"name": name, "digest": digest, "count": body["count"], "keys": keys})

    def _replace(self, code: str, features: replacing.Features, name: str) -> None:
        dataset = store.dataset_of(code)
        clean = [one for one in store.clean(self.session, dataset) if one != code]
        replacing.replace(self.session, self.caller, dataset, features, apart=self._apart(code), file=name)
        self.session.flush()
        store.mark_again(self.session, dataset, clean)

    def _apart(self, code: str) -> set[str]:
        """Keys of records that other cities loaded into the same dataset."""
        dataset = store.dataset_of(code)
        held = store.setting(self.session, store.RECORDS) or {}
        return {
            key for other, one in held.items() if other != code and store.dataset_of(other) == dataset
            for key in one.get("keys", [])
        }  # fmt: skip

    def _there(self, name: str) -> bool:
        return self.folder is not None and (self._beside() / name).is_file()

    def _remember_records(self, code: str, held: dict[str, Any] | None) -> None:
        self.session.flush()
        kept = {
            one: fields for one, fields in (store.setting(self.session, store.RECORDS) or {}).items() if one != code
        }
        if held is not None:
            before = (store.setting(self.session, store.RECORDS) or {}).get(code, {})
            kept[code] = (
                {**before, **held}
                if "digest" not in held
                else {**held, "mark": store.mark(self.session, store.dataset_of(code))}
            )
        store.put_setting(self.session, store.RECORDS, kept)

    def _area(self, code: str, body: dict[str, Any]) -> None:
        places.put_area(
            self.session, self.caller, code, name=body["name"], kind=body["kind"], name_en=body.get("name_en"),
            units=body["units"], properties=body["properties"] or None, valid_from=_instant(body.get("valid_from")),
            valid_to=_instant(body.get("valid_to")),
        )  # fmt: skip

    def _setting(self, code: str, body: dict[str, Any]) -> None:
        store.put_setting(self.session, code, {name: value for name, value in body.items() if name != "properties"})
        if code.partition(":")[0] in (overrides.SETTING, cities.CITY):  # of several cities each has its own deadlines
            overrides.follow(self.session)
        self._say("city.setting.updated", f"setting:{code}", {})

    def _property(self, code: str, body: dict[str, Any]) -> None:
        self._ensure("property", code, body)

    def _sensor(self, code: str, body: dict[str, Any]) -> None:
        self._ensure("sensor", code, body)

    def _thing(self, code: str, body: dict[str, Any]) -> None:
        lon, lat, agency = body.pop("lon", None), body.pop("lat", None), body.pop("agency", None)
        point = body.pop("shape", None)
        if lon is not None and lat is not None:
            point = {"type": "Point", "coordinates": [lon, lat]}
        if point is not None:
            own = {k: v for k, v in body["properties"].items() if k in ("sharing", "simulated")}
            body["Locations"] = [
                {"name": body["name"], "description": body["description"], "encodingType": GEOJSON, "location": point,
                 "properties": own}
            ]  # fmt: skip
        owner = self.agencies.get(agency) if agency else None
        id_ = self._ensure("thing", code, body, replace(self.caller, agency_id=owner))
        if ("Thing", id_) not in self.made:  # what was just made is its agency's already
            store.give(self.session, id_, owner)
            registry.invalidate()

    def _datastream(self, code: str, body: dict[str, Any]) -> None:
        links = {"Thing": ("thing", body.pop("thing")), "Sensor": ("sensor", body.pop("sensor")),
                 "ObservedProperty": ("property", body.pop("property"))}  # fmt: skip
        body |= {name: {"@iot.id": self._id(*key)} for name, key in links.items()}
        self._ensure("datastream", code, body)

    def _office(self, _code: str, body: dict[str, Any]) -> None:
        offices.rule(
            self.session, self.caller, body["type"], body.get("category"), body.get("unit"), body["agency"]
        )  # fmt: skip

    def _crew(self, code: str, body: dict[str, Any]) -> None:
        agency_id = self.agencies.get(body["agency"])
        if agency_id is None:
            raise NotFound(f'the crew {code} is of agency "{body["agency"]}", which is not there any more')
        values = {name: body.get(name) for name in ("name", "lon", "lat")}
        store.put_crew(
            self.session, code, {**values, "agency_id": agency_id, "categories": body.get("categories") or []}
        )
        self._say("cases.crew.updated", f"crew:{code}", {"name": body["name"]})

    def _ensure(self, kind: str, code: str, body: dict[str, Any], caller: Caller | None = None) -> int:
        id_ = sensing.ensure(self.session, caller or self.caller, ENTITIES[kind], code, body, self.made)
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
                self.made.clear()
        elif change.kind == "area":
            places.drop_area(self.session, self.caller, change.code)
        elif change.kind == "setting":
            store.drop_setting(self.session, change.code)
            overrides.follow(self.session)
            self._say("city.setting.updated", f"setting:{change.code}", {})
        elif change.kind == "base":
            store.drop_base(self.session, change.code)
        elif change.kind == "records":
            self._replace(change.code, {}, "")
            self._remember_records(change.code, None)
        elif change.kind == "dataset":
            datasets.remove(self.session, self.caller, change.code)
        elif change.kind == "office":
            # the type or category may have left the packs, so the verb that checks them is of no use here
            store.drop_office(self.session, change.code)
            self._say("cases.office", f"office:{change.code}", {"office": None})
        elif change.kind == "crew":
            store.rest_crew(self.session, change.code)
            self._say("cases.crew.removed", f"crew:{change.code}", {"name": change.name})
        elif change.kind in PRACTICE:
            practice_store.drop(self.session, self.caller, change.kind, change.code)

    def _say(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        journal.append(self.session, kind, actor=self.caller.actor, subject=subject, visibility="open", data=data)


def _instant(day: str | None) -> int | None:
    return None if day is None else clock.parse(f"{day}T00:00:00", clock.VIETNAM)
