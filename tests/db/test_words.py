"""A word reads its arguments whole, whatever stands in them."""

import pytest
from sqlalchemy import BigInteger, literal, select

from dothi.db import words

DAY = 86_400_000_000


@pytest.mark.parametrize("shift", [0, 250_000, 1_000_001])
def test_an_expression_is_one_argument(session, shift):
    moment = literal(DAY, BigInteger()) + literal(shift, BigInteger())
    alone = literal(DAY + shift, BigInteger())
    for word in (words.iso_text, words.text_of):
        assert session.scalar(select(word(moment))) == session.scalar(select(word(alone)))
