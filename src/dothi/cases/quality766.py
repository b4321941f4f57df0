"""The index of service to citizens and firms of Decision 766/QĐ-TTg (23 June 2022), as far as these data reach.

The decision has five groups of 18, 20, 22, 22 and 18 points. How points are split within the groups of publicity,
digitisation and online service could not be checked, so the components measured there share their group's points
equally and say so; what is not measured gets no points and is named. Counted are cases opened in the period.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from dothi.cases import payments, store
from dothi.cases.dossier_keeping import TYPE
from dothi.cases.tables import Case, Dossier, Payment
from dothi.cases.types import types
from dothi.kit import clock
from dothi.web.i18n import marked

BASIS = "766/QĐ-TTg, 23/6/2022"
_UNSATISFIED = 2  # a rating of so much or less
Split = Literal["decision", "assumed"]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a group. share: 0 to 1, None where nothing was there to count; split: whose the points are."""

    code: str
    title: str
    formula: str
    most: float
    count: int
    of: int
    share: float | None
    split: Split

    @property
    def points(self) -> float | None:
        """What it gets."""
        return None if self.share is None else round(self.share * self.most, 2)


@dataclass(frozen=True, slots=True)
class Group:
    """One of the five. unmeasured: what the decision counts and these data do not say."""

    code: str
    title: str
    most: int
    components: list[Component]
    unmeasured: list[str]

    @property
    def points(self) -> float | None:
        """What its measured components get; None where none could be."""
        found = [one.points for one in self.components if one.points is not None]
        return round(sum(found), 2) if found else None

    @property
    def measured(self) -> float:
        """The points that could be got from what was measured."""
        return sum(one.most for one in self.components if one.share is not None)


@dataclass(frozen=True, slots=True)
class Index:
    """The whole. rank: of the share of the measured points; the index itself has a rank only when all are measured."""

    groups: list[Group]
    dossiers: int
    reports: int
    simulated: bool

    @property
    def points(self) -> float:
        """What the measured components get together."""
        return round(sum(one.points or 0 for one in self.groups), 2)

    @property
    def measured(self) -> float:
        """The points that could be got from what was measured, of 100."""
        return round(sum(one.measured for one in self.groups), 2)

    @property
    def rank(self) -> str | None:
        """The rank word of the measured part, by its share; None where nothing was measured."""
        if not self.measured or not (self.dossiers or self.reports):
            return None
        share = 100 * self.points / self.measured
        return next(word for least, word in _RANKS if share >= least)


