"""The form of the score's next rules: a weight and two bands per measure, and the grades."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone

from procure.form_fields import DayField
from suppliers.score_rules import CONSEQUENCES, Measure, Scoring

NEVER = "never"
BEGINS = [(NEVER, "Never"), ("B", "At B or below"), ("C", "At C or below"), ("D", "At D")]


def _percent(label: str, initial: int) -> forms.IntegerField:
    return forms.IntegerField(min_value=0, max_value=100, label=label, initial=initial)


class ScoreRulesForm(forms.Form):
    """The version in force is what it begins with; the action judges what hangs together."""

    valid_from = DayField(label="Applies from", initial=timezone.localdate)
    least_lines = forms.IntegerField(
        min_value=1, max_value=1000, label="Lines due a grade needs",
        help_text="Of fewer, a share says too little.",
    )  # fmt: skip

    def __init__(self, *args: Any, scoring: Scoring, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scoring = scoring
        self.fields["least_lines"].initial = scoring.least_lines
        for grade, least in scoring.grades[:-1]:
            self.fields[f"grade_{grade}"] = _percent(f"{grade} from", least)
        begins = dict(scoring.consequences)
        for name, words in CONSEQUENCES:
            self.fields[f"after_{name}"] = forms.ChoiceField(
                choices=BEGINS, label=words, initial=begins.get(name, NEVER)
            )
        for one in scoring.measures:
            self.fields[f"{one.name}_weight"] = _percent(f"{one.words}: weight", one.weight)
            self.fields[f"{one.name}_nothing"] = _percent(
                f"{one.words}: no points up to, %", one.nothing
            )
            self.fields[f"{one.name}_target"] = _percent(
                f"{one.words}: 90 points at, %", one.target
            )

    def rows(self) -> Iterator[tuple[str, BoundField, BoundField, BoundField]]:
        """The measures with their three fields, for the table."""
        for one in self.scoring.measures:
            fields = (self[f"{one.name}_{part}"] for part in ("weight", "nothing", "target"))
            yield one.words, *fields  # type: ignore[misc]

    def limits(self) -> list[BoundField]:
        """The grades' fields, best first."""
        return [self[f"grade_{grade}"] for grade, _ in self.scoring.grades[:-1]]

    def after(self) -> list[BoundField]:
        """The consequences' fields."""
        return [self[f"after_{name}"] for name, _ in CONSEQUENCES]

    def rules(self) -> dict[str, Any]:
        """What the action takes."""
        given = self.cleaned_data
        return {
            "measures": [
                Measure(
                    one.name,
                    one.words,
                    *(given[f"{one.name}_{part}"] for part in ("weight", "nothing", "target")),
                )
                for one in self.scoring.measures
            ],
            "grades": {grade: given[f"grade_{grade}"] for grade, _ in self.scoring.grades[:-1]},
            "least_lines": given["least_lines"],
            "consequences": {
                name: grade
                for name, _ in CONSEQUENCES
                if (grade := given[f"after_{name}"]) != NEVER
            },
            "valid_from": given["valid_from"],
        }
