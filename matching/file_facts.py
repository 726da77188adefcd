"""What was read from a file, for its screen: as the supplier wrote it, and what we made of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching.as_captured import charge_code, line_from
from matching.captured import CapturedLine
from matching.captured_files import CapturedFile
from matching.einvoices.document import Einvoice, WrittenLine
from matching.rule_checks import RuleCheck
from procure.figures import money, short_date
from procure.units import canonical_unit


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A written line beside its normalised form; `is_changed` when the two differ in figures."""

    written: WrittenLine
    taken: CapturedLine | None
    unit: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What looks wrong with a file, in sentences, and what it was checked against."""

    sentences: list[str]
    note: str


def findings_of(file: CapturedFile) -> Findings:
    """Our own remarks and the rules that the file breaks, each rule told once: one statement."""
    check: RuleCheck | None = RuleCheck.objects.filter(file=file).first()
    told = {remark.partition(":")[0] for remark in file.remarks}
    broken = [one for one in check.broken if one["rule"] not in told] if check else []
    return Findings([*file.remarks, *map(_of_rule, broken)], _note(check) if check else "")


def _of_rule(broken: dict[str, Any]) -> str:
    if broken["is_warning"]:
        return f"Rule {broken['rule']} advises: {broken['sentence']}"
    return f"The sender’s file breaks rule {broken['rule']}: {broken['sentence']}"


def _note(check: RuleCheck) -> str:
    match check.status:
        case RuleCheck.Status.WAITING:
            return f"It is being checked against {check.rule_set}."
        case RuleCheck.Status.UNCHECKED:
            return f"It could not be checked against {check.rule_set}. {check.sentence}"
        case _ if check.broken:
            return f"Checked against {check.rule_set}."
        case _:
            return f"Checked against {check.rule_set}: it breaks no rule."


def written_facts(document: Einvoice) -> list[tuple[str, str]]:
    """The head as words and values; what is not written is left out."""
    seller, currency = document.seller, document.currency
    day = [short_date(one) if one else "" for one in (document.issued_on, document.due_on)]
    pairs = [
        ("Number", document.number),
        ("Kind", "Credit note" if document.kind == "credit" else "Invoice"),
        ("Credits", document.credits_number),
        ("Invoice date", day[0]),
        ("Due", day[1]),
        ("Our order", document.order_reference),
        ("Delivery notes", ", ".join(document.despatch_references)),
        ("Seller", seller.name),
        ("Tax id", ", ".join(seller.tax_ids)),
        ("Electronic address", seller.endpoint),
        ("Bank account", ", ".join(document.bank_accounts)),
        ("Terms", document.payment_terms),
        *(
            (f"Charge, {charge_code(one)}", _money(one.amount, currency))
            for one in document.charges
        ),
        *(("Allowance", _money(one.amount, currency)) for one in document.allowances),
        *((f"Tax at {one.rate}\u00a0%", _money(one.tax, currency)) for one in document.taxes),
        ("Total with tax", _money(document.total, currency)),
        ("Paid before", _money(document.prepaid or None, currency)),
        ("To pay", _money(document.payable, currency)),
    ]
    return [(words, value) for words, value in pairs if value]


def _money(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{money(amount, currency)} {currency}"


def written_lines(document: Einvoice) -> list[ShownLine]:
    """The lines in their order."""
    shown = []
    for line in document.lines:
        taken = line_from(line) if line.base_quantity > 0 else None
        unit = canonical_unit(line.unit)
        changed = taken is not None and (taken.unit_price != line.price or unit != line.unit)
        shown.append(ShownLine(line, taken, unit, changed))
    return shown
