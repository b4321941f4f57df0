"""What an installation makes for itself once: its secrets."""

import secrets
import stat
import threading
import time

import pytest

from dothi.kit.errors import BadInput
from dothi.kit.once import made_once


def test_makers_at_once_all_get_the_first_ones_whole_text(tmp_path):
    path, got = tmp_path / "new" / "secret", []
    start = threading.Barrier(12)

    def slowly():
        time.sleep(0.01)
        return secrets.token_hex(32)

    def take():
        start.wait()
        got.append(made_once(path, slowly))

    crowd = [threading.Thread(target=take) for _ in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(got) == 12
    assert {len(text) for text in got} == {64}
    assert len(set(got)) == 1
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_maker_that_fails_leaves_nothing_and_an_empty_file_is_no_secret(tmp_path):
    def fails():
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        made_once(tmp_path / "secret", fails)
    assert not list(tmp_path.iterdir())
    (tmp_path / "secret").touch()
    with pytest.raises(BadInput, match="is empty"):
        made_once(tmp_path / "secret", lambda: "x")
