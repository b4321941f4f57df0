"""The stewards' pages: for holders of data:describe, data:write or data:approve, each of their own datasets."""

from starlette.routing import BaseRoute

from dothi.screens.steward import describing, loading, mapping, messages, overview, publishing

# those whose first part is a word stand before those where it is a dataset's code
routes: list[BaseRoute] = [
    *messages.routes, *mapping.routes, *describing.routes, *publishing.routes, *loading.routes, *overview.routes,
]  # fmt: skip
