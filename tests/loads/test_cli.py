"""`dothi import records` and `dothi export records`."""

import io
import sys
from unittest.mock import Mock

import pytest

from dothi import cli
from dothi.kit.errors import Conflict
from tests.loads.conftest import geojson, records, tree


@pytest.fixture
def dothi(database, monkeypatch, capsys):
    """Run the command line in this process; what it printed."""

    def run(*arguments, expect=0):
        monkeypatch.setattr(sys, "argv", ["dothi", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "400")  # the paths of tests are long, and a narrow terminal breaks them
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert ended.value.code == expect, said
        return said.out + said.err

    return run


def test_from_a_file_to_a_dataset_and_back_by_the_command_line(dothi, tmp_path):
    path = geojson(tmp_path / "cay.geojson", [tree(i) for i in range(3)])
    assert "loai: loai" in dothi("import", "records", path, "--guess")
    said = dothi("import", "records", path, "--dataset", "cay", "--create", "--yes")
    assert "3 read = 3 accepted (0 repaired) + 0 refused" in said
    assert "load 1 is applied: 3 added" in said
    assert "nothing differs" in dothi("import", "records", path, "--dataset", "cay", "--mode", "replace", "--yes")
    other = geojson(tmp_path / "khac.geojson", [tree(1, cao=9), tree(2, cao="cao")])
    said = dothi("import", "records", other, "-d", "cay", "--dry-run", "--report", tmp_path / "faults.csv")
    assert "refused 1: cao: not a number" in said
    assert "C001: cao: 5.1 -> 9" in said
    assert "2,cao,cao,not a number" in (tmp_path / "faults.csv").read_text("utf-8-sig")
    assert records("cay")["C001"]["cao"] == 5.1
    dothi("import", "records", other, "-d", "cay", "--yes")
    assert records("cay")["C001"]["cao"] == 9
    assert "undone" in dothi("import", "records", "--undo", "4")
    assert records("cay")["C001"]["cao"] == 5.1
    assert "3 records" in dothi("export", "records", "cay", "--out", tmp_path / "out.csv", "--crs", "VN-2000 Long An")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[0].endswith(",east,north")


def test_a_dataset_made_for_a_file_goes_again_when_nothing_is_taken(dothi, tmp_path, monkeypatch):
    path = geojson(tmp_path / "cay.geojson", [tree(i) for i in range(3)])
    make = ("import", "records", path, "--dataset", "cay", "--create")
    assert "3 new" in dothi(*make, "--dry-run")
    with monkeypatch.context() as nobody:
        nobody.setattr("sys.stdin", io.StringIO(""))
        assert "no record was changed" in dothi(*make, expect=1)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("fields: {khac: khong-co}\n", "utf-8")
    dothi(*make, "--yes", "--mapping", mapping, expect=2)
    with monkeypatch.context() as broken:
        broken.setattr("dothi.datasets.loads.service.apply", Mock(side_effect=Conflict("somebody was quicker")))
        dothi(*make, "--yes", expect=2)
    assert "no dataset 'cay'" in dothi("import", "records", path, "--dataset", "cay", "--yes", expect=2)
    assert "3 added" in dothi(*make, "--yes")
    assert "nothing differs" in dothi(*make, "--yes")
    assert len(records("cay")) == 3


def test_mistakes_are_said_in_sentences(dothi, tmp_path):
    path = geojson(tmp_path / "cay.geojson", [tree(1)])
    assert "no dataset 'cay'" in dothi("import", "records", path, "--dataset", "cay", expect=2)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("crs: nowhere\nfeilds: {}\n", "utf-8")
    said = dothi("import", "records", path, "--dataset", "cay", "--mapping", mapping, expect=2)
    assert "m.yaml:1" in said
    assert "m.yaml:2" in said
