"""The demo holds its folder while it runs."""

import pytest

from dothi.kit.errors import Conflict
from dothi.simulate import demo


def test_a_folder_has_one_demo_at_a_time(tmp_path):
    folder = tmp_path / "demo"
    with demo._alone(folder, "http://127.0.0.1:8000/"):
        with pytest.raises(Conflict, match=r"at http://127\.0\.0\.1:8000/\n") as caught:
            with demo._alone(folder, "http://127.0.0.1:8001/"):
                pass
        assert str(folder) in str(caught.value.faults[0])
    with demo._alone(folder, "http://127.0.0.1:8001/"), pytest.raises(Conflict, match="8001"):
        with demo._alone(folder, "http://127.0.0.1:8002/"):
            pass
