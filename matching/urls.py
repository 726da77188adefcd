"""The addresses of matching, below an organization."""

from __future__ import annotations

from django.urls import path

from matching import (
    batch_views,
    credit_views,
    exception_views,
    file_views,
    fix_views,
    flag_views,
    grni_views,
    invoice_views,
    mailbox_views,
    miss_views,
    payable_views,
    paying_account_views,
    response_views,
    result_views,
    settlement_views,
    statement_views,
    tolerance_views,
    trial_views,
)

app_name = "matching"

urlpatterns = [
    path("invoices/", invoice_views.invoice_list, name="invoice_list"),
    path("invoices/flags/", flag_views.flag_list, name="flag_list"),
    path("invoices/new/", invoice_views.invoice_new, name="invoice_new"),
    path("invoices/files/", file_views.file_list, name="file_list"),
    path("invoices/files/send/", file_views.file_upload, name="file_upload"),
    path("invoices/files/<uuid:public_id>/", file_views.file_detail, name="file_detail"),
    path("invoices/files/<uuid:public_id>/capture/", file_views.file_capture, name="file_capture"),
    path("invoices/<uuid:public_id>/", invoice_views.invoice_detail, name="invoice_detail"),
    path("invoices/<uuid:public_id>/void/", invoice_views.invoice_void, name="invoice_void"),
    path("invoices/<uuid:public_id>/response/", response_views.response_new, name="response_new"),
    path(
        "invoices/responses/<uuid:public_id>/",
        response_views.response_file,
        name="response_file",
    ),
    path("orders/<uuid:public_id>/invoices/", invoice_views.order_invoices, name="order_invoices"),
    path("exceptions/", exception_views.exception_queue_page, name="exception_queue"),
    path("exceptions/fixes/", fix_views.fix_list, name="fix_list"),
    path("exceptions/fixes/decline/", fix_views.fix_decline, name="fix_decline"),
    path(
        "exceptions/<uuid:public_id>/",
        exception_views.exception_queue_page,
        name="exception_detail",
    ),
    path(
        "exceptions/<uuid:public_id>/resolve/",
        exception_views.exception_resolve,
        name="exception_resolve",
    ),
    path(
        "exceptions/<uuid:public_id>/note/", exception_views.exception_note, name="exception_note"
    ),
    path(
        "exceptions/<uuid:public_id>/link/", exception_views.exception_link, name="exception_link"
    ),
    path(
        "decisions/<uuid:public_id>/undo/", exception_views.resolution_undo, name="resolution_undo"
    ),
    path("credits/", credit_views.credit_list, name="credit_list"),
    path("credits/<uuid:public_id>/", credit_views.credit_detail, name="credit_detail"),
    path("credits/<uuid:public_id>/print/", credit_views.credit_print, name="credit_print"),
    path("credits/<uuid:public_id>/pdf/", credit_views.credit_document, name="credit_document"),
    path("credits/<uuid:public_id>/remind/", credit_views.credit_remind, name="credit_remind"),
    path("credits/<uuid:public_id>/give-up/", credit_views.credit_drop, name="credit_drop"),
    path("payables/", payable_views.payable_list, name="payable_list"),
    path("payables/received-not-invoiced/", grni_views.grni_list, name="grni_list"),
    path("payables/settlement/", settlement_views.settlement_list, name="settlement_list"),
    path("payables/settlement/new/", settlement_views.settlement_new, name="settlement_new"),
    path(
        "payables/settlement/<uuid:public_id>/run/",
        settlement_views.settlement_run,
        name="settlement_run",
    ),
    path(
        "payables/settlement/<uuid:public_id>/end/",
        settlement_views.settlement_end,
        name="settlement_end",
    ),
    path(
        "invoices/<uuid:public_id>/settlement/",
        settlement_views.settlement_print,
        name="settlement_print",
    ),
    path(
        "invoices/<uuid:public_id>/settlement.pdf",
        settlement_views.settlement_document,
        name="settlement_document",
    ),
    path("payables/statements/", statement_views.statement_list, name="statement_list"),
    path("payables/statements/new/", statement_views.statement_new, name="statement_new"),
    path(
        "payables/statements/<uuid:public_id>/",
        statement_views.statement_detail,
        name="statement_detail",
    ),
    path(
        "payables/statements/<uuid:public_id>/ask/",
        statement_views.statement_ask,
        name="statement_ask",
    ),
    path(
        "payables/statements/<uuid:public_id>/close/",
        statement_views.statement_close,
        name="statement_close",
    ),
    path(
        "payables/statements/<uuid:public_id>/remove/",
        statement_views.statement_remove,
        name="statement_remove",
    ),
    path("payables/batches/", payable_views.payment_batch_list, name="payment_batch_list"),
    path("payables/batches/new/", payable_views.payment_batch_new, name="payment_batch_new"),
    path(
        "payables/batches/<uuid:public_id>/",
        batch_views.payment_batch_detail,
        name="payment_batch_detail",
    ),
    path(
        "payables/batches/<uuid:public_id>/propose/",
        batch_views.payment_batch_propose,
        name="payment_batch_propose",
    ),
    path(
        "payables/batches/<uuid:public_id>/release/",
        batch_views.payment_batch_release,
        name="payment_batch_release",
    ),
    path(
        "payables/batches/<uuid:public_id>/return/",
        batch_views.payment_batch_return,
        name="payment_batch_return",
    ),
    path(
        "payables/batches/<uuid:public_id>/cancel/",
        batch_views.payment_batch_cancel,
        name="payment_batch_cancel",
    ),
    path(
        "payables/batches/<uuid:public_id>/payments/<int:line_id>/take-out/",
        batch_views.payment_take_out,
        name="payment_take_out",
    ),
    path(
        "payables/batches/<uuid:public_id>/files/",
        batch_views.payment_file_new,
        name="payment_file_new",
    ),
    path(
        "payables/batches/<uuid:public_id>/files/<slug:kind>/",
        batch_views.payment_file,
        name="payment_file",
    ),
    path(
        "settings/paying-accounts/",
        paying_account_views.paying_account_list,
        name="paying_account_list",
    ),
    path(
        "settings/paying-accounts/new/",
        paying_account_views.paying_account_new,
        name="paying_account_new",
    ),
    path(
        "settings/paying-accounts/<uuid:public_id>/confirm/",
        paying_account_views.paying_account_confirm,
        name="paying_account_confirm",
    ),
    path(
        "settings/paying-accounts/<uuid:public_id>/reject/",
        paying_account_views.paying_account_reject,
        name="paying_account_reject",
    ),
    path("settings/tolerances/", tolerance_views.tolerance_list, name="tolerance_list"),
    path("settings/tolerances/new/", tolerance_views.tolerance_new, name="tolerance_new"),
    path("settings/tolerances/lab/", trial_views.trial_list, name="trial_list"),
    path("settings/tolerances/lab/new/", trial_views.trial_new, name="trial_new"),
    path(
        "settings/tolerances/lab/<uuid:public_id>/", trial_views.trial_detail, name="trial_detail"
    ),
    path(
        "settings/tolerances/lab/<uuid:public_id>/save/",
        trial_views.trial_save,
        name="trial_save",
    ),
    path(
        "settings/tolerances/<uuid:public_id>/",
        tolerance_views.tolerance_new,
        name="tolerance_change",
    ),
    path(
        "settings/tolerances/suspensions/<uuid:public_id>/",
        tolerance_views.suspension_review,
        name="suspension_review",
    ),
    path("settings/mail-in/", mailbox_views.mailbox, name="mailbox"),
    path("settings/mail-in/try/", mailbox_views.mailbox_try, name="mailbox_try"),
    path("scorecards/", result_views.scorecard_list, name="scorecard_list"),
    path("scorecards/<uuid:public_id>/", result_views.scorecard_detail, name="scorecard_detail"),
    path(
        "orders/<uuid:public_id>/misses/<int:line_no>/",
        miss_views.miss_attribute,
        name="miss_attribute",
    ),
    path("sku-costs/", result_views.sku_cost_list, name="sku_cost_list"),
    path("sku-costs/<uuid:public_id>/", result_views.sku_cost_detail, name="sku_cost_detail"),
]
