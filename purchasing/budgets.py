"""What a cost center may commit in a period."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from procure.fields import AmountField
from procure.figures import long_date
from procure.tenancy import Addressed


class Budget(Addressed):
    """An amount for a cost center from a first to a last day, both included: a month, a quarter, a
    year. Periods of one cost center do not overlap, so that an order has one budget at most."""

    cost_center = models.CharField(max_length=60)
    period_start = models.DateField()
    period_end = models.DateField()
    amount = AmountField()
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["cost_center", "period_start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_start__lte=F("period_end")), name="purchasing_budget_period"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="purchasing_budget_amount"),
            models.CheckConstraint(
                condition=~Q(cost_center=""), name="purchasing_budget_cost_center"
            ),
            ExclusionConstraint(
                name="purchasing_budget_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("cost_center", RangeOperators.EQUAL),
                    (
                        Func(
                            F("period_start"),
                            F("period_end"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        period = f"{long_date(self.period_start)} to {long_date(self.period_end)}"
        return f"{self.cost_center}, {period}"
