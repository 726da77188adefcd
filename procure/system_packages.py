"""What the system must bring and pip cannot: Pango for PDFs, and a browser for the browser tests.

As root on Debian both are installed; elsewhere a line says what to type.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

from procure.bootstrap import say

PDF_LIBRARIES = {
    "linux": ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"),
    "darwin": ("libpango-1.0.dylib",),
}
PDF_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def can_make_pdfs() -> bool:
    """Tell whether the libraries that WeasyPrint needs can be loaded."""
    return all(is_loadable(name) for name in PDF_LIBRARIES.get(sys.platform, ()))


def is_loadable(library: str) -> bool:
    """Tell whether the dynamic linker finds this library."""
    homebrew = Path("/opt/homebrew/lib") / library
    try:
        ctypes.CDLL(str(homebrew) if homebrew.exists() else library)
    except OSError:
        return False
    return True


def provide_pdf_libraries() -> None:
    """Install Pango when that can be done without asking, else say the line that does."""
    if can_make_pdfs():
        return
    if is_root_on_debian() and apt_install(*PDF_PACKAGES) and can_make_pdfs():
        return
    line = f"apt-get install -y {' '.join(PDF_PACKAGES)}"
    line = "brew install pango" if sys.platform == "darwin" else line
    say(f"Orders print as HTML, not PDF, until Pango is installed: {line}")


def provide_browser() -> str | None:
    """Find a Chromium, or get one; the answer is its path, or None when none can be had."""
    if found := find_browser():
        return found
    if is_root_on_debian():
        apt_install("chromium")
    if found := find_browser():
        return found
    say("Getting a Chromium for the browser tests …")
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        capture_output=True,
        check=False,
    )
    return find_browser()


def find_browser() -> str | None:
    """The path of an installed Chromium: CHROMIUM, then PATH, then Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named if Path(named).exists() else None
    for name in BROWSER_NAMES:
        if path := shutil.which(name):
            return path
    patterns = (
        ".cache/ms-playwright/chromium-*/chrome-linux*/chrome",
        "Library/Caches/ms-playwright/chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    )
    for pattern in patterns:
        if paths := sorted(Path.home().glob(pattern)):
            return str(paths[-1])
    return None


def is_root_on_debian() -> bool:
    """Tell whether packages can be installed here without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install Debian packages, the list of packages refreshed first when that is needed."""
    say(f"Installing {' '.join(packages)} …")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for command in (install, ["apt-get", "update"], install):
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        if done.returncode == 0 and command is install:
            return True
    return False
