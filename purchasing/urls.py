"""The addresses of purchasing, below an organization."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from purchasing import admission_views as admissions
from purchasing import approval_rule_views as rules
from purchasing import budget_views as budgets
from purchasing import (
    category_spend_views,
    coverage_views,
    drill_views,
    stock_views,
    supplier_views,
    views,
)
from purchasing import change_views as changes
from purchasing import commitment_views as commitments
from purchasing import list_exception_views as exceptions
from purchasing import order_form_views as form
from purchasing import receiving_views as receiving

app_name = "purchasing"

ORDER = "orders/<uuid:public_id>/"
CHANGE = "order-changes/<uuid:public_id>/"
RECEIPT = "receipts/<uuid:public_id>/"
COMMITMENT = "commitments/<uuid:public_id>/"
DRAFT = "orders/<uuid:public_id>/edit/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("orders/", views.order_list, name="order_list"),
    path(
        "orders/of-category/",
        category_spend_views.category_spend_list,
        name="category_spend_list",
    ),
    path("approvals/", views.approval_list, name="approval_list"),
    path(ORDER, views.order_detail, name="order_detail"),
    path(f"{ORDER}approve/", views.order_approve, name="order_approve"),
    path(f"{ORDER}send-back/", views.order_send_back, name="order_send_back"),
    path(f"{ORDER}withdraw/", views.order_withdraw, name="order_withdraw"),
    path(f"{ORDER}issue/", views.order_issue, name="order_issue"),
    path(f"{ORDER}copy/", views.order_copy, name="order_copy"),
    path(f"{ORDER}cancel/", views.order_cancel, name="order_cancel"),
    path(f"{ORDER}close/", views.order_close, name="order_close"),
    path(f"{ORDER}reopen/", views.order_reopen, name="order_reopen"),
    path(f"{ORDER}lines/<int:line_no>/close/", views.line_close_short, name="line_close_short"),
    path(f"{ORDER}change/", changes.order_change, name="order_change"),
    path(f"{CHANGE}approve/", changes.change_approve, name="change_approve"),
    path(f"{CHANGE}refuse/", changes.change_refuse, name="change_refuse"),
    path(f"{CHANGE}withdraw/", changes.change_withdraw, name="change_withdraw"),
    path(
        "suppliers/<uuid:public_id>/orders/", supplier_views.supplier_orders, name="supplier_orders"
    ),
    path("orders/new/supplier/", supplier_views.supplier_search, name="supplier_search_new"),
    path(f"{DRAFT}supplier/", supplier_views.supplier_search, name="supplier_search"),
    path(f"{ORDER}print/", views.order_print, name="order_print"),
    path(f"{ORDER}pdf/", views.order_pdf, name="order_pdf"),
    path("admissions/<uuid:public_id>/used/", admissions.admission_usage, name="admission_usage"),
    path("receiving/", receiving.receiving_list, name="receiving_list"),
    path("receiving/scan/", receiving.receiving_scan, name="receiving_scan"),
    path("receiving/<uuid:public_id>/", receiving.receive_order, name="receive_order"),
    path(
        "receiving/<uuid:public_id>/lines/<int:line_no>/return-rejected/",
        receiving.rejected_return,
        name="rejected_return",
    ),
    path("receipts/", receiving.receipt_list, name="receipt_list"),
    path(RECEIPT, receiving.receipt_detail, name="receipt_detail"),
    path(f"{RECEIPT}reverse/", receiving.receipt_reverse, name="receipt_reverse"),
    path(f"{RECEIPT}return/", receiving.receipt_return, name="receipt_return"),
    path("suppliers/<uuid:public_id>/drill/", drill_views.supplier_drill, name="supplier_drill"),
    path(
        "suppliers/<uuid:public_id>/drill/drafts/",
        drill_views.replacement_drafts,
        name="replacement_drafts",
    ),
    path("coverage/", coverage_views.coverage_list, name="coverage_list"),
    path("stock/", stock_views.stock_list, name="stock_list"),
    path("settings/budgets/", budgets.budget_list, name="budget_list"),
    path("settings/budgets/new/", budgets.budget_form, name="budget_new"),
    path("settings/budgets/<uuid:public_id>/", budgets.budget_form, name="budget_edit"),
    path("settings/approval-rules/", rules.approval_rule_list, name="approval_rule_list"),
    path("settings/approval-rules/new/", rules.approval_rule_form, name="approval_rule_new"),
    path(
        "settings/approval-rules/<uuid:public_id>/",
        rules.approval_rule_form,
        name="approval_rule_edit",
    ),
    path("orders/ranking/", form.ranking_explained, name="ranking_explained"),
    path("orders/new/", form.order_new, name="order_new"),
    path("orders/new/save/", form.order_save, name="order_save_new"),
    path("orders/new/submit/", form.order_submit, name="order_submit_new"),
    path("orders/new/suggestions/", form.sku_suggestion_list, name="sku_suggestions_new"),
    path("orders/new/paste/", form.order_paste, name="order_paste_new"),
    path("orders/new/quotation/", form.order_quotation, name="order_quotation_new"),
    path(DRAFT, form.order_edit, name="order_edit"),
    path(f"{DRAFT}quotation/", form.order_quotation, name="order_quotation"),
    path(f"{DRAFT}save/", form.order_save, name="order_save"),
    path(f"{DRAFT}submit/", form.order_submit, name="order_submit"),
    path(f"{DRAFT}ranking/", form.order_ranking, name="order_ranking"),
    path(f"{DRAFT}suggestions/", form.sku_suggestion_list, name="sku_suggestions"),
    path(f"{DRAFT}paste/", form.order_paste, name="order_paste"),
    path(f"{DRAFT}commitments/", commitments.order_commitments, name="order_commitments"),
    path("agreement-use/", commitments.agreement_use, name="agreement_use"),
    path("list-exceptions/", exceptions.list_exception_list, name="list_exception_list"),
    path("commitments/", commitments.commitment_list, name="commitment_list"),
    path("commitments/new/", commitments.commitment_new, name="commitment_new"),
    path(COMMITMENT, commitments.commitment_detail, name="commitment_detail"),
    path(f"{COMMITMENT}edit/", commitments.commitment_edit, name="commitment_edit"),
    path(f"{COMMITMENT}withdraw/", commitments.commitment_withdraw, name="commitment_withdraw"),
]
