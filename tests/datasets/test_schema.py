"""A schema says what a record may hold; it is told every fault at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.datasets import schema
from dothi.datasets.writing import quick_fold
from dothi.kit.text import fold
from tests.datasets.conftest import SCHEMA


def places(found):
    return {fault.place for fault in found}


def test_fields_come_in_their_order_and_say_what_they_are():
    held = dict(SCHEMA, properties=dict(reversed(list(SCHEMA["properties"].items()))))
    found = schema.fields(held)
    assert [one.name for one in found] == list(SCHEMA["properties"])
    code, road, height, state, since, _, keeper, cost = found
    assert (code.role, code.required, road.title_en, height.unit) == ("key", True, "Road", "m")
    assert (state.values, state.named("off"), since.kind) == (("on", "off"), "Tắt", "date")
    assert (keeper.personal, cost.open, cost.kind) == (True, False, "integer")


def test_what_fits_is_kept_and_turned_into_no_other_type():
    kept, faults = schema.checker(SCHEMA).clean(
        {"code": "A1", "height": 8, "cost": 3.0, "road": "Ho\u0300a Bi\u0300nh"}
    )
    assert faults == []
    assert kept == {"code": "A1", "height": 8, "cost": 3, "road": "Hòa Bình"}
    assert type(kept["cost"]) is int


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height", "8"), ("height", 41), ("height", float("nan")), ("height", True), ("height", 1 << 63), ("cost", 1.5),
        ("state", "broken"), ("since", "2026-02-30"), ("since", "21/11/2026"), ("road", 5), ("road", "a\0b"),
        ("road", "\ud800"), ("lamp", 1),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_at_its_place(name, value):
    _, faults = schema.checker(SCHEMA).clean({"code": "A1", name: value})
    assert places(faults) == {f"properties.{name}"}


def test_every_fault_is_said_at_once():
    _, faults = schema.checker(SCHEMA).clean({"height": -1, "state": 3, "lamp": 1})
    assert places(faults) == {"properties.height", "properties.state", "properties.lamp", "properties.code"}


def test_a_null_is_a_value_only_where_the_schema_says_so():
    held = {"properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"}}, "required": ["b"]}
    kept, faults = schema.checker(held).clean({"a": None, "b": None})
    assert (kept, places(faults)) == ({"a": None}, {"properties.b"})


def test_instants_are_kept_in_utc_so_that_their_texts_sort():
    checker = schema.checker({"properties": {"at": {"type": "string", "format": "date-time"}}})
    early, _ = checker.clean({"at": "2026-11-21T09:00:00+07:00"})
    late, _ = checker.clean({"at": "2026-11-21T03:00:00Z"})
    assert early["at"] < late["at"]
    assert checker.clean({"at": "2026-11-21T09:00:00"})[1] != []


def test_lists_and_objects_are_checked_inside():
    held = {"properties": {
        "uses": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        "size": {"type": "object", "properties": {"w": {"type": "number"}}, "required": ["w"]},
    }}  # fmt: skip
    assert schema.faults(held) == []
    checker = schema.checker(held)
    assert checker.clean({"uses": ["a", "b"], "size": {"w": 2}})[1] == []
    _, faults = checker.clean({"uses": ["a", "c"], "size": {"x": 2}})
    assert places(faults) == {"properties.uses.1", "properties.size.x"}
    assert places(checker.clean({"uses": ["a", "a"], "size": {}})[1]) == {"properties.uses", "properties.size.w"}


def test_one_and_true_are_two_values():
    checker = schema.checker({"properties": {"n": {"type": "integer", "enum": [1, 2]}}})
    assert checker.clean({"n": 1})[1] == []
    assert checker.clean({"n": True})[1] != []


@pytest.mark.parametrize(
    ("held", "place"),
    [
        ([], "schema"),
        ({"type": "array"}, "schema.type"),
        ({"properties": {"a": {}}}, "schema.properties.a.type"),
        ({"properties": {"a": {"type": "text"}}}, "schema.properties.a.type"),
        ({"properties": {"a": {"type": "string", "minimum": 3}}}, "schema.properties.a.minimum"),
        ({"properties": {"a": {"type": "string", "pattern": "["}}}, "schema.properties.a.pattern"),
        ({"properties": {"a": {"type": "string", "enum": []}}}, "schema.properties.a.enum"),
        ({"properties": {"a": {"type": "string", "enum": [1]}}}, "schema.properties.a.enum"),
        ({"properties": {"a": {"type": "number", "multipleOf": 0}}}, "schema.properties.a.multipleOf"),
        ({"properties": {"a": {"type": "string", "x-role": "owner"}}}, "schema.properties.a.x-role"),
        ({"properties": {"a": {"type": "string", "x-open": "no"}}}, "schema.properties.a.x-open"),
        ({"properties": {"a": {"type": "string", "x-reference": "b"}}}, "schema.properties.a.x-reference"),
        ({"properties": {"a": {"type": "string", "x-role": "key", "x-personal": True}}}, "schema.properties.a.x-role"),
        ({"properties": {"a": {"type": "string", "x-role": "valid-from"}}}, "schema.properties.a.x-role"),
        ({"properties": {'a"b': {"type": "string"}}}, 'schema.properties.a"b'),
        ({"properties": {"geometry": {"type": "string"}}}, "schema.properties.geometry"),
        ({"properties": {"a": {"type": "string"}}, "required": ["b"]}, "schema.required.0"),
        ({"properties": {}, "anyOf": []}, "schema.anyOf"),
        ({"properties": {}, "additionalProperties": True}, "schema.additionalProperties"),
        ({"properties": {"a": {"type": "object", "properties": {"b": {"type": "string", "x-personal": True}}}}},
         "schema.properties.a.properties.b.x-personal"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_kept_says_why(held, place):
    assert places(schema.faults(held)) == {place}


def test_two_fields_have_no_role_together():
    one = {"type": "string", "x-role": "key"}
    assert places(schema.faults({"properties": {"a": one, "b": one}})) == {"schema.properties.b.x-role"}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=8,
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), json))
def test_any_json_is_kept_or_refused_and_what_is_kept_is_kept_again(properties):
    checker = schema.checker(SCHEMA)
    kept, faults = checker.clean(properties)
    if not faults:
        assert checker.clean(kept) == (kept, [])


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["string", "object", "array"]),
                    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(
                        st.sampled_from(["type", "properties", "items", "enum", "oneOf", "required", "x-order", "x-role", "x-reference",
                                         "const", "minimum", "pattern", "a"]), inside, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_as_a_schema_is_kept_or_refused(held):
    if schema.faults(held) == []:
        assert isinstance(schema.checker(schema.ordered(held)).clean({})[1], list)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("aĂâđĐêôơưỳÝỵ ưẠ\u0300\u0323ñß-1\n") | st.characters()))
def test_the_quick_fold_is_the_fold(text):
    assert quick_fold(text) == fold(text)
