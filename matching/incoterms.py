"""The three letters that say who carries a delivery how far, by the rules of the ICC of 2010 and 2020."""

INCOTERMS = frozenset(
    {"EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DAT", "DPU", "DDP"}
)


def incoterm_in(text: str) -> str:
    """The term that a text begins with, such as DAP in "dap Reno"; empty when it names none."""
    code = text.strip()[:3].upper()
    return code if code in INCOTERMS else ""
