"""What the guide tells people to type works as it stands."""

import json

from tests.docs.pages import shell, to_run


def test_the_guide_reads_and_reports(server, tmp_path):
    codes = to_run("docs/guide/open311.md", "bash")
    assert len(codes) == 3
    said = shell(codes, server.url, tmp_path)
    assert '"service_code":"' in said
    assert "<service_code>lamp-out</service_code>" in said
    (made,) = json.loads(
        "[{" + said.rpartition('[{"service_request_id"')[2].join(['"service_request_id"', ""]).partition("]")[0] + "]"
    )
    assert made["service_request_id"].startswith("PA-")
    assert said.rstrip().endswith("}]")
    assert '"token":"' in said
