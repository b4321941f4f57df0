"""What has tiles: a dataset the caller may see, or something else with places that is read like one."""

from dothi.datasets import views
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.kit.errors import NotFound
from dothi.sensing import collection as things


async def find(caller: guard.Caller, code: str) -> View:
    """The collection of a name; NotFound, worded alike for absent and not visible, and where nothing has a place."""
    view = things.view(caller) if code == things.CODE else await views.aview(caller, code)
    if view.geometry_type is None:
        raise NotFound(f"the records of {code} have no places, so there are no tiles of them")
    return view
