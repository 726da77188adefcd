"""Law 6: every template is used; nothing in a template needs a looser content policy."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.architecture.each import ROOT, for_each

TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
SOURCES = [
    path
    for folder in ("procure", "suppliers", "purchasing", "matching", "templates")
    for path in (ROOT / folder).rglob("*.*")
    if path.suffix in {".py", ".html", ".txt"}
]
# Django looks these up by name.
NAMED_BY_DJANGO = {"400.html", "403.html", "404.html", "500.html", "403_csrf.html"}
# Ready for the screens that are being built; each leaves this list with its first user.
KEPT_READY = {
    "confirm.html",
    "_pieces/empty_failed.html",
    "_pieces/facts.html",
    "_pieces/tiles.html",
    "_pieces/timeline.html",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@cache
def all_sources() -> str:
    return "\n".join(path.read_text() for path in SOURCES)


@for_each(TEMPLATES)
def test_every_template_is_used(path: Path) -> None:
    if name_of(path) not in NAMED_BY_DJANGO | KEPT_READY:
        assert re.search(rf"[\"']{re.escape(name_of(path))}[\"'#]", all_sources())


@for_each([path for path in TEMPLATES if path.suffix == ".html"])
def test_a_template_keeps_the_content_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "style attribute"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler"
    assert "hx-on" not in text
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "inline script"
    assert "<style" not in text
    assert "|safe" not in text, "text that skips escaping"


@for_each([path for path in TEMPLATES if path.suffix == ".html"])
def test_a_template_uses_our_prefix_for_classes(path: Path) -> None:
    for value in re.findall(r"class=\"([^\"]*)\"", path.read_text()):
        plain = re.sub(r"{%.*?%}|{{.*?}}", " ", value)
        words = [word for word in plain.split() if re.fullmatch(r"[a-z][a-z0-9_-]*", word)]
        assert all(word.startswith(("pc-", "htmx-")) for word in words), value


@for_each(sorted((ROOT / "static").glob("*.css")))
def test_colours_come_from_tokens(path: Path) -> None:
    if path.name != "tokens.css":
        raw = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*})|rgba?\([^)]*\)", path.read_text())
        assert raw == []
