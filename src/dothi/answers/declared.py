"""What the sector packs declare in `page.yaml`: questions and their blocks, every name in them checked across all packs."""

from collections.abc import Iterable
from functools import lru_cache

from dothi import packs
from dothi.alerts import declared as _alerts  # noqa: F401 - their files are read before names are checked
from dothi.answers import naming, promises
from dothi.answers.known import Check, of
from dothi.answers.model import Page
from dothi.cases import declared as _cases  # noqa: F401
from dothi.kit.errors import Fault
from dothi.sensing.sectors import sectors

FILE = "page.yaml"

packs.schema(FILE, Page)
packs.promise("answers", promises.AnswerCase, promises.keep)


@lru_cache(maxsize=1)
def pages() -> dict[str, Page]:
    """The page of every sector of this installation that has one."""
    return {code: page for code, pack in sectors().packs.items() if (page := pack.files.get(FILE)) is not None}


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Questions given once, and every property, dataset, field, category, rule, index, indicator and analysis there is."""
    with_page = [pack for pack in found.values() if pack.files.get(FILE) is not None]
    known = of(found) if with_page else None
    for pack in with_page:
        page: Page = pack.files[FILE]
        codes = [one.code for one in page.questions]
        assert known is not None  # noqa: S101 - there is a page
        check = Check(pack, FILE, known)
        yield from check.named(("headline",), "question", page.headline, codes)
        for i, question in enumerate(page.questions):
            if question.code in codes[:i]:
                yield pack.fault(FILE, ("questions", i, "code"), f'"{question.code}" is given twice')
            yield from naming.needs(check, ("questions", i, "needs"), question.needs)
            for j, block in enumerate(question.blocks):
                yield from naming.faults(check, ("questions", i, "blocks", j, block.kind), block)