_RANKS = (
    (90, marked("Xuất sắc")), (80, marked("Tốt")), (70, marked("Khá")), (50, marked("Trung bình")), (0, marked("Yếu")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Cases opened since and until (µs), of one office or of all."""

    since: int
    until: int
    office: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted. late: open and past due; judged: done, in time or not."""

    dossiers: int = 0
    solved: int = 0
    in_time: int = 0
    late: int = 0
    digitised: int = 0
    results: int = 0
    electronic: int = 0
    online: int = 0
    fees: int = 0
    paid: int = 0
    paid_online: int = 0
    unsatisfied: int = 0
    reports: int = 0
    reports_solved: int = 0
    reports_in_time: int = 0
    reports_late: int = 0
    reports_unsatisfied: int = 0
    simulated: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


def index(session: Session, asked: Asked, now: int | None = None) -> Index:
    """The index of a period, of all offices or of one."""
    found = counts(session, asked, now)
    return of(sum(found.values(), Counts()), _services(session, asked))


def by_office(session: Session, asked: Asked, now: int | None = None) -> list[tuple[str, Index]]:
    """The index of every office that had a dossier or a report in the period, by name."""
    found = {key: one for key, one in counts(session, asked, now).items() if key is not None}
    names = store.agency_names(session, found)
    services = _services(session, asked)
    none = dict.fromkeys(services, 0)  # what is offered online is nothing of an office that no dossier comes to
    made = [
        (names.get(key, str(key)), of(one, services if one.dossiers else none))
        for key, one in found.items()
        if one.dossiers or one.reports
    ]
    return sorted(made, key=lambda one: one[0])


def of(found: Counts, services: Mapping[str, int]) -> Index:
    """The index of what was counted. services: how many are offered in full online, had a filing, take fees online."""
    full, used, fee, online_fee = (services[name] for name in ("full", "used", "fee", "online_fee"))
    progress = Group(
        "progress", marked("Tiến độ, kết quả giải quyết"), 20,
        [_component("on-time", marked("Hồ sơ giải quyết đúng hạn"),
                    marked("hồ sơ có kết quả đúng hoặc trước hạn ÷ (hồ sơ có kết quả + hồ sơ đang quá hạn) × 20"),
                    20, found.in_time, found.solved + found.late, "decision")],
        [],
    )  # fmt: skip
    digital = Group(
        "digitisation", marked("Số hóa hồ sơ"), 22,
        [_component("inputs", marked("Hồ sơ có thành phần được số hóa"),
                    marked("hồ sơ mà mọi giấy tờ bắt buộc được nộp thành tệp ÷ mọi hồ sơ × 11"),
                    11, found.digitised, found.dossiers, "assumed"),
         _component("results", marked("Kết quả điện tử"),
                    marked("hồ sơ có kết quả là tệp ÷ hồ sơ có kết quả × 11"), 11, found.electronic, found.results,
                    "assumed")],
        [marked("Khai thác, sử dụng lại thông tin đã số hóa: chưa nối cơ sở dữ liệu quốc gia nên chưa đo được.")],
    )  # fmt: skip
    online = Group(
        "online", marked("Cung cấp dịch vụ trực tuyến"), 22,
        [_component("filed", marked("Hồ sơ nộp trực tuyến"), marked("hồ sơ nộp trên mạng ÷ mọi hồ sơ × 5,5"), 5.5,
                    found.online, found.dossiers, "assumed"),
         _component("full", marked("Dịch vụ toàn trình có phát sinh hồ sơ"),
                    marked("dịch vụ toàn trình có hồ sơ trực tuyến trong kỳ ÷ dịch vụ toàn trình × 5,5"), 5.5, used, full,
                    "assumed"),
         _component("payable", marked("Dịch vụ có thanh toán trực tuyến"),
                    marked("dịch vụ thu phí nộp được trên mạng ÷ dịch vụ có thu phí × 5,5"), 5.5, online_fee, fee,
                    "assumed"),
         _component("paid", marked("Hồ sơ thanh toán trực tuyến"),
                    marked("hồ sơ đã nộp phí trên mạng ÷ hồ sơ đã nộp phí × 5,5"), 5.5, found.paid_online, found.paid,
                    "assumed")],
        [],
    )  # fmt: skip
    satisfied = Group(
        "satisfaction", marked("Mức độ hài lòng"), 18,
        [_component("reports", marked("Phản ánh xử lý đúng hạn"),
                    marked("phản ánh xử lý đúng hoặc trước hạn ÷ (phản ánh đã xử lý + phản ánh đang quá hạn) × 6"), 6,
                    found.reports_in_time, found.reports_solved + found.reports_late, "decision"),
         _component("answers", marked("Hài lòng với xử lý phản ánh"),
                    marked("(phản ánh đã xử lý − phản ánh người gửi không hài lòng) ÷ phản ánh đã xử lý × 6"), 6,
                    found.reports_solved - found.reports_unsatisfied, found.reports_solved, "decision"),
         _component("dossiers", marked("Hài lòng với giải quyết hồ sơ"),
                    marked("(hồ sơ có kết quả − hồ sơ bị đánh giá không hài lòng hoặc đề nghị xem xét lại) ÷ hồ sơ có kết quả × 6"),
                    6, found.results - found.unsatisfied, found.results, "decision")],
        [],
    )  # fmt: skip
    publicity = Group(
        "publicity", marked("Công khai, minh bạch"), 18, [],
        [marked("Công bố, công khai thủ tục đúng hạn: ngày ban hành quyết định công bố không có ở đây."),
         marked("Hồ sơ đồng bộ lên Cổng Dịch vụ công quốc gia: hệ thống này chưa nối với cổng.")],
    )  # fmt: skip
    groups = [publicity, progress, digital, online, satisfied]
    return Index(groups, found.dossiers, found.reports, found.simulated > 0)


def _component(code: str, title: str, formula: str, most: float, count: int, of_: int, split: Split) -> Component:
    return Component(code, title, formula, most, count, of_, count / of_ if of_ else None, split)


def counts(session: Session, asked: Asked, now: int | None = None) -> dict[int | None, Counts]:
    """What was counted, by office; cases no office has yet under None."""
    at = clock.now_micros() if now is None else now
    found: dict[int | None, Counts] = {}
    rows: list[tuple[int | None, Counts]] = [*_dossiers(session, asked, at), *_reports(session, asked, at)]
    for key, one in rows:
        found[key] = found.get(key, Counts()) + one
    return found


def _dossiers(session: Session, asked: Asked, at: int) -> list[tuple[int | None, Counts]]:
    done = Case.resolved_at.is_not(None)
    paid = and_(Dossier.paid > 0, Dossier.paid >= Dossier.fee)
    by_provider = select(Payment.id).where(Payment.case_id == Case.id, Payment.state == "paid")
    columns: dict[str, ColumnElement[Any]] = {
        "dossiers": func.count(), "solved": _sum(and_(done, Case.met.is_not(None))),
        "in_time": _sum(and_(done, Case.met.is_(True))), "late": _sum(and_(~done, Case.due_at < at)),
        "digitised": _sum(Dossier.digitised.is_(True)), "results": _sum(done),
        "electronic": _sum(and_(done, Dossier.electronic_result)), "online": _sum(Dossier.online.is_(True)),
        "fees": _sum(Dossier.fee > 0), "paid": _sum(paid), "paid_online": _sum(and_(paid, by_provider.exists())),
        "unsatisfied": _sum(and_(done, or_(_unhappy(), Dossier.appealed_at.is_not(None)))),
        "simulated": _sum(Case.simulated.is_(True)),
    }  # fmt: skip
    query = select(Case.agency_id, *columns.values()).join(Dossier, Dossier.case_id == Case.id)
    query = query.where(Case.type == TYPE, *_period(asked)).group_by(Case.agency_id)
    return [(row[0], Counts(**dict(zip(columns, map(int, row[1:]), strict=True)))) for row in session.execute(query)]


def _reports(session: Session, asked: Asked, at: int) -> list[tuple[int | None, Counts]]:
    done = Case.resolved_at.is_not(None)
    columns: dict[str, ColumnElement[Any]] = {
        "reports": func.count(), "reports_solved": _sum(and_(done, Case.met.is_not(None))),
        "reports_in_time": _sum(and_(done, Case.met.is_(True))), "reports_late": _sum(and_(~done, Case.due_at < at)),
        "reports_unsatisfied": _sum(and_(done, Case.met.is_not(None), _unhappy())), "simulated": _sum(Case.simulated.is_(True)),
    }  # fmt: skip
    counted = [Case.type == "report", Case.merged_into.is_(None), Case.state.not_in(types().unconfirmed or ("",))]
    query = select(Case.agency_id, *columns.values()).where(*counted, *_period(asked)).group_by(Case.agency_id)
    return [(row[0], Counts(**dict(zip(columns, map(int, row[1:]), strict=True)))) for row in session.execute(query)]


def _period(asked: Asked) -> list[ColumnElement[bool]]:
    where = [Case.opened_at >= asked.since, Case.opened_at < asked.until, Case.exercise.is_(False)]
    return where if asked.office is None else [*where, Case.agency_id == asked.office]


def _unhappy() -> ColumnElement[bool]:
    return func.coalesce(or_(Case.satisfied.is_(False), Case.rating <= _UNSATISFIED), False)


def _sum(which: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def _services(session: Session, asked: Asked) -> dict[str, int]:
    """How many services are full, had a filing online in the period, have a fee, take it online."""
    every = list(types().procedures.values())
    filed = set(
        session.scalars(
            select(Case.category).join(Dossier, Dossier.case_id == Case.id)
            .where(Case.type == TYPE, Dossier.online, *_period(asked)).distinct()
        )
    )  # fmt: skip
    full = [one for one in every if one.grade == "full"]
    fee = [one for one in every if one.fee]
    taker = payments.provider()
    return {
        "full": len(full), "used": sum(one.code in filed for one in full), "fee": len(fee),
        "online_fee": len(fee) if taker is not None else 0,
    }  # fmt: skip
