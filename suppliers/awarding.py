"""The choice among quotes, and everything it writes: prices, list entries, the award itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date, money
from procure.models import User
from procure.money import allocate, round_price
from suppliers.agreeing import PriceRow, agree_prices
from suppliers.approved_vendors import lineage_of, list_decisions
from suppliers.comparing import (
    ComparedOffer,
    Comparison,
    compare_quotations,
    opened_quotations,
)
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    Qualification,
    Quotation,
    QuotationAward,
    QuotationLine,
    QuotationRequest,
    QuotationRequestLine,
    SourcingDecision,
    Supplier,
)
from suppliers.qualification import qualify_supplier
from suppliers.vendor_approval import approve_vendor

WHOLE = Decimal(100)
TIME_FOR_A_CONDITION = timedelta(days=90)
"""How long a supplier admitted by an award has to meet its condition; a person may move the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardChoice:
    """A line goes to a supplier for a share of it, in percent.

    `condition` admits a supplier that is not qualified conditionally, with what it still owes.
    """

    line_no: int
    supplier: Supplier
    share_percent: Decimal = WHOLE
    condition: str = ""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A choice with what it rests on."""

    choice: AwardChoice
    line: QuotationRequestLine
    quotation: Quotation
    offered: QuotationLine


_BySupplier = dict[Supplier, list[_Chosen]]


@transaction.atomic
def award_quotation(
    request: QuotationRequest,
    *,
    choices: Sequence[AwardChoice],
    reason: str,
    review_on: date | None,
    actor: User,
) -> QuotationRequest:
    """Decides a request: per supplier a price agreement, where needed its list entries, the award.

    Refused: sealed prices, no reason, a review day in the past, shares of a line that do not make
    100 %, a supplier that did not quote the line or whose prices have ended, and one that is not
    qualified without a condition. Two people who award at once: one of them.
    """
    request = lock(request)
    require_status(request, *QuotationRequest.DECIDABLE)
    _require_reason(reason, review_on)
    chosen = _chosen(request, choices)
    _require_whole_lines(chosen)
    by_supplier = _by_supplier(chosen)
    off_list = _off_list(request, by_supplier)
    for supplier, parts in off_list.items():
        _require_qualified(request, supplier, parts, actor)
    decision = _decide(request, by_supplier, reason, review_on, actor)
    for parts in off_list.values():
        _put_on_list(request, decision, parts, actor)
    for supplier, parts in by_supplier.items():
        _keep_award(request, parts, _agree(request, decision, supplier, parts, actor))
    request.status, request.awarded_at = QuotationRequest.Status.AWARDED, timezone.now()
    request.awarded_by, request.award_reason = actor, reason.strip()
    request.decision = decision
    request.save(update_fields=["status", "awarded_at", "awarded_by", "award_reason", "decision"])
    record(
        "quotation_request.awarded",
        request,
        actor=actor,
        summary=f"{request} awarded to {_names(by_supplier)}: {request.award_reason}",
        suppliers=sorted(supplier.pk for supplier in by_supplier),
    )
    return request


def _require_reason(reason: str, review_on: date | None) -> None:
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why these suppliers.", "reason")
    if review_on is not None and review_on <= timezone.localdate():
        raise BusinessRuleError("review_over", "Review it on a later day.", "review_on")


def _chosen(request: QuotationRequest, choices: Sequence[AwardChoice]) -> list[_Chosen]:
    if not choices:
        raise BusinessRuleError("nothing_chosen", "Choose a supplier for at least one line.")
    lines = {line.line_no: line for line in request.lines.select_related("sku__category")}
    quotations = {one.supplier_id: one for one in opened_quotations(request)}
    found = []
    for choice in choices:
        line, quotation = lines.get(choice.line_no), quotations.get(choice.supplier.pk)
        offers = quotation.lines.all() if quotation is not None else ()
        offered = next((one for one in offers if line and one.request_line_id == line.pk), None)
        if line is None or quotation is None or offered is None:
            raise BusinessRuleError(
                "not_quoted",
                f"{choice.supplier.name} did not quote line {choice.line_no}. Choose another.",
            )
        _require_current(request, quotation)
        found.append(_Chosen(choice, line, quotation, offered))
    return found


def _by_supplier(chosen: Iterable[_Chosen]) -> _BySupplier:
    """In the order of their ids, so that two awards never wait for each other in a circle."""
    grouped: _BySupplier = {}
    for one in sorted(chosen, key=lambda one: (one.choice.supplier.pk, one.line.line_no)):
        grouped.setdefault(one.choice.supplier, []).append(one)
    return grouped


def _require_current(request: QuotationRequest, quotation: Quotation) -> None:
    supplier = quotation.supplier
    if quotation.is_before_change(request):
        raise BusinessRuleError(
            "before_change",
            f"{supplier.name} quoted before the request changed and has not confirmed it. "
            "Remind it, or choose another.",
        )
    if quotation.valid_to < timezone.localdate():
        raise BusinessRuleError(
            "offer_over",
            f"The prices of {supplier.name} held until {long_date(quotation.valid_to)}. "
            "Ask for new ones.",
        )
    if quotation.currency != supplier.currency:
        raise BusinessRuleError(
            "currency_changed",
            f"{supplier.name} quoted in {quotation.currency} and is now paid in "
            f"{supplier.currency}. Ask for a new quote.",
        )


def _require_whole_lines(chosen: Iterable[_Chosen]) -> None:
    shares: dict[int, Decimal] = defaultdict(Decimal)
    seen: set[tuple[int, int]] = set()
    for one in chosen:
        key = (one.line.line_no, one.choice.supplier.pk)
        if one.choice.share_percent <= 0 or key in seen:
            raise BusinessRuleError(
                "share_twice", f"Give each supplier of line {one.line.line_no} one share above 0."
            )
        seen.add(key)
        shares[one.line.line_no] += one.choice.share_percent
    for line_no, share in shares.items():
        if share != WHOLE:
            raise BusinessRuleError(
                "shares_not_whole",
                f"The shares of line {line_no} make {share.normalize():f} %, not 100 %.",
            )


def _off_list(request: QuotationRequest, by_supplier: _BySupplier) -> _BySupplier:
    """The lines whose supplier is not on the approved vendor list for them at the ship-to."""
    pairs = [
        (one.choice.supplier.pk, one.line.sku_id) for row in by_supplier.values() for one in row
    ]
    decisions = list_decisions(pairs, timezone.localdate(), ship_to=request.ship_to_id)
    found: _BySupplier = {}
    for supplier, parts in by_supplier.items():
        for one in parts:
            if not decisions[supplier.pk, one.line.sku_id].is_approved:
                found.setdefault(supplier, []).append(one)
    return found


def _put_on_list(
    request: QuotationRequest, decision: SourcingDecision, parts: Sequence[_Chosen], actor: User
) -> None:
    """An entry for the place that was asked for; for everywhere when the request named none."""
    for one in parts:
        approve_vendor(
            one.choice.supplier,
            sku=one.line.sku,
            location=request.ship_to,
            standing=ApprovedVendor.Standing.APPROVED,
            valid_from=timezone.localdate(),
            reason=decision.title,
            decision=decision,
            actor=actor,
        )


def _decide(
    request: QuotationRequest,
    by_supplier: _BySupplier,
    reason: str,
    review_on: date | None,
    actor: User,
) -> SourcingDecision:
    """Everybody who quoted is weighed; shares are by the value of what each won."""
    comparison = compare_quotations(request)
    sku = comparison.lines[0].sku if len(comparison.lines) == 1 else None
    shares = _shares(comparison, by_supplier)
    in_force = SourcingDecision.objects.filter(sku=sku, superseded_by__isnull=True)
    supersedes = in_force.filter(category=request.category).first() if sku is not None else None
    return decide_sourcing(
        category=request.category,
        sku=sku,
        title=f"{request.number}: {request.title}"[:200],
        candidates=[
            Candidate(
                supplier=offer.supplier,
                is_chosen=offer.supplier in by_supplier,
                share_percent=shares.get(offer.supplier.pk),
                note=_candidate_note(offer, request),
                **(_offered_prices(offer, request) if sku is not None else {}),
            )
            for offer in comparison.offers
        ],
        reason=reason,
        review_on=review_on,
        supersedes=supersedes,
        origin=SourcingDecision.Origin.AWARD,
        ship_to=request.ship_to_id,
        actor=actor,
    )


def _shares(comparison: Comparison, by_supplier: _BySupplier) -> dict[int, Decimal]:
    cells = {offer.supplier.pk: offer.cells for offer in comparison.offers}
    values = [
        sum(
            (
                (cells[supplier.pk][one.line.pk].landed or Decimal(1)) * one.choice.share_percent
                for one in parts
            ),
            Decimal(0),
        )
        for supplier, parts in by_supplier.items()
    ]
    shares = allocate(WHOLE, values, Decimal("0.01"))
    if min(shares) <= 0:  # somebody's goods are free: no share says anything
        return {}
    return {supplier.pk: share for supplier, share in zip(by_supplier, shares, strict=True)}


def _candidate_note(offer: ComparedOffer, request: QuotationRequest) -> str:
    total = "no total" if offer.total is None else f"{money(offer.total, request.currency)} landed"
    marks = ["late"] if offer.quotation.is_late else []
    marks += ["before the change"] if offer.is_before_change else []
    marks += [f"{offer.missing_lines} lines missing"] if offer.missing_lines else []
    return f"{request.number}, version {offer.quotation.version}: " + ", ".join([total, *marks])


def _offered_prices(offer: ComparedOffer, request: QuotationRequest) -> dict[str, Decimal]:
    """Unit prices of a request for one SKU, in the supplier's currency."""
    (line,) = request.lines.all()
    cell = offer.cells[line.pk]
    return {
        "unit_price": cell.unit_price,
        "landed_price": round_price((cell.goods + cell.charges) / line.quantity),
    }


