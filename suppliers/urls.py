"""The addresses of suppliers, below an organization."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from suppliers import (
    admission_views,
    agreement_views,
    bank_views,
    catalogue_views,
    decision_views,
    merge_views,
    quotation_change_views,
    quotation_views,
    record_views,
    review_views,
    score_views,
    strategy_views,
    supplier_views,
    terms_views,
    vetting_views,
)
from suppliers.models import SupplierAddress

app_name = "suppliers"

urlpatterns: list[URLPattern | URLResolver] = [
    path("reviews/", review_views.review_list, name="review_list"),
    path("reviews/<uuid:public_id>/", review_views.review_detail, name="review_detail"),
    path("reviews/<uuid:public_id>/accept/", review_views.review_accept, name="review_accept"),
    path("reviews/<uuid:public_id>/dismiss/", review_views.review_dismiss, name="review_dismiss"),
    path("settings/scores/", score_views.score_rules, name="score_rules"),
    path("settings/scores/new/", score_views.score_rules_new, name="score_rules_new"),
    path("suppliers/", supplier_views.supplier_list, name="supplier_list"),
    path("suppliers/new/", supplier_views.supplier_new, name="supplier_new"),
    path("suppliers/duplicates/", merge_views.duplicate_list, name="duplicate_list"),
    path("suppliers/<uuid:public_id>/", supplier_views.supplier_detail, name="supplier_detail"),
    path("suppliers/<uuid:public_id>/merge/", merge_views.supplier_merge, name="supplier_merge"),
    path(
        "suppliers/<uuid:public_id>/sameness/",
        merge_views.supplier_sameness,
        name="supplier_sameness",
    ),
    path(
        "suppliers/<uuid:public_id>/tell-apart/",
        merge_views.supplier_tell_apart,
        name="supplier_tell_apart",
    ),
    path("supplier-merges/<uuid:public_id>/undo/", merge_views.merge_undo, name="merge_undo"),
    path(
        "suppliers/<uuid:public_id>/supply/", supplier_views.supplier_supply, name="supplier_supply"
    ),
    path("suppliers/<uuid:public_id>/edit/", supplier_views.supplier_edit, name="supplier_edit"),
    *(
        path(
            f"suppliers/<uuid:public_id>/{step}/",
            supplier_views.supplier_step,
            {"step": step},
            name=f"supplier_{step}",
        )
        for step in supplier_views.STEPS
    ),
    path(
        "suppliers/<uuid:public_id>/contacts/new/", supplier_views.contact_new, name="contact_new"
    ),
    path("contacts/<uuid:public_id>/", supplier_views.contact_edit, name="contact_edit"),
    path("contacts/<uuid:public_id>/remove/", supplier_views.contact_remove, name="contact_remove"),
    *(
        path(
            f"suppliers/<uuid:public_id>/addresses/{kind}/",
            record_views.supplier_address,
            {"kind": kind},
            name="supplier_address",
        )
        for kind in SupplierAddress.Kind.values
    ),
    path("suppliers/<uuid:public_id>/risks/new/", record_views.risk_note_new, name="risk_note_new"),
    path("risks/<uuid:public_id>/close/", record_views.risk_note_close, name="risk_note_close"),
    path(
        "suppliers/<uuid:public_id>/bank-accounts/new/",
        bank_views.bank_account_new,
        name="bank_account_new",
    ),
    path(
        "bank-accounts/<uuid:public_id>/",
        bank_views.bank_account_detail,
        name="bank_account_detail",
    ),
    path(
        "bank-accounts/<uuid:public_id>/call-back/",
        bank_views.bank_account_call,
        name="bank_account_call",
    ),
    path(
        "bank-accounts/<uuid:public_id>/confirm/",
        bank_views.bank_account_confirm,
        name="bank_account_confirm",
    ),
    path(
        "bank-accounts/<uuid:public_id>/reject/",
        bank_views.bank_account_reject,
        name="bank_account_reject",
    ),
    path(
        "suppliers/<uuid:public_id>/qualification/",
        vetting_views.qualification_edit,
        name="qualification_edit",
    ),
    path("suppliers/<uuid:public_id>/admit/", admission_views.admission_new, name="admission_new"),
    path(
        "admission-tasks/<uuid:public_id>/",
        admission_views.admission_task_tick,
        name="admission_task_tick",
    ),
    path("admissions/<uuid:public_id>/end/", admission_views.admission_end, name="admission_end"),
    path("qualifications/", vetting_views.qualification_list, name="qualification_list"),
    path(
        "qualifications/<uuid:public_id>/",
        vetting_views.qualification_detail,
        name="qualification_detail",
    ),
    path(
        "qualifications/<uuid:public_id>/criteria/<uuid:criterion_id>/",
        vetting_views.criterion_answer,
        name="criterion_answer",
    ),
    path(
        "categories/<uuid:public_id>/checklist/",
        vetting_views.checklist_edit,
        name="checklist_edit",
    ),
    path(
        "categories/<uuid:public_id>/checklist/new/",
        vetting_views.criterion_new,
        name="criterion_new",
    ),
    path("criteria/<uuid:public_id>/", vetting_views.criterion_edit, name="criterion_edit"),
    path(
        "criteria/<uuid:public_id>/retire/",
        vetting_views.criterion_retire,
        name="criterion_retire",
    ),
    path(
        "suppliers/<uuid:public_id>/agreements/new/",
        agreement_views.agreement_new,
        name="agreement_new",
    ),
    path("categories/", catalogue_views.category_list, name="category_list"),
    path("categories/new/", catalogue_views.category_new, name="category_new"),
    path("categories/<uuid:public_id>/", catalogue_views.category_detail, name="category_detail"),
    path("categories/<uuid:public_id>/edit/", catalogue_views.category_edit, name="category_edit"),
    path("categories/<uuid:public_id>/move/", catalogue_views.category_move, name="category_move"),
    path(
        "categories/<uuid:public_id>/strategy/", strategy_views.strategy_edit, name="strategy_edit"
    ),
    path(
        "categories/<uuid:public_id>/review/",
        strategy_views.strategy_review,
        name="strategy_review",
    ),
    path(
        "categories/<uuid:public_id>/substitutes/new/",
        strategy_views.substitute_new,
        name="substitute_new",
    ),
    path(
        "categories/<uuid:public_id>/substitutes/<int:substitute_id>/withdraw/",
        strategy_views.substitute_withdraw,
        name="substitute_withdraw",
    ),
    path("skus/", catalogue_views.sku_list, name="sku_list"),
    path("skus/new/", catalogue_views.sku_new, name="sku_new"),
    path("skus/suggestions/", catalogue_views.sku_suggestions, name="sku_suggestions"),
    path("skus/<uuid:public_id>/", catalogue_views.sku_detail, name="sku_detail"),
    path("skus/<uuid:public_id>/edit/", catalogue_views.sku_edit, name="sku_edit"),
    path(
        "skus/<uuid:public_id>/units/new/",
        catalogue_views.unit_factor_new,
        name="unit_factor_new",
    ),
    path("approved-vendors/", terms_views.approved_vendor_list, name="approved_vendor_list"),
    path("approved-vendors/new/", terms_views.approved_vendor_new, name="approved_vendor_new"),
    path(
        "approved-vendors/<uuid:public_id>/",
        terms_views.approved_vendor_edit,
        name="approved_vendor_edit",
    ),
    path(
        "approved-vendors/<uuid:public_id>/end/",
        terms_views.approved_vendor_end,
        name="approved_vendor_end",
    ),
    path("agreements/", agreement_views.agreement_list, name="agreement_list"),
    path("agreements/<uuid:public_id>/", agreement_views.agreement_detail, name="agreement_detail"),
    path(
        "agreements/<uuid:public_id>/edit/", agreement_views.agreement_edit, name="agreement_edit"
    ),
    path(
        "agreements/<uuid:public_id>/prices/",
        agreement_views.agreement_prices,
        name="agreement_prices",
    ),
    path("quotations/", quotation_views.quotation_list, name="quotation_list"),
    path("quotations/new/", quotation_views.quotation_new, name="quotation_new"),
    path("quotations/<uuid:public_id>/", quotation_views.quotation_detail, name="quotation_detail"),
    *(
        path(f"quotations/<uuid:public_id>/{step}/", view, name=f"quotation_{step}")
        for step, view in {**quotation_views.STEPS, **quotation_change_views.CHANGES}.items()
    ),
    path(
        "quotation-questions/<uuid:public_id>/answer/",
        quotation_views.quotation_answer,
        name="quotation_answer",
    ),
    path("decisions/", decision_views.decision_list, name="decision_list"),
    path("decisions/new/", decision_views.decision_new, name="decision_new"),
    path("decisions/<uuid:public_id>/", decision_views.decision_detail, name="decision_detail"),
]
