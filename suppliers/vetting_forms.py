"""Forms for checklists, answers, decisions on a qualification, and provisional admissions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from procure.attachments import ACCEPT
from procure.form_fields import DayField
from suppliers.criteria import CriterionDetails
from suppliers.forms import CategoryField
from suppliers.models import Category, CriterionAnswer, Qualification, QualificationCriterion
from suppliers.qualification import NEXT

USUAL_DAYS = 60
SHORT_TEXT = forms.Textarea(attrs={"rows": 3})


class QualificationForm(forms.Form):
    """Where a supplier stands for a category; only the steps that follow are offered."""

    category = CategoryField(label="Category", help_text="Counts for everything below it, too.")
    status = forms.ChoiceField(choices=Qualification.Status.choices)
    valid_to = DayField(label="Last day", required=False)
    note = forms.CharField(
        label="What it rests on, or what is missing",
        required=False,
        max_length=4000,
        widget=SHORT_TEXT,
    )

    def __init__(self, *args: Any, before: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category, status = self.fields["category"], self.fields["status"]
        assert isinstance(category, CategoryField)
        assert isinstance(status, forms.ChoiceField)
        category.offer(Category.objects.all())
        if before is not None:
            ways = {before, *NEXT[before]}
            status.choices = [one for one in Qualification.Status.choices if one[0] in ways]


class CriterionForm(forms.ModelForm[QualificationCriterion]):
    """A point of a category's checklist."""

    class Meta:
        model = QualificationCriterion
        fields = ["name", "validity_months", "is_mandatory", "needs_evidence"]
        labels = {
            "name": "Criterion",
            "is_mandatory": "Mandatory",
            "needs_evidence": "Asks for a document",
            "validity_months": "Valid for, months",
        }
        help_texts = {"validity_months": "Empty: it does not age."}

    def details(self) -> CriterionDetails:
        return CriterionDetails(**self.cleaned_data)


class AnswerForm(forms.Form):
    """How a supplier stands to one criterion."""

    outcome = forms.ChoiceField(
        label="Answer", choices=CriterionAnswer.Outcome.choices, widget=forms.RadioSelect
    )
    valid_to = DayField(label="Last day of the document", required=False)
    upload = forms.FileField(
        label="Document",
        required=False,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        help_text="PDF, photo, Word or Excel, 10 MB at most. A file stays for good.",
    )
    reason = forms.CharField(
        label="Remark, or why it is waived", required=False, max_length=300, widget=SHORT_TEXT
    )


class AdmissionForm(forms.Form):
    """A provisional admission: how much, how often, until when, and what is to be done."""

    category = CategoryField(label="Category", help_text="Counts for everything below it, too.")
    maximum_spend = forms.DecimalField(
        label="Most that may be spent", min_value=0, max_digits=18, decimal_places=2
    )
    maximum_orders = forms.IntegerField(label="Most orders", min_value=1, max_value=999)
    expires_on = DayField(label="Last day")
    tasks = forms.CharField(
        label="To do before it can be approved",
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One line each.",
    )
    reason = forms.CharField(label="Why it is needed", max_length=1000, widget=SHORT_TEXT)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.offer(Category.objects.all())
        self.fields["maximum_spend"].label = f"Most that may be spent, {currency}"
        self.fields["expires_on"].initial = timezone.localdate() + timedelta(days=USUAL_DAYS)

    def clean_tasks(self) -> list[str]:
        return [line.strip() for line in str(self.cleaned_data["tasks"]).splitlines()]
