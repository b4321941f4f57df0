"""Stage, compare, apply, undo: the numbers add up, and every refusal says where and why."""

import pytest
from sqlalchemy import select

from dothi.datasets import service
from dothi.datasets.loads import service as loads
from dothi.datasets.loads import store
from dothi.datasets.tables import Dataset, Record, RecordVersion, StagedRecord
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tests.loads.conftest import geojson, records, total, tree


def load_of(code, path, mode="upsert", mapping=None):
    load = loads.stage(SYSTEM, code, path, mapping, mode)
    assert load.read == load.accepted + load.refused
    return load


def apply_of(code, path, mode="upsert"):
    return loads.apply(SYSTEM, load_of(code, path, mode).id)


def faults_of(load):
    with db.reading() as session:
        return [(one.row, one.column, one.reason, one.repaired) for one in loads.faults(session, SYSTEM, load.id)]


def dataset_of(code):
    with db.reading() as session:
        found = session.scalars(select(Dataset).where(Dataset.code == code)).one()
        session.expunge_all()
        return found


def test_a_load_changes_nothing_before_it_is_applied_and_one_version_when_it_is(trees, tmp_path):
    load = load_of(trees, geojson(tmp_path / "a.geojson", [tree(i) for i in range(5)]))
    assert (load.state, load.added, load.changed, load.same) == ("staged", 5, 0, 0)
    assert records(trees) == {}
    loads.apply(SYSTEM, load.id)
    found = dataset_of(trees)
    assert (len(records(trees)), found.count, found.version) == (5, 5, 1)
    assert (found.west, found.east) == pytest.approx((106.41, 106.414))
    assert total(StagedRecord) == 0
    with db.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "data.load.applied")).one()
    assert (entry.subject, entry.data["added"]) == (f"dataset:{trees}", 5)


def test_the_same_file_again_is_all_the_same_and_makes_no_version(trees, tmp_path):
    path = geojson(tmp_path / "a.geojson", [tree(i) for i in range(5)])
    apply_of(trees, path)
    again = load_of(trees, path, "replace")
    assert (again.added, again.changed, again.same, again.removed) == (0, 0, 5, 0)
    loads.apply(SYSTEM, again.id)
    assert dataset_of(trees).version == 1
    assert total(RecordVersion) == 0


def test_replacing_adds_changes_and_removes_and_the_comparison_says_so_field_by_field(trees, tmp_path):
    apply_of(trees, geojson(tmp_path / "a.geojson", [tree(i) for i in range(4)]))
    load = load_of(
        trees, geojson(tmp_path / "b.geojson", [tree(0), tree(1, cao=9.5), tree(2, lat=10.6), tree(7)]), "replace"
    )
    with db.reading() as session:
        found = loads.compare(session, SYSTEM, load.id)
    assert (found.added, found.changed, found.same, found.removed) == (1, 2, 1, 1)
    by_key = {one.key: one for one in found.sample}
    assert by_key["C001"].fields == (("cao", 5.1, 9.5),)
    assert [name for name, _, _ in by_key["C002"].fields] == ["geometry"]
    assert (by_key["C007"].kind, by_key["C003"].kind) == ("added", "removed")
    done = loads.apply(SYSTEM, load.id)
    assert (done.added, done.changed, done.removed, done.same) == (1, 2, 1, 1)
    assert {key: one["version"] for key, one in records(trees).items()} == {"C000": 1, "C001": 2, "C002": 2, "C007": 1}
    with db.reading() as session:
        kept = session.execute(select(RecordVersion.key, RecordVersion.deleted).order_by(RecordVersion.key)).all()
    assert [tuple(row) for row in kept] == [("C001", False), ("C002", False), ("C003", True)]


def test_undoing_brings_everything_back_and_is_in_the_history(trees, tmp_path):
    apply_of(trees, geojson(tmp_path / "a.geojson", [tree(i) for i in range(4)]))
    before = {key: {**one, "version": 0, "load": 0} for key, one in records(trees).items()}
    load = apply_of(trees, geojson(tmp_path / "b.geojson", [tree(0), tree(1, cao=9.5), tree(7)]), "replace")
    loads.undo(SYSTEM, load.id)
    assert {key: {**one, "version": 0, "load": 0} for key, one in records(trees).items()} == before
    found = records(trees)
    assert {key: one["version"] for key, one in found.items()} == {"C000": 1, "C001": 3, "C002": 2, "C003": 2}
    assert dataset_of(trees).count == 4
    with db.reading() as session:
        assert [one.version for one in service.history(session, SYSTEM, trees, "C001")] == [1, 2, 3]
        assert session.scalars(select(Entry).where(Entry.kind == "data.load.undone")).one().data["load"] == load.id
    with pytest.raises(Conflict):
        loads.undo(SYSTEM, load.id)


