"""`python -m bench [ingest mqtt reads imports features maps rules replay operations cases transit indicators cities]`: print the figures asked for, all of them by default."""

import shutil
import sys
import tempfile
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

from tests.servers import postgresql

from bench.harness import DATABASES, fresh


def main(names: list[str]) -> None:
    """Run the named benchmarks on every database."""
    names = names or [
        "ingest",
        "mqtt",
        "reads",
        "imports",
        "features",
        "maps",
        "rules",
        "replay",
        "operations",
        "cases",
        "indicators",
        "transit",
        "cities",
    ]
    home = Path(tempfile.mkdtemp(prefix="dothi-bench-"))
    home.chmod(0o755)
    try:
        with postgresql(durable=True) if "postgresql" in DATABASES else nullcontext("") as server:
            for kind in DATABASES:
                for name in names:
                    module = import_module(f"bench.{name}")
                    count = module.run.__code__.co_argcount
                    module.run(*(fresh(kind, home, server) for _ in range(count)))
    finally:
        shutil.rmtree(home, ignore_errors=True)


main(sys.argv[1:])
