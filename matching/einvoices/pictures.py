"""The first pages of a PDF as pictures, for the person who enters it by hand.

A browser never opens a stranger's PDF inside our pages; it shows these instead.
"""

from __future__ import annotations

from io import BytesIO

from pypdfium2 import PdfDocument, PdfiumError

MOST_PAGES = 4
WIDTH = 1_000  # pixels
LARGEST_SIDE = 14_400  # points, the largest page that the format knows


def draw_pages(content: bytes) -> list[bytes]:
    """JPEG pictures of the first pages; none when the PDF cannot be drawn."""
    try:
        document = PdfDocument(content)
        places = range(min(len(document), MOST_PAGES))
        return [picture for place in places if (picture := _drawn(document, place))]
    except PdfiumError:
        return []


def _drawn(document: PdfDocument, place: int) -> bytes:
    page = document[place]
    width, height = page.get_size()
    if not 0 < width <= LARGEST_SIDE or not 0 < height <= min(LARGEST_SIDE, 3 * width):
        return b""
    kept = BytesIO()
    page.render(scale=WIDTH / width).to_pil().convert("RGB").save(kept, "JPEG", quality=75)
    return kept.getvalue()