def _require_qualified(
    request: QuotationRequest, supplier: Supplier, parts: Sequence[_Chosen], actor: User
) -> None:
    qualification = _nearest_qualification(supplier, request.category)
    if qualification is not None and _holds(qualification):
        return
    standing = qualification.get_status_display().lower() if qualification else "not vetted"
    words = f"{supplier.name} is {standing} for {request.category.name}."
    if qualification is not None and qualification.status in Qualification.REFUSING:
        raise BusinessRuleError(str(qualification.status), f"{words} Lift that first.")
    condition = next((one.choice.condition for one in parts if one.choice.condition.strip()), "")
    if not condition:
        raise BusinessRuleError(
            "not_qualified",
            f"{words} Qualify it first, or say on which condition it is admitted.",
            "condition",
        )
    qualify_supplier(
        supplier,
        category=request.category,
        status=Qualification.Status.CONDITIONAL,
        valid_to=timezone.localdate() + TIME_FOR_A_CONDITION,
        note=condition.strip(),
        actor=actor,
    )


def _holds(qualification: Qualification) -> bool:
    ends = qualification.valid_to
    is_over = ends is not None and ends < timezone.localdate()
    return qualification.status in Qualification.USABLE and not is_over


def _nearest_qualification(supplier: Supplier, category: Category) -> Qualification | None:
    lineage = lineage_of(category)
    rows = Qualification.objects.filter(supplier=supplier, category__in=lineage)
    by_category = {row.category_id: row for row in rows}
    return next((by_category[pk] for pk in lineage if pk in by_category), None)


