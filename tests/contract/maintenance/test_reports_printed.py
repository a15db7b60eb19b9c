"""Reports as PDF: the font within, what is said where it is wanting, and nothing fetched."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from maintenance.ports import MaintenanceTx
from maintenance.reports import pdf
from maintenance.reports.printing import NotPrinted, to_pdf
from plantroom.cli.check_flow import Look
from plantroom.cli.check_reports import pdfs
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.reporting import furnish
from tests.contract.maintenance.test_reports import PACK, made


def test_a_pdf_has_its_font_within_and_says_what_the_page_says(ledger: Ledger[MaintenanceTx], tmp_path: Path) -> None:
    furnish(ledger, FolderFiles(tmp_path))
    _, html = made(ledger, tmp_path, PACK)
    assert shutil.which("pdftotext"), "poppler-utils is wanting: scripts/install-test-servers"
    path = tmp_path / "pack.pdf"
    path.write_bytes(to_pdf(html))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    assert "检查资料包" in text
    assert "王安全" in text
    assert re.search(r"1 ?/ ?[2-9]", text)
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True).stdout.decode().splitlines()[2:]
    assert any("CJK" in line or "WenQuan" in line or "Hei" in line for line in fonts), fonts
    assert all(" yes yes " in line or " yes no " in line for line in fonts), fonts  # every font is embedded


def test_without_a_chinese_font_it_says_which_one_to_install(tmp_path: Path) -> None:
    (tmp_path / "fonts.conf").write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig><dir>{tmp_path}</dir>'
        f"<cachedir>{tmp_path}/cache</cachedir></fontconfig>"
    )
    with pytest.raises(NotPrinted, match="fonts-noto-cjk"):
        to_pdf("<p>水泵</p>", {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")})


def test_without_pango_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf.wanting() is None
    monkeypatch.setattr(pdf, "LIBRARIES", ("libnope.so.0",))
    assert "apt-get install libpango-1.0-0" in (pdf.wanting() or "")
    look, words, advice = pdfs()
    assert (look, "Pango" in words, advice.startswith("apt-get install")) == (Look.WARN, True, True)


def test_a_pdf_fetches_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"not for everybody")
    html = (
        f'<p>水泵</p><img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.png"><a href="{secret.as_uri()}">x</a>'
    )
    assert b"not for everybody" not in to_pdf(html)
