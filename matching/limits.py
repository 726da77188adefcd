"""How far an actual value may be from what was expected: limits, and the policy that holds them.

    Limit(mode, percent=…, amount=…, lower_percent=…, lower_amount=…, combine=…)
    limit.judge(base, difference, money=None)  -> Status
    Policy(…), DEFAULT_POLICY, CASE_POLICY
    Sample(percent, threshold).is_drawn(value, draw)

Pure: no database, no Django. Percents are in percent (2 means 2 %), amounts are money on the
line for prices, quantities for quantity checks, money elsewhere.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from procure.money import ZERO, plain_decimal
from procure.units import is_weighed


class Mode(StrEnum):
    """What a limit means; systems disagree about an empty one, so it is always said."""

    OFF = "off"
    EXACT = "exact"
    LIMIT = "limit"


class Combine(StrEnum):
    """Whether every given limit must hold or one of them is enough."""

    BOTH = "both"
    EITHER = "either"


class MatchLevel(StrEnum):
    """Against what an order line is matched."""

    NONE = "none"
    TWO_WAY = "two_way"
    THREE_WAY = "three_way"
    FOUR_WAY = "four_way"


class Status(StrEnum):
    """What a check found; `info` is a difference nobody has to act on."""

    PASS = "pass"
    WITHIN_TOLERANCE = "within_tolerance"
    HOLD = "hold"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Limit:
    """How far above and below its base a value may lie. Equality passes."""

    mode: Mode
    percent: Decimal | None = None
    amount: Decimal | None = None
    lower_percent: Decimal | None = None
    lower_amount: Decimal | None = None
    combine: Combine = Combine.BOTH

    def judge(self, base: Decimal, difference: Decimal, money: Decimal | None = None) -> Status:
        """Judge ``difference`` (actual - base), comparing unrounded values.

        ``money`` is what the amount limits are compared with where that is not the difference
        itself: for prices, the difference in money on the line.
        """
        if not difference or self.mode is Mode.OFF:
            return Status.PASS
        if difference > 0:
            if self.mode is Mode.EXACT:
                return Status.HOLD
            percent, amount, open_side = self.percent, self.amount, Status.PASS
        else:
            percent, amount, open_side = (
                self.lower_percent,
                self.lower_amount,
                Status.INFO,
            )
        if percent is None and amount is None:
            return open_side
        held = [] if amount is None else [abs(difference if money is None else money) <= amount]
        if percent is not None and base:
            held.append(abs(difference) * 100 <= percent * abs(base))
        enough = any if self.combine is Combine.EITHER else all
        return Status.WITHIN_TOLERANCE if held and enough(held) else Status.HOLD

    def two_sided(self) -> "Limit":
        """Return the limit with its lower side equal to its upper one, unless it has its own."""
        if self.lower_percent is not None or self.lower_amount is not None:
            return self
        if self.mode is Mode.EXACT:
            return replace(self, lower_amount=ZERO)
        return replace(self, lower_percent=self.percent, lower_amount=self.amount)

    def __str__(self) -> str:
        """Say the limit as a screen does: ``2 % and 50``."""
        if self.mode is not Mode.LIMIT:
            return self.mode.value
        upper = self._side(self.percent, self.amount)
        lower = self._side(self.lower_percent, self.lower_amount)
        if lower and lower != upper:
            return ", ".join(filter(None, (upper, f"below {lower}")))
        return upper

    def _side(self, percent: Decimal | None, amount: Decimal | None) -> str:
        said = [] if percent is None else [f"{plain_decimal(percent)} %"]
        if amount is not None:
            said.append(plain_decimal(amount))
        return (" or " if self.combine is Combine.EITHER else " and ").join(said)


OFF = Limit(Mode.OFF)
EXACT = Limit(Mode.EXACT)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many of the otherwise clean invoices a person looks at.

    At or above ``threshold`` (money) each is drawn with ``percent``, below it with
    percent x value / threshold.
    """

    percent: Decimal
    threshold: Decimal

    def is_drawn(self, value: Decimal, draw: Decimal) -> bool:
        """Say whether an invoice of this value with this lot (0 to under 1) is looked at."""
        chance = self.percent / 100
        if max(value, ZERO) < self.threshold:
            chance = chance * max(value, ZERO) / self.threshold
        return draw < chance

    def __str__(self) -> str:
        """Say it as a screen does: ``5 % at 1000 and more``."""
        if not self.threshold:
            return f"{plain_decimal(self.percent)} % of them"
        threshold = plain_decimal(self.threshold)
        return f"{plain_decimal(self.percent)} % at {threshold} and more"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a tolerance rule with its limits, as a whole; limits of rules never mix.

    ``rule`` names it on screens and in results ("T-14 v3"). ``quantity_received_weighed`` is for
    units of mass, volume, length and area; None means the same limit as for counted goods.
    ``leakage_cap`` is money of the organization's currency per supplier and month; whoever keeps
    count of it judges by `without_tolerance` when it is passed.
    """

    rule: str = "default"
    match_level: MatchLevel = MatchLevel.THREE_WAY
    price: Limit = Limit(Mode.LIMIT, percent=Decimal(1), amount=Decimal(25))
    contract_price: Limit = EXACT
    quantity_ordered: Limit = EXACT
    quantity_received: Limit = EXACT
    quantity_received_weighed: Limit | None = Limit(Mode.LIMIT, percent=Decimal(2))
    line_amount: Limit = OFF
    charge: Limit = Limit(Mode.LIMIT, percent=Decimal(10), amount=Decimal(50))
    tax: Limit = Limit(Mode.LIMIT, amount=Decimal("0.05"))
    header_cap: Decimal | None = Decimal(100)
    sample: Sample | None = None
    leakage_cap: Decimal | None = None

    def without_tolerance(self, why: str) -> "Policy":
        """Return the policy with every limit exact that was one; what was off stays off."""
        return _without_tolerance(self, why)

    def received_limit(self, unit: str) -> Limit:
        """Return the limit on billed against received goods of this unit."""
        weighed = self.quantity_received_weighed
        return weighed if weighed is not None and is_weighed(unit) else self.quantity_received

    def tax_limit(self) -> Limit:
        """Return the limit per tax rate, which binds on both sides."""
        return _two_sided(self.tax)


@lru_cache(maxsize=256)
def _without_tolerance(policy: Policy, why: str) -> Policy:
    def exact(limit: Limit) -> Limit:
        return EXACT if limit.mode is Mode.LIMIT else limit

    weighed = policy.quantity_received_weighed
    return replace(
        policy,
        rule=f"{policy.rule}, {why}",
        price=exact(policy.price),
        contract_price=exact(policy.contract_price),
        quantity_ordered=exact(policy.quantity_ordered),
        quantity_received=exact(policy.quantity_received),
        quantity_received_weighed=None if weighed is None else exact(weighed),
        line_amount=exact(policy.line_amount),
        charge=exact(policy.charge),
        tax=exact(policy.tax),
    )


@lru_cache(maxsize=256)
def _two_sided(limit: Limit) -> Limit:
    return limit.two_sided()


DEFAULT_POLICY = Policy()
CASE_POLICY = replace(DEFAULT_POLICY, header_cap=None)
