"""Who has no rights gets the same answers, byte for byte, whether what is hidden exists or not."""

import re

import pytest
from starlette.routing import Mount

from dothi.app import create_app
from tests.access import walk

REQUESTS = walk.requests()


@pytest.mark.soak
@pytest.mark.parametrize("who", ["anonymous", "officer", "steward", "auditor", "granted-other", "key-other"])
def test_the_hidden_changes_no_answer(cities, who):
    more = {"anonymous": "/", "steward": "/steward", "auditor": "/admin"}.get(who, "-")
    asked = [one for one in REQUESTS if one.few or one.route.startswith(more)]
    answers = everything(cities, who, asked)
    # a page names the files of the interface, which somebody may be building meanwhile: what differs is asked again
    again = everything(cities, who, [one for one in asked if answers["full"][one] != answers["bare"][one]])
    leaks = [
        f"{one.named}\n{difference(full, bare)}"
        for (one, full), bare in zip(again["full"].items(), again["bare"].values(), strict=True)
        if full != bare
    ]
    assert not [one.named for one, (status, _, _) in answers["full"].items() if status >= 500]
    assert not leaks, f"{len(leaks)} of {len(asked)} answers tell {who} of what is hidden:\n" + "\n".join(leaks[:40])


def everything(cities, who, asked):
    """Both worlds' answers."""
    found = {}
    for name, city in cities.items():
        city.enter()
        found[name] = {one: answer.seen for one, answer in zip(asked, city.all(who, asked), strict=True)}
    return found


def difference(full, bare) -> str:
    """Where two answers part."""
    if full[0] != bare[0]:
        return f"   status {full[0]} / {bare[0]}"
    for one, other in zip(full[1], bare[1], strict=False):
        if one != other:
            said = f"   header {one} / {other}\n"
            break
    else:
        said = ""
    one, other = (str(side[2]) for side in (full, bare))
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{said}   full …{one[max(0, at - 120) : at + 100]}\n   bare …{other[max(0, at - 120) : at + 100]}"


def test_every_route_is_walked_or_exempt():
    """A new route must be named in the walk, or said not to need it."""
    there = set()
    for path in paths(create_app().router.routes):
        there.add(path)
    walked = {one.route for one in REQUESTS}
    there = {path for path in there if not path.startswith(walk.OF_CASES)}
    assert there - walked - walk.EXEMPT.keys() == set()
    assert (walked | walk.EXEMPT.keys()) - there == set()


def paths(routes, before=""):
    """Every route's address, as it is written."""
    for one in routes:
        if isinstance(one, Mount) and one.routes:
            yield from paths(one.routes, before + one.path)
        else:
            yield before + one.path


def test_every_described_path_and_action_is_walked():
    """What one route answers by itself: the paths of our OpenAPI, the actions of CKAN's API."""
    from dothi.doors.catalogue.ckan.actions import ACTIONS

    asked = [one.path.partition("?")[0] for one in REQUESTS]
    forms = {path: re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(path)) for path in create_app().openapi()["paths"]}
    elsewhere = ("/sta/", *walk.OF_CASES)  # their own walks: tests/sensorthings, tests/cases_walk
    there = {path for path, form in forms.items() if not path.startswith(elsewhere)}
    missing = {path for path in there if not any(re.fullmatch(forms[path], one) for one in asked)}
    assert {
        path for path in missing if re.sub(r"\{(\w+)\}", r"{\1:id}", path) not in walk.EXEMPT
    } - walk.EXEMPT.keys() == set()
    walked = {one.rpartition("/")[2] for one in asked if "/action/" in one}
    assert ACTIONS.keys() - walked == set()