def test_the_load_before_can_be_undone_after_the_later_one_was(trees, tmp_path):
    first = apply_of(trees, geojson(tmp_path / "a.geojson", [tree(i) for i in range(3)]))
    second = apply_of(trees, geojson(tmp_path / "b.geojson", [tree(1, cao=9.5), tree(7)]))
    with pytest.raises(Conflict) as error:
        loads.undo(SYSTEM, first.id)
    assert "C001" in str(error.value)
    loads.undo(SYSTEM, second.id)
    with pytest.raises(Conflict):  # C001 was written anew by the undoing
        loads.undo(SYSTEM, first.id)
    loads.undo(SYSTEM, first.id, keep_later=True)
    assert records(trees) == {}


def test_what_somebody_changed_after_a_load_is_not_lost_by_undoing_it(trees, tmp_path):
    load = apply_of(trees, geojson(tmp_path / "a.geojson", [tree(i) for i in range(3)]))
    with db.writing() as session:
        service.patch(session, SYSTEM, trees, "C001", {"properties": {"cao": 7}})
    with pytest.raises(Conflict) as error:
        loads.undo(SYSTEM, load.id)
    assert [fault.place for fault in error.value.faults] == ["record C001"]
    loads.undo(SYSTEM, load.id, keep_later=True)
    assert list(records(trees)) == ["C001"]


def test_appending_refuses_what_stands(trees, tmp_path):
    apply_of(trees, geojson(tmp_path / "a.geojson", [tree(1)]))
    load = load_of(trees, geojson(tmp_path / "b.geojson", [tree(1, cao=1), tree(2)]), "append")
    assert (load.accepted, load.refused, load.added) == (1, 1, 1)
    assert faults_of(load)[0][:2] == (1, "id")
    other = load_of(trees, geojson(tmp_path / "c.geojson", [tree(2)]), "append")
    loads.apply(SYSTEM, load.id)
    with pytest.raises(Conflict):
        loads.apply(SYSTEM, other.id)


def test_every_fault_is_named_by_row_and_column_and_the_rest_lands(trees, tmp_path):
    path = tmp_path / "trees.csv"
    path.write_text(
        "Mã cây,Loài cây,Chiều cao,Ngày trồng,Còn sống,Kinh độ,Vĩ độ\n"
        'C1,Sao đen,"5,5",21/11/2020,có,106.41,10.53\n'
        "C2,Dầu rái,cao lắm,31/02/2020,có,106.41,10.53\n"
        "C3,Bằng lăng,4 m,2021-03-04,không,106.41,\n"
        "C1,Sao đen,1,,,106.41,10.53\n"
        ",Sao đen,1,,,106.41,10.53\n"
        "C6,Sao đen,1,,,abc,10.53\n"
        "C7,Sao đen,1,,,1e400,10.53\n"
        "C8,Sao đen,1,,,206.41,10.53\n"
        "C9,Sao đen,1,,,106.41,10.53,thừa\n"
        "\n"
        'C10,Phượng vĩ,"7,25 m",1/2/2019,x,106.42,10.54\n',
        "utf-8",
    )  # fmt: skip
    fields = {
        "ma": "Mã cây",
        "loai": "Loài cây",
        "cao": {"column": "Chiều cao", "decimal": ","},
        "trong": "Ngày trồng",
        "tot": "Còn sống",
    }
    load = load_of(trees, path, mapping={"fields": fields, "geometry": {"lon": "Kinh độ", "lat": "Vĩ độ"}})
    assert (load.read, load.accepted, load.refused, load.repaired) == (10, 2, 8, 1)
    found = {(row, column) for row, column, _, repaired in faults_of(load) if not repaired}
    assert found == {
        (3, "cao"), (3, "trong"), (4, "Vĩ độ"), (5, "id"), (6, "ma"), (7, "Kinh độ"), (8, "Kinh độ"), (9, "geometry"), (10, None),
    }  # fmt: skip
    loads.apply(SYSTEM, load.id)
    assert records(trees)["C1"] | {"load": 0} == {
        "ma": "C1", "loai": "Sao đen", "cao": 5.5, "trong": "2020-11-21", "tot": True, "version": 1, "load": 0,
        "geojson": '{"type":"Point","coordinates":[106.41,10.53]}',
    }  # fmt: skip
    assert records(trees)["C10"]["cao"] == 7.25