def _agree(
    request: QuotationRequest,
    decision: SourcingDecision,
    supplier: Supplier,
    parts: Sequence[_Chosen],
    actor: User,
) -> PriceAgreement:
    quotation = parts[0].quotation
    charges = [
        f"{name} {amount.normalize():f} {quotation.currency}"
        for name, amount in (
            ("Freight", quotation.freight_amount),
            ("Tooling", quotation.tooling_amount),
        )
        if amount
    ]
    words = [
        f"From {request.number}, version {quotation.version} of the quote.",
        *charges,
        quotation.note,
    ]
    return agree_prices(
        supplier,
        number=f"{request.number}-{supplier.code}"[:60],
        valid_from=timezone.localdate(),
        valid_to=quotation.valid_to,
        note="\n".join(word for word in words if word),
        prices=[row for one in parts for row in _price_rows(one)],
        decision=decision,
        actor=actor,
    )


def _price_rows(one: _Chosen) -> list[PriceRow]:
    steps = [(one.offered.minimum_quantity, one.offered.unit_price)]
    steps += [(step.minimum_quantity, step.unit_price) for step in one.offered.breaks.all()]
    return [
        PriceRow(
            sku=one.line.sku,
            unit=one.line.unit,
            minimum_quantity=minimum_quantity,
            unit_price=unit_price,
            lead_time_days=one.offered.lead_time_days,
        )
        for minimum_quantity, unit_price in steps
    ]


def _keep_award(
    request: QuotationRequest, parts: Sequence[_Chosen], agreement: PriceAgreement
) -> None:
    QuotationAward.objects.bulk_create(
        QuotationAward(
            request=request,
            request_line=one.line,
            quotation=one.quotation,
            supplier=one.choice.supplier,
            share_percent=one.choice.share_percent,
            agreement=agreement,
        )
        for one in parts
    )


def _names(suppliers: Iterable[Supplier]) -> str:
    return " and ".join(sorted(supplier.name for supplier in suppliers))
