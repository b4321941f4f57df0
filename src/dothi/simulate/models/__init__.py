"""What further sectors' properties would read, a module a sector: each registers its models with `simulate.model.models`."""

import pkgutil
from functools import cache
from importlib import import_module

from dothi.simulate.model import MODELS, Model


@cache
def every() -> dict[str, Model]:
    """Every model there is, by the code of its observed property."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return MODELS