def test_a_cell_may_be_left_blank_instead_where_the_mapping_says_so(trees, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("ma,cao\nC1,cao lắm\n", "utf-8")
    load = load_of(trees, path, mapping={"fields": {"ma": "ma", "cao": {"column": "cao", "blank": True}}})
    assert (load.accepted, load.repaired) == (1, 1)


def test_broken_shapes_are_repaired_with_notice_or_refused(make, tmp_path):
    code = make("vung", {"ma": {"type": "string", "x-role": "key"}}, key_field="ma", geometry_type="Geometry")
    ring = [[106.0, 10.0], [106.1, 10.1], [106.1, 10.0], [106.0, 10.1], [106.0, 10.0]]
    shapes = {
        "bow": {"type": "Polygon", "coordinates": [ring]},
        "flat": {"type": "Polygon", "coordinates": [[[106.0, 10.0], [106.1, 10.0], [106.0, 10.0], [106.0, 10.0]]]},
        "open": {"type": "Polygon", "coordinates": [ring[:3]]},
        "nan": {"type": "Point", "coordinates": [float("nan"), 10.0]},
        "pole": {"type": "Point", "coordinates": [106.0, 89.95]},
        "none": None,
        "kind": {"type": "Circle", "coordinates": [1, 2]},
        "text": {"type": "Point", "coordinates": ["106", "10"]},
        "many": {"type": "LineString", "coordinates": [[106 + i / 1e7, 10.0] for i in range(100_001)]},
    }
    load = load_of(code, geojson(tmp_path / "v.geojson", [{"ma": key, "geometry": one} for key, one in shapes.items()]))
    assert {row for row, _, _, repaired in faults_of(load) if not repaired} == {2, 3, 4, 5, 7, 8, 9}
    loads.apply(SYSTEM, load.id)
    found = records(code)
    assert set(found) == {"bow", "none"}
    assert '"MultiPolygon"' in found["bow"]["geojson"]


def test_columns_nobody_asked_for_are_left_out_with_a_notice(trees, tmp_path):
    path = geojson(tmp_path / "a.geojson", [tree(1, mau="xanh"), tree(2)])
    load = load_of(trees, path)
    assert (load.accepted, [one[1:2] for one in faults_of(load)]) == (2, [("mau",)])


def test_a_mapping_that_does_not_fit_says_every_fault_at_once(trees, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("ma,chieu cao\nC1,2\n", "utf-8")
    with pytest.raises(BadInput) as error:
        loads.stage(SYSTEM, trees, path, {"fields": {"ma": "Mã", "caoo": "chieu cao"}})
    assert [fault.place for fault in error.value.faults] == ["mapping.fields.caoo", "mapping"]
    assert 'did you mean "cao"' in str(error.value)
    with db.reading() as session:
        load = loads.of_dataset(session, SYSTEM, trees)[0]
        assert (load.state, total(Record)) == ("failed", 0)
        assert "no field 'caoo'" in load.reason


def test_references_must_lead_somewhere_and_may_lead_inside_the_file(make, trees, tmp_path):
    lamps = make("den", {
        "so": {"type": "string", "x-role": "key"},
        "cay": {"type": "string", "x-reference": {"dataset": "cay-xanh"}},
        "sau": {"type": "string", "x-reference": {"dataset": "den"}},
        "gan": {"type": "array", "items": {"type": "string", "x-reference": {"dataset": "cay-xanh"}}},
    }, key_field="so", geometry_type=None)  # fmt: skip
    apply_of(trees, geojson(tmp_path / "a.geojson", [tree(1), tree(2)]))
    rows = [
        {"so": "1", "cay": "C001"}, {"so": "2", "cay": "C009"}, {"so": "3", "sau": "1"}, {"so": "4", "sau": "9"},
        {"so": "5", "gan": ["C001", "C002"]}, {"so": "6", "gan": ["C001", "C008"]},
    ]  # fmt: skip
    load = load_of(lamps, geojson(tmp_path / "b.geojson", rows))
    assert {(row, column) for row, column, _, _ in faults_of(load)} == {(2, "cay"), (4, "sau"), (6, "gan")}
    loads.apply(SYSTEM, load.id)
    gone = load_of(trees, geojson(tmp_path / "c.geojson", [tree(3)]), "replace")
    with pytest.raises(Conflict) as error:
        loads.apply(SYSTEM, gone.id)
    assert "refers to it" in str(error.value)
    assert set(records(trees)) == {"C001", "C002"}
    load = load_of(lamps, geojson(tmp_path / "d.geojson", []), "replace")
    loads.apply(SYSTEM, load.id)
    loads.apply(SYSTEM, gone.id)
    assert set(records(trees)) == {"C003"}


def test_records_without_a_key_of_their_own_meet_themselves_again(make, tmp_path):
    code = make("ghi-chu", {"text": {"type": "string"}}, geometry_type="Point")
    rows = [{"text": "a", "lon": 106.0, "lat": 10.0}, {"text": "a", "lon": 106.0, "lat": 10.0}, {"text": "b"}]
    apply_of(code, geojson(tmp_path / "a.geojson", [dict(one) for one in rows]))
    assert len(records(code)) == 3
    again = load_of(code, geojson(tmp_path / "b.geojson", [dict(one) for one in [*rows, {"text": "c"}]]), "replace")
    assert (again.added, again.same, again.removed) == (1, 3, 0)


def test_a_key_that_comes_back_goes_on_counting_its_versions(trees, tmp_path):
    apply_of(trees, geojson(tmp_path / "a.geojson", [tree(1), tree(2)]))
    apply_of(trees, geojson(tmp_path / "b.geojson", [tree(2)]), "replace")
    apply_of(trees, geojson(tmp_path / "c.geojson", [tree(1), tree(2)]), "replace")
    assert {key: one["version"] for key, one in records(trees).items()} == {"C001": 2, "C002": 1}


def test_who_may_not_describe_a_dataset_loads_nothing_and_learns_nothing(trees, tmp_path):
    path = geojson(tmp_path / "a.geojson", [tree(1)])
    load = load_of(trees, path)
    reader = Caller(kind="person", id=7, name="An", everywhere=frozenset({"data:read", "data:write"}))
    with pytest.raises(NotFound):
        loads.stage(ANONYMOUS, trees, path)
    with pytest.raises((NotAllowed, NotSignedIn)):
        loads.stage(reader, trees, path)
    said = set()
    with db.reading() as session:
        for who, number in ((ANONYMOUS, load.id), (reader, load.id), (reader, 999)):
            with pytest.raises(NotFound) as error:
                loads.compare(session, who, number)
            said.add(str(error.value).replace(str(number), "N"))
    assert len(said) == 1
    for verb in (loads.apply, loads.undo, loads.drop):
        with pytest.raises(NotFound):
            verb(reader, load.id)


def test_values_of_personal_fields_are_in_no_fault_and_no_sample(make, tmp_path):
    code = make("ho", {
        "so": {"type": "string", "x-role": "key"},
        "cccd": {"type": "integer", "title": "Số CCCD", "x-personal": True},
    }, key_field="so", geometry_type=None)  # fmt: skip
    apply_of(code, geojson(tmp_path / "a.geojson", [{"so": "1", "cccd": 12345}]))
    load = load_of(code, geojson(tmp_path / "b.geojson", [{"so": "1", "cccd": 54321}, {"so": "2", "cccd": "bí mật"}]))
    with db.reading() as session:
        told = [
            store.faults(session, load.id),
            loads.compare(session, SYSTEM, load.id),
            loads.preview(session, SYSTEM, load.id),
        ]
        text = repr([[one.value for one in told[0]], told[1:]])
    assert "54321" not in text
    assert "12345" not in text
    assert "bí mật" not in text


def test_a_dropped_or_interrupted_load_leaves_nothing(trees, tmp_path, monkeypatch):
    load = load_of(trees, geojson(tmp_path / "a.geojson", [tree(1)]))
    loads.drop(SYSTEM, load.id)
    assert total(StagedRecord) == 0
    with pytest.raises(Conflict):
        loads.apply(SYSTEM, load.id)
    other = load_of(trees, geojson(tmp_path / "b.geojson", [tree(1)]))
    with db.writing() as session:
        store.set_load(session, other.id, state="staging")
    loads.tidy()
    assert total(StagedRecord) == 1  # somebody may still be at it
    monkeypatch.setattr(loads, "STALE", -1)
    loads.tidy()
    assert total(StagedRecord) == 0
    with db.reading() as session:
        assert loads.get(session, SYSTEM, other.id)[0].state == "failed"


def test_retired_datasets_take_no_loads(trees, tmp_path):
    with db.writing() as session:
        session.scalars(select(Dataset)).one().status = "retired"
    with pytest.raises(Conflict):
        loads.stage(SYSTEM, trees, geojson(tmp_path / "a.geojson", [tree(1)]))


def test_many_batches_add_up(trees, tmp_path):
    path = geojson(tmp_path / "a.geojson", [tree(i) for i in range(25)] + [tree(3), tree(24)])
    seen = []
    load = loads.stage(SYSTEM, trees, path, None, "upsert", lambda share, rows: seen.append((share, rows)), batch=10)
    assert (load.read, load.accepted, load.refused) == (27, 25, 2)
    assert [rows for _, rows in seen] == [10, 20, 27]
    assert 0 < seen[-1][0] <= 1
