"""Icons and pills, the two pieces every screen uses in every row."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

register = template.Library()

# What a stored status looks like: the tone of its verdict and an icon, so that colour never
# stands alone. The words beside it are the model's own.
STATUS_LOOKS: dict[str, tuple[str, str]] = {
    "draft": ("", "pencil-line"),
    "submitted": ("info", "clock"),
    "waiting": ("info", "clock"),
    "in_review": ("info", "clock"),
    "prospect": ("", "circle-dashed"),
    "open": ("info", "circle-dot"),
    "approved": ("ok", "check"),
    "backup": ("", "check"),
    "preferred": ("ok", "shield-check"),
    "qualified": ("ok", "shield-check"),
    "conditional": ("warn", "shield-alert"),
    "active": ("ok", "check"),
    "issued": ("ok", "send"),
    "planned": ("info", "clock"),
    "released": ("ok", "badge-check"),
    "exported": ("ok", "send"),
    "part_returned": ("warn", "undo-2"),
    "returned": ("bad", "undo-2"),
    "taken_out": ("", "minus"),
    "posted": ("ok", "check"),
    "received": ("ok", "package-check"),
    "matched": ("ok", "check"),
    "paid": ("ok", "check"),
    "applied": ("ok", "check"),
    "refused": ("bad", "x"),
    "reading": ("info", "clock"),
    "captured": ("ok", "check"),
    "needs_person": ("warn", "user-round"),
    "withdrawn": ("", "corner-down-left"),
    "cleared": ("ok", "check"),
    "closed": ("", "archive"),
    "archived": ("", "archive"),
    "merged": ("", "git-merge"),
    "void": ("", "ban"),
    "dropped": ("", "ban"),
    "cancelled": ("", "ban"),
    "reversed": ("", "undo-2"),
    "overridden": ("warn", "check"),
    "held": ("bad", "triangle-alert"),
    "off_list": ("warn", "lock"),
    "provisional": ("warn", "hourglass"),
    "met": ("ok", "check"),
    "not_met": ("bad", "x"),
    "waived": ("warn", "check"),
    "not_approved": ("warn", "lock"),
    "rejected": ("bad", "x"),
    "blocked": ("bad", "ban"),
    "suspended": ("bad", "ban"),
    "disqualified": ("bad", "ban"),
    "expired": ("bad", "calendar-x"),
    "proposed": ("warn", "phone"),
    "called_back": ("warn", "users"),
    "confirmed": ("ok", "check"),
}


@lru_cache(maxsize=256)
def _drawn(name: str, label: str, size: int, classes: str) -> str:
    names = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return str(lucide(name, size=size, **{"class": classes, "focusable": "false", **names}))


@register.simple_tag
def icon(name: str, label: str = "", small: bool = False) -> SafeString:
    """`{% icon "truck" %}`: decoration; with a label it is an image of that name."""
    classes = "pc-icon pc-icon--small" if small else "pc-icon"
    return mark_safe(_drawn(name, str(label), 13 if small else 16, classes))


@register.simple_tag
def pill(words: str, tone: str = "", icon_name: str = "") -> SafeString:
    """`{% pill "Preferred" "ok" "shield-check" %}`; tone is ok, warn, bad, info or nothing."""
    classes = f"pc-pill pc-pill--{tone}" if tone else "pc-pill"
    drawn = icon(icon_name, small=True) if icon_name else ""
    return format_html('<span class="{}">{}{}</span>', classes, drawn, words)


@register.simple_tag
def status_pill(status: str, words: str) -> SafeString:
    """`{% status_pill order.status order.get_status_display %}`: a status in its own look."""
    tone, icon_name = STATUS_LOOKS.get(str(status), ("", "circle"))
    return pill(words, tone, icon_name)


# What an event's last word looks like in a timeline.
EVENT_ICONS: dict[str, str] = {
    "accepted": "check",
    "added": "plus",
    "address_changed": "pencil-line",
    "admission_ended": "hourglass",
    "admission_task_ticked": "list-checks",
    "admitted_provisionally": "hourglass",
    "agreed": "file-check",
    "answered": "message-square-text",
    "applied": "upload",
    "approval_changed": "pencil-line",
    "approval_ended": "calendar-x",
    "approved": "check",
    "archived": "archive",
    "asked": "circle-question-mark",
    "attached": "paperclip",
    "attributed": "scale",
    "awarded": "trophy",
    "bank_account_called_back": "phone",
    "merged": "git-merge",
    "merge_undone": "undo-2",
    "told": "send",
    "told_apart": "users",
    "bank_account_confirmed": "check",
    "bank_account_proposed": "landmark",
    "bank_account_rejected": "x",
    "blocked": "ban",
    "cancelled": "ban",
    "captured": "inbox",
    "change_proposed": "send",
    "change_refused": "ban",
    "checked": "list-checks",
    "change_step_approved": "check",
    "change_withdrawn": "corner-down-left",
    "changed": "pencil-line",
    "checklist_changed": "list-checks",
    "cleared": "check",
    "closed": "archive",
    "confirmed": "check",
    "contact_added": "user-plus",
    "contact_changed": "pencil-line",
    "contact_removed": "user-minus",
    "created": "plus",
    "credit_requested": "receipt-text",
    "criterion_answered": "list-checks",
    "decided": "gavel",
    "decision_undone": "undo-2",
    "declined": "x",
    "dismissed": "x",
    "drafted": "pencil-line",
    "failed": "triangle-alert",
    "recovered": "check",
    "expected_again": "undo-2",
    "extended": "calendar-plus",
    "drilled": "siren",
    "dropped": "ban",
    "edited": "pencil-line",
    "end_reminded": "bell",
    "expiry_reminded": "bell",
    "fix_declined": "wrench",
    "ended": "calendar-x",
    "exported": "send",
    "founded": "flag",
    "held": "triangle-alert",
    "imported": "upload",
    "invited": "mail",
    "issued": "send",
    "joined": "user-plus",
    "left_to_person": "user-round",
    "linked": "link",
    "made": "handshake",
    "matched": "zap",
    "moved": "folder-tree",
    "noted": "message-square-text",
    "opened": "mail-open",
    "order_change_asked": "circle-question-mark",
    "order_found": "link",
    "overdue": "clock",
    "overridden": "check",
    "paid": "banknote",
    "payment_returned": "undo-2",
    "posted": "truck",
    "received": "inbox",
    "refused": "x",
    "removed": "trash-2",
    "restored": "undo-2",
    "prices_changed": "tag",
    "proposed": "send",
    "put_aside": "hand",
    "qualification_expired": "calendar-x",
    "qualified": "shield-check",
    "quoted": "tag",
    "rejected": "x",
    "released": "check",
    "reminded": "bell",
    "reopened": "undo-2",
    "returned": "corner-up-left",
    "reversed": "undo-2",
    "revised": "pencil-line",
    "risk_closed": "check",
    "risk_noted": "triangle-alert",
    "sent": "send",
    "sent_back": "corner-down-left",
    "set": "sliders-horizontal",
    "step_approved": "check",
    "strategy_reviewed": "target",
    "strategy_set": "target",
    "submitted": "send",
    "substitute_approved": "replace",
    "substitute_withdrawn": "replace",
    "taken": "inbox",
    "taken_out": "minus",
    "tried": "upload",
    "unblocked": "check",
    "voided": "ban",
    "went_off_list": "lock",
    "withdrawn": "corner-down-left",
}


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    """`{% event_icon event.kind %}`: by the last word of goods_receipt.posted and the like."""
    return icon(EVENT_ICONS.get(kind.rpartition(".")[2], "circle-dot"))
