"""The screens of the score's rules: how a score is built, its versions, and the next one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone

from procure.documents import idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.forms import submitted
from suppliers.models import ScoreRules
from suppliers.score_forms import ScoreRulesForm
from suppliers.score_rules import CONSEQUENCES, FIRST_SCORING, scoring_on
from suppliers.scoring import set_score_rules

TITLE = "Score rules"


@requires("scorecards.read")
def score_rules(request: OrganizationRequest) -> HttpResponse:
    """How the score in force is built, in words, and every version there was."""
    today = timezone.localdate()
    versions = list(ScoreRules.objects.select_related("created_by"))
    in_force = next((one.scoring for one in versions if one.valid_from <= today), FIRST_SCORING)
    return render_screen(
        request,
        "suppliers/score_rules.html",
        {
            "scoring": in_force,
            "versions": [(one.scoring, one.created_by, one.created_at) for one in versions]
            + [(FIRST_SCORING, None, None)],
            "consequences": [
                (words, dict(in_force.consequences).get(name, "")) for name, words in CONSEQUENCES
            ],
            "today": today,
            "new_url": address_if(request, "score_rules.write", "score_rules_new"),
        },
        breadcrumb=[TITLE],
        section="procure:settings",
    )


@requires("score_rules.write")
@idempotent
def score_rules_new(request: OrganizationRequest) -> HttpResponse:
    """Saves the next version; every scorecard is computed anew by it."""
    scoring = scoring_on(timezone.localdate())
    form = ScoreRulesForm(request.POST if request.method == "POST" else None, scoring=scoring)
    made = submitted(form, lambda: set_score_rules(**form.rules(), actor=request.user))
    if made is not None:
        messages.success(request, f"{made} is saved. Scorecards are being computed anew.")
        return go_to(request, "score_rules")
    return render_screen(
        request,
        "suppliers/score_rules_form.html",
        {"form": form, "scoring": scoring, "back_url": address(request, "score_rules")},
        breadcrumb=[(TITLE, address(request, "score_rules")), "Next version"],
        section="procure:settings",
        status=422 if request.method == "POST" else 200,
    )
