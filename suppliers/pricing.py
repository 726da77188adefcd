"""What a line would cost: the agreement's price, else a quoted one, else what was last paid, else
the standard cost.

All prices are per the SKU's own unit in the supplier's currency, six places.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from procure.exchange import Rates, rates_on
from procure.figures import long_date
from procure.money import round_price
from suppliers.agreements import AgreedPrice, Pair, best_price, price_steps
from suppliers.models import Sku, SkuCost, Supplier
from suppliers.quoted_prices import QuotedPrice, best_quote, quoted_steps

AGREEMENT, QUOTE, LAST_PAID, STANDARD = "agreement", "quote", "last_paid", "standard"


class WantedLine(NamedTuple):
    """A line of an order to be: how much of a SKU, in the SKU's unit."""

    sku_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class LinePrice:
    """A line's price and where it comes from.

    `source` is agreement, quote, last_paid, standard, or empty when nothing is known (then `unit_price`
    is None). `last_paid` is this supplier's last price, for the difference beside the new one.
    `next_quantity` at `next_price` is the nearest cheaper step of an agreement or quote, `least` and
    `multiple` are its lots. `together` is how much all lines of the SKU want.
    """

    unit_price: Decimal | None
    source: str
    price_break_id: int | None = None
    agreement_number: str = ""
    agreed_price: Decimal | None = None
    agreed_lead_time_days: int | None = None
    agreed_to: date | None = None
    quotation_line_id: int | None = None
    quoted_in: str = ""
    quoted_to: date | None = None
    last_paid: Decimal | None = None
    last_paid_on: date | None = None
    next_quantity: Decimal | None = None
    next_price: Decimal | None = None
    least: Decimal | None = None
    multiple: Decimal | None = None
    together: Decimal = Decimal(0)

    @property
    def source_words(self) -> str:
        """The document behind the price: "NL-2026-04", "quote RFQ-12 valid until Mar 3, 2027"."""
        if self.quoted_to is not None:
            return f"quote {self.quoted_in} valid until {long_date(self.quoted_to)}"
        return self.agreement_number


def line_prices(supplier_id: int, lines: Sequence[WantedLine], on: date) -> dict[int, LinePrice]:
    """The price of each SKU from this supplier on that day, by SKU id, in five statements, six with other currencies.

    Lines of one SKU reach a quantity step together. A SKU that does not exist is absent.
    """
    supplier = Supplier.objects.get(pk=supplier_id)
    return PriceBook.open([supplier], lines, on).prices(supplier)


def quantities_of(lines: Sequence[WantedLine]) -> dict[int, Decimal]:
    """The quantity of each SKU over all lines."""
    quantities: dict[int, Decimal] = {}
    for sku_id, quantity in lines:
        quantities[sku_id] = quantities.get(sku_id, Decimal(0)) + quantity
    return quantities


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Everything that prices some lines from some suppliers, read once."""

    quantities: dict[int, Decimal]
    standard_costs: dict[int, Decimal | None]
    steps: Mapping[Pair, list[AgreedPrice]]
    quoted: Mapping[Pair, list[QuotedPrice]]
    last_paid: dict[Pair, Any]
    currency: str
    rates: Rates

    @classmethod
    def open(
        cls, suppliers: Collection[Supplier], lines: Sequence[WantedLine], on: date
    ) -> PriceBook:
        """Reads the book for these suppliers and lines, in four statements, five with other currencies."""
        quantities = quantities_of(lines)
        ids = {supplier.pk for supplier in suppliers}
        currencies = {supplier.pk: supplier.currency for supplier in suppliers}
        costs = SkuCost.objects.filter(
            supplier_id__in=ids, sku_id__in=quantities, last_price__isnull=False
        ).values_list("supplier_id", "sku_id", "currency", "last_price", "last_on")
        skus = Sku.objects.filter(pk__in=quantities).values_list(
            "pk", "standard_cost", "organization__currency"
        )
        ours = next((currency for *_, currency in skus), "")  # none needed without lines
        return cls(
            quantities=quantities,
            standard_costs={sku_id: cost for sku_id, cost, _ in skus},
            steps=price_steps(ids, quantities, on),
            quoted=quoted_steps(ids, quantities, on),
            last_paid={
                (supplier_id, sku_id): (price, paid_on)
                for supplier_id, sku_id, currency, price, paid_on in costs
                if currency == currencies[supplier_id]
            },
            currency=ours,
            rates=rates_on(on) if ours and {*currencies.values()} - {ours} else Rates({}),
        )

    def only(self, sku_id: int) -> PriceBook:
        """The same book, opened at one SKU."""
        return replace(
            self,
            quantities={sku_id: self.quantities[sku_id]},
            standard_costs={sku_id: self.standard_costs[sku_id]},
        )

    def prices(self, supplier: Supplier) -> dict[int, LinePrice]:
        """The supplier's price of each SKU, by SKU id."""
        return {sku_id: self._price(supplier, sku_id) for sku_id in self.standard_costs}

    def _price(self, supplier: Supplier, sku_id: int) -> LinePrice:
        pair, wanted = (supplier.pk, sku_id), self.quantities[sku_id]
        last_paid, last_paid_on = self.last_paid.get(pair, (None, None))
        if (agreed := best_price(self.steps.get(pair, ()), wanted)) is not None:
            found = _at_agreement(agreed)
        elif (quoted := best_quote(self.quoted.get(pair, ()), wanted)) is not None:
            found = _at_quote(quoted)
        elif last_paid is not None:
            return LinePrice(last_paid, LAST_PAID, last_paid=last_paid, last_paid_on=last_paid_on)
        else:
            standard = self._standard_cost(sku_id, supplier.currency)
            return LinePrice(standard, "" if standard is None else STANDARD)
        return replace(found, last_paid=last_paid, last_paid_on=last_paid_on, together=wanted)

    def _standard_cost(self, sku_id: int, currency: str) -> Decimal | None:
        cost = self.standard_costs[sku_id]
        if cost is None:
            return None
        converted = self.rates.convert(cost, self.currency, currency)
        return None if converted is None else round_price(converted)


def _at_agreement(agreed: AgreedPrice) -> LinePrice:
    return LinePrice(
        unit_price=agreed.unit_price,
        source=AGREEMENT,
        price_break_id=agreed.price_break_id,
        agreement_number=agreed.agreement_number,
        agreed_price=agreed.unit_price,
        agreed_lead_time_days=agreed.lead_time_days,
        agreed_to=agreed.valid_to,
        next_quantity=agreed.next_quantity,
        next_price=agreed.next_price,
        least=agreed.least,
        multiple=agreed.multiple,
    )


def _at_quote(quoted: QuotedPrice) -> LinePrice:
    """A quote binds nobody to order at it: another price may be entered without a reason."""
    return LinePrice(
        unit_price=quoted.unit_price,
        source=QUOTE,
        quotation_line_id=quoted.line_id,
        quoted_in=quoted.request_number,
        quoted_to=quoted.valid_to,
        next_quantity=quoted.next_quantity,
        next_price=quoted.next_price,
    )
