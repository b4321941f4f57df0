"""Where the folders shipped with dothi are: beside the source in a checkout, inside the package in a wheel."""

from pathlib import Path


def content_path(name: str) -> Path:
    """The folder `sectors` or `cities` of this installation. Raises FileNotFoundError when it was not installed."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_content" / name, package.parents[1] / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"this installation has no folder {name}")
