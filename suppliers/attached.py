"""What carries files in suppliers."""

from procure.attachments import FileKind, register_file_kind

register_file_kind(
    FileKind(
        "supplier", "suppliers.Supplier",
        read="suppliers.read", write="suppliers.write", page="suppliers:supplier_detail",
    )
)  # fmt: skip
register_file_kind(
    FileKind(
        "price-agreement", "suppliers.PriceAgreement",
        read="suppliers.read", write="sourcing.write", page="suppliers:agreement_detail",
    )
)  # fmt: skip
# Only the answer to a criterion adds a file to it.
register_file_kind(
    FileKind(
        "criterion-answer", "suppliers.CriterionAnswer",
        read="suppliers.read", write="sourcing.write",
    )
)  # fmt: skip
register_file_kind(
    FileKind(
        "sourcing-decision", "suppliers.SourcingDecision",
        read="suppliers.read", write="sourcing.write", page="suppliers:decision_detail",
    )
)  # fmt: skip
