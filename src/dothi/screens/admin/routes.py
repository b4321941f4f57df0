"""The pages of the administration; who may ask for each is said where it is declared."""

from starlette.routing import BaseRoute

from dothi.screens.admin import city, keys, ledger, letters, people, signing, system

# whole paths: /health and /metrics stand at the root, and /admin answers without a slash at its end
routes: list[BaseRoute] = [
    *system.open_routes, *signing.routes, *system.routes, *people.routes, *keys.routes, *ledger.routes,
    *letters.routes, *city.routes,
]  # fmt: skip
