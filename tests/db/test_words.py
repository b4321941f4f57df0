"""A word reads its arguments whole, whatever stands in them."""

import json

import pytest
from sqlalchemy import BigInteger, Text, literal, literal_column, select

from dothi.db import words
from dothi.db.features import json_comma, json_rest

DAY = 86_400_000_000


@pytest.mark.parametrize("shift", [0, 250_000, 1_000_001])
def test_an_expression_is_one_argument(session, shift):
    moment = literal(DAY, BigInteger()) + literal(shift, BigInteger())
    alone = literal(DAY + shift, BigInteger())
    for word in (words.iso_text, words.text_of):
        assert session.scalar(select(word(moment))) == session.scalar(select(word(alone)))


@pytest.mark.parametrize("own", ["{}", '{"tên": "đèn"}'])
def test_members_are_put_before_an_objects_own(session, own):
    text = literal(own, Text())
    pieces = (literal_column("'{\"a\":'"), words.json_quote(literal("b", Text())), json_comma(text), json_rest(text))
    assert json.loads(session.scalar(select(words.written(*pieces)))) == {"a": "b", **json.loads(own)}
