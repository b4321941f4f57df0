"""What changed lately as an Atom feed (RFC 4287), and the sitemap of public pages (sitemaps.org)."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets import views
from dothi.db import session as db
from dothi.doors.catalogue import store
from dothi.doors.catalogue.asking import CORS, LISTED, Ask
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.web.address import base_of

ENTRIES = 50
PER_SITEMAP = 50_000  # addresses of one file, by the protocol
PAGES = ("/", "/catalogue", "/air", "/water", "/map")
# what the journal calls it, and what a reader is told
_TOLD = {
    "data.dataset.created": "Tập dữ liệu mới",
    "data.dataset.described": "Sửa mô tả",
    "data.dataset.shared": "Công bố, mức chia sẻ mới",
    "data.load.applied": "Cập nhật dữ liệu",
    "data.load.undone": "Hoàn tác một lần cập nhật",
}


def atom(request: Request) -> Response:
    """`/catalogue/feed.atom`: the newest changes; `?dataset=code` those of one dataset."""
    ask = Ask(request)
    known = {"dataset"}
    if wrong := [Fault(name, "unknown parameter", "dataset") for name in request.query_params if name not in known]:
        raise BadInput("the feed cannot be asked so", wrong)
    code = request.query_params.get("dataset")
    if code is not None:
        ask.view(code)
    with db.reading() as session:
        rows = store.changes(session, ask.caller, ENTRIES, code)
    this = f"{ask.base}/catalogue/feed.atom" + (f"?dataset={code}" if code else "")
    newest = max((row.at for row in rows), default=ask.whole.issued)
    host = ask.base.partition("://")[2].partition(":")[0].partition("/")[0]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi">',
        _text("id", this),
        _text("title", f"{ask.whole.title}: thay đổi"),
        _text("updated", clock.iso(newest)),
        f'<link rel="self" type="application/atom+xml" href={quoteattr(this)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(f"{ask.base}/catalogue")}/>',
        f"<author>{_text('name', ask.whole.publisher.name)}</author>",
    ]
    for row in rows:
        page = f"{ask.base}/catalogue/{row.code}"
        told = _TOLD.get(row.kind, "Thay đổi")
        lines += [
            "<entry>",
            _text("id", f"tag:{host},2026:{row.code}/{row.kind}/{row.at}"),
            _text("title", f"{told}: {row.title}"),
            _text("updated", clock.iso(row.at)),
            f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>',
            f'<link rel="related" type="text/turtle" href={quoteattr(f"{page}.ttl")}/>',
            f"<category term={quoteattr(row.kind)} label={quoteattr(told)}/>",
            _text("summary", row.description or row.title),
            "</entry>",
        ]
    lines.append("</feed>")
    headers = {"cache-control": "no-cache", "vary": "Authorization, Cookie", **CORS}
    return _xml(lines, "application/atom+xml", headers)


def sitemap(request: Request) -> Response:
    """`/sitemap.xml`: the public pages and every open dataset's; more than one file holds are listed as several."""
    base = base_of(request)
    open_ones = views.views(ANONYMOUS, status=LISTED)
    part = request.query_params.get("part")
    parts = max(1, -(-(len(open_ones) + len(PAGES)) // PER_SITEMAP))
    schema = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    if part is None and parts > 1:
        files = (f"<sitemap>{_text('loc', f'{base}/sitemap.xml?part={n}')}</sitemap>" for n in range(1, parts + 1))
        return _xml([_DECLARATION, f"<sitemapindex {schema}>", *files, "</sitemapindex>"], "application/xml", {})
    number = whole(part, 5) or 1
    addresses = [(f"{base}{page}", None) for page in PAGES] + [
        (f"{base}/catalogue/{one.code}", max(one.described_at, one.changed_at or 0)) for one in open_ones
    ]
    some = addresses[(number - 1) * PER_SITEMAP : number * PER_SITEMAP]
    urls = (
        f"<url>{_text('loc', at)}{_text('lastmod', clock.iso(when)) if when is not None else ''}</url>"
        for at, when in some
    )
    return _xml([_DECLARATION, f"<urlset {schema}>", *urls, "</urlset>"], "application/xml", {})


def robots(request: Request) -> Response:
    """`/robots.txt`: where the sitemap is."""
    text = f"User-agent: *\nDisallow: /admin\nSitemap: {base_of(request)}/sitemap.xml\n"
    return Response(text, media_type="text/plain", headers={"cache-control": "public, max-age=3600"})


_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def _text(name: str, value: str) -> str:
    # a control character is no XML
    clean = "".join(sign for sign in value if (sign >= " " and sign not in "\ufffe\uffff") or sign in "\n\t")
    return f"<{name}>{escape(clean)}</{name}>"


def _xml(lines: Iterable[str], kind: str, headers: dict[str, str]) -> Response:
    body = "\n".join(lines).encode("utf-8", "replace")
    return Response(body, headers=headers, media_type=f"{kind}; charset=utf-8")
