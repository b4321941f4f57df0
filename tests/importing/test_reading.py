"""Tables are found in files as offices make them."""

import gzip
import zipfile
from contextlib import ExitStack
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dothi.kit.errors import BadInput
from dothi.sensing.tabular import read
from dothi.sensing.tabular.mapping import File
from tests.archives import damaged


def table(path: Path, wanted: list[str], how: File | None = None) -> tuple[list[list[str]], list[int], list, str]:
    """All rows as texts, their numbers, the faulty ones, and what was found out."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    faulty: list = []
    with ExitStack() as stack:
        opened = read.open_table(path, how or File(), wanted, stack)
        for chunk in opened.chunks(wanted, 3):
            numbers += chunk.rows.tolist()
            faulty += chunk.faulty
            rows += [[chunk.cells[name].said(n) for name in wanted] for n in range(len(chunk.rows))]
        return rows, numbers, faulty, opened.about


def write(path: Path, contents: str | bytes) -> Path:
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, mark):
    path = write(tmp_path / "a.csv", f"trạm{mark}giá trị\nA{mark}1\nB{mark}2\n")
    assert table(path, ["trạm", "giá trị"])[0] == [["A", "1"], ["B", "2"]]


def test_commas_inside_values_do_not_hide_the_semicolons(tmp_path):
    path = write(tmp_path / "a.csv", "t;a;b\n1;2,5;3,5\n2;2,5;3,5\n")
    assert table(path, ["t", "b"])[0] == [["1", "3,5"], ["2", "3,5"]]


def test_titles_above_the_header_are_passed_over(tmp_path):
    path = write(tmp_path / "a.csv", "SỞ TÀI NGUYÊN\n\nBảng số liệu, tháng 5\nThời gian,Trạm,Giá trị\n1,A,2\n")
    rows, numbers, _, about = table(path, ["thoi gian", "GIÁ TRỊ"])
    assert (rows, numbers) == ([["1", "2"]], [5])
    assert "header in row 4" in about


def test_row_numbers_are_lines_whatever_stands_in_quotes(tmp_path):
    path = write(tmp_path / "a.csv", 'a,b\n1,"two\nlines"\n\n2,x\n3,y\n')
    assert table(path, ["a"])[:2] == ([["1"], ["2"], ["3"]], [2, 5, 6])


def test_rows_with_too_many_or_few_cells_are_named(tmp_path):
    path = write(tmp_path / "a.csv", "a,b\n1,2\n1,2,3\n7\n4,5,\n")
    rows, _, faulty, _ = table(path, ["a", "b"])
    assert rows == [["1", "2"], ["4", "5"]]
    assert [(row, reason) for row, reason, _ in faulty] == [
        (3, "3 cells, the header has 2"),
        (4, "1 cells, the header has 2"),
    ]
    assert table(path, ["a"], File(short_rows="fill"))[0] == [["1"], ["7"], ["4"]]


def test_excels_own_delimiter_line_is_obeyed(tmp_path):
    assert table(write(tmp_path / "a.csv", "sep=;\na;b\n1;2\n"), ["b"])[0] == [["2"]]


def test_a_missing_column_is_named_with_the_likely_one(tmp_path):
    path = write(tmp_path / "a.csv", "tram,muc_nuoc\nA,1\n")
    with pytest.raises(BadInput, match='did you mean "muc_nuoc"'):
        table(path, ["mucnuoc"])


def test_gzip_and_zip_are_opened(tmp_path):
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress("a,b\n1,2\n".encode("utf-16")))
    assert table(packed, ["a", "b"])[0] == [["1", "2"]]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x.csv", "a\n1\n")
        archive.writestr("y.csv", "a\n2\n")
    with pytest.raises(BadInput, match=r"x\.csv, y\.csv"):
        table(tmp_path / "b.zip", ["a"])
    assert table(tmp_path / "b.zip", ["a"], File(member="y.csv"))[0] == [["2"]]


@pytest.mark.parametrize(
    "contents",
    [b"", b"PAR1 nothing more", b"PK\x03\x04 broken", b"\x1f\x8b broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", damaged("a.csv"), b'a,b\n"1,2\n' + b"3,4\n" * 300_000],
)  # fmt: skip
def test_a_damaged_file_is_refused_in_words(tmp_path, contents):
    with pytest.raises(BadInput):
        table(write(tmp_path / "broken", contents), ["a"])


def test_bytes_that_do_not_fit_the_encoding_name_the_line(tmp_path):
    path = write(tmp_path / "a.csv", b"a,b\n" + b"1,2\n" * 200_000 + b"1,\xff\n")
    with pytest.raises(BadInput, match="after line"):
        table(path, ["a"])


def test_a_workbook_with_titles_and_merged_headers(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Bìa"
    sheet = book.create_sheet("Số liệu")
    sheet["A1"] = "BẢNG QUAN TRẮC"
    sheet.merge_cells("A1:D1")
    sheet["A3"], sheet["B3"], sheet["C3"] = "Ngày", "Giờ", "Mực nước (m)"
    sheet.merge_cells("C3:D3")
    sheet["C4"], sheet["D4"] = "Tân An", "Bến Lức"
    sheet.append([datetime(2025, 5, 1), time(7, 30), 1.25, "N/A"])
    sheet.append([None, None, None, None])
    sheet.append([datetime(2025, 5, 2), time(8, 0), "1,5", 2])
    book.save(tmp_path / "a.xlsx")
    wanted = ["Ngày", "Giờ", "Mực nước (m) / Tân An", "Mực nước (m) / Bến Lức"]
    rows, numbers, _, about = table(tmp_path / "a.xlsx", wanted, File(header_rows=2))
    assert rows == [
        ["2025-05-01T00:00:00.000", "07:30:00", "1.25", "N/A"],
        ["2025-05-02T00:00:00.000", "08:00:00", "1,5", "2"],
    ]
    assert numbers == [5, 7]
    assert "Số liệu" in about


def test_parquet_keeps_its_types(tmp_path):
    made = pa.table(
        {
            "t": pa.array([0, None], pa.timestamp("ms", "UTC")),
            "v": [1.5, None],
            "s": pa.array(["x", None]).dictionary_encode(),
        }
    )
    pq.write_table(made, tmp_path / "a.parquet")
    rows, numbers, _, _ = table(tmp_path / "a.parquet", ["t", "v", "s"])
    assert rows == [["1970-01-01T00:00:00.000Z", "1.5", "x"], ["", "", ""]]
    assert numbers == [1, 2]
