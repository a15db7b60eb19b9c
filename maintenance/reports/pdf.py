"""HTML on stdin, PDF on stdout: a program of its own, so that a long report neither keeps the service from answering
nor takes it along when memory ends. It imports nothing of ours, reads no file and asks nobody for anything.

Exit codes: 0 done, 3 a library or a font with Chinese characters is wanting: which one stands on stderr.
"""

import ctypes
import sys

NOT_INSTALLED = 3
LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0", "libfontconfig.so.1")
FONT_MISSING = (
    "没有安装含中文字符的字体，PDF会显示方框 / no font with Chinese characters is installed:"
    " a PDF would show boxes. Debian: apt-get install fonts-noto-cjk"
)
PANGO_MISSING = (
    "没有安装Pango，不能生成PDF / Pango is not installed, which PDFs are made with."
    " Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
)


class _FontSet(ctypes.Structure):
    _fields_ = (("nfont", ctypes.c_int), ("sfont", ctypes.c_int), ("fonts", ctypes.c_void_p))


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Simplified Chinese. ``OSError`` without fontconfig."""
    library = ctypes.CDLL(LIBRARIES[-1])
    library.FcNameParse.restype = ctypes.c_void_p
    library.FcObjectSetCreate.restype = ctypes.c_void_p
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcFontList.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    found = library.FcFontList(None, library.FcNameParse(b":lang=zh-cn"), library.FcObjectSetCreate())
    return bool(found) and found.contents.nfont > 0


def wanting() -> str | None:
    """What is not installed that PDFs need, and how to get it; ``None``: nothing."""
    try:
        for name in LIBRARIES:
            ctypes.CDLL(name)
    except OSError as error:
        return f"{error}: {PANGO_MISSING}"
    return None if has_chinese_font() else FONT_MISSING


def main() -> int:
    """The program."""
    problem = wanting()
    if problem is not None:
        sys.stderr.write(problem)
        return NOT_INSTALLED
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    # No protocol is allowed, so that nothing is fetched, whatever a text has made it into.
    nobody = URLFetcher(allowed_protocols=())
    made = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=nobody).write_pdf()
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
