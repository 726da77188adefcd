"""Which rules of a standard a file breaks, as the checker says it."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_BROKEN = 30


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule by its number in the standard, and its own words; a warning only advises."""

    rule: str
    sentence: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What a file breaks of the rule set that it says it keeps."""

    rule_set: str
    broken: tuple[BrokenRule, ...] = field(default=())
