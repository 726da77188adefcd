"""A file on stdin becomes a reading on stdout: a process of its own, with nothing to lose.

With the argument `pages` it becomes pictures of its pages instead, in base64, one a line.
"""

import json
import sys
from base64 import b64encode

from matching.einvoices.confined import limit
from matching.einvoices.document import to_json
from matching.einvoices.pictures import draw_pages
from matching.einvoices.reading import read_einvoice


def main() -> None:
    """Read, and say what it came to."""
    limit()
    content = sys.stdin.buffer.read()
    if sys.argv[1:] == ["pages"]:
        sys.stdout.writelines(b64encode(page).decode() + "\n" for page in draw_pages(content))
    else:
        sys.stdout.write(json.dumps(to_json(read_einvoice(content))))


if __name__ == "__main__":
    main()
