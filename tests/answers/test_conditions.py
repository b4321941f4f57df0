"""Conditions of packs in the words of the dataset they are about."""

from types import SimpleNamespace

import pytest

from dothi.answers import conditions
from dothi.datasets import schema
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.kit import clock
from dothi.sensing.sectors import sectors
from dothi.web.i18n import speaker

AT = clock.parse("2026-11-22T03:00:00Z")  # ten in the morning in Vietnam
VIEW = View(
    1, "school-places", "Chỗ học", fields=(
        Field("free", "integer", "Chỗ trống", "Free places"),
        Field("level", "string", "Cấp học", "Level", values=("primary", "lower"), labels=("Tiểu học", "THCS"),
              labels_en=("Primary", "Lower secondary")),
        Field("until", "date", "Đến ngày", "Until"),
        Field("at", "date-time", "Lúc", "At"),
        Field("night", "boolean", "Mở ban đêm", "Open at night"),
    ),
)  # fmt: skip


def asking(language):
    return SimpleNamespace(
        moment=AT, language=language, say=speaker(language), moment_words=lambda at: clock.iso(at)[:16]
    )


@pytest.mark.parametrize(
    ("where", "vi", "en"),
    [
        ("free > 0", "Chỗ trống > 0", "Free places > 0"),
        ("0 < free", "Chỗ trống > 0", "Free places > 0"),
        ("free > 0 AND level = 'primary'", "Chỗ trống > 0 và Cấp học là Tiểu học", "Free places > 0 and Level is Primary"),
        ("level <> 'lower' OR free >= 5", "(Cấp học khác THCS hoặc Chỗ trống ≥ 5)", "(Level is not Lower secondary or Free places ≥ 5)"),
        ("level IN ('primary', 'lower')", "Cấp học là Tiểu học hoặc THCS", "Level is Primary or Lower secondary"),
        ("until >= {today-30d}", "Đến ngày ≥ 23/10/2026", "Until ≥ 23/10/2026"),
        ("at <= {now}", "Lúc ≤ 2026-11-22T03:00", "At ≤ 2026-11-22T03:00"),
        ("until IS NULL", "chưa có Đến ngày", "no Until"),
        ("until IS NOT NULL", "đã có Đến ngày", "there is Until"),
        ("NOT night = true", "không phải (Mở ban đêm là có)", "not (Open at night is yes)"),
        ("night = true", "Mở ban đêm là có", "Open at night is yes"),
        ("free BETWEEN 1 AND 9", "Chỗ trống từ 1 đến 9", "Free places from 1 to 9"),
        ("free + 1 > 0", "free + 1 > 0", "free + 1 > 0"),  # no words for it
        ("level LIKE 'p%'", "level LIKE 'p%'", "level LIKE 'p%'"),
        ("hidden = 1 AND free > 0", "hidden = 1 AND free > 0", "hidden = 1 AND free > 0"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_people_say_it(where, vi, en):
    assert conditions.said(where, VIEW, asking("vi")) == vi
    assert conditions.said(where, VIEW, asking("en")) == en


def test_every_figure_of_our_packs_has_words():
    found = sectors()
    raw, seen = [], 0
    for pack in found.packs.values():
        page = pack.files.get("page.yaml")
        for question in page.questions if page is not None else ():
            for spec in (one for block in question.blocks for one in (block.figure, *(block.figures or ())) if one):
                if not spec.where or not spec.dataset:
                    continue
                fields = tuple(schema.fields(found.datasets[spec.dataset][1].schema_))
                seen += 1
                said = conditions.said(spec.where, View(1, spec.dataset, "x", fields=fields), asking("vi"))
                if "'" in said or "{" in said:
                    raw.append(f"{question.code}: {said}")
    assert raw == []
    assert seen > 20
