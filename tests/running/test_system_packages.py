"""What the system must bring is installed where that is possible, else named in one line."""

import pytest

from procure import system_packages as packages


@pytest.fixture
def bare_machine(monkeypatch):
    """A machine without Pango and without a browser, where nothing may be installed."""
    monkeypatch.setattr(packages, "can_make_pdfs", lambda: False)
    monkeypatch.setattr(packages, "is_root_on_debian", lambda: False)
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    monkeypatch.delenv("CHROMIUM", raising=False)


def test_without_rights_the_line_that_installs_pango_is_said(bare_machine, capsys, monkeypatch):
    monkeypatch.setattr(packages.sys, "platform", "linux")
    packages.provide_pdf_libraries()
    assert capsys.readouterr().err == (
        "Orders print as HTML, not PDF, until Pango is installed: apt-get install -y "
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n"
    )


def test_on_a_mac_it_is_another_line(bare_machine, capsys, monkeypatch):
    monkeypatch.setattr(packages.sys, "platform", "darwin")
    packages.provide_pdf_libraries()
    assert capsys.readouterr().err.endswith("brew install pango\n")


def test_as_root_on_debian_pango_is_installed_without_a_word_more(monkeypatch, capsys):
    installed = []

    def install(*names):
        installed.extend(names)
        return True

    monkeypatch.setattr(packages, "can_make_pdfs", lambda: bool(installed))
    monkeypatch.setattr(packages, "is_root_on_debian", lambda: True)
    monkeypatch.setattr(packages, "apt_install", install)
    packages.provide_pdf_libraries()
    assert tuple(installed) == packages.PDF_PACKAGES
    assert capsys.readouterr().err == ""


def test_a_named_browser_is_taken_only_when_it_exists(monkeypatch, tmp_path):
    browser = tmp_path / "chromium"
    monkeypatch.setenv("CHROMIUM", str(browser))
    assert packages.find_browser() is None
    browser.touch()
    assert packages.find_browser() == str(browser)


def test_a_browser_of_playwrights_own_is_found(bare_machine, monkeypatch, tmp_path):
    monkeypatch.setattr(packages.Path, "home", lambda: tmp_path)
    assert packages.find_browser() is None
    browser = tmp_path / ".cache/ms-playwright/chromium-1200/chrome-linux64/chrome"
    browser.parent.mkdir(parents=True)
    browser.touch()
    assert packages.find_browser() == str(browser)


def test_a_library_that_is_not_there_is_not_loadable():
    assert not packages.is_loadable("libnowhere.so.7")
