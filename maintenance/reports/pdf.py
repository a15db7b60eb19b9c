"""HTML on stdin, PDF on stdout: a program of its own, so that a long report neither keeps the service from answering
nor takes it along when memory ends. It imports nothing of ours, reads no file and asks nobody for anything.

Exit codes: 0 done, 3 no font with Chinese characters, 4 no Pango. What is wrong stands on stderr.
"""

import ctypes
import ctypes.util
import sys

NO_FONT, NO_PANGO = 3, 4
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
    name = ctypes.util.find_library("fontconfig") or "libfontconfig.so.1"
    library = ctypes.CDLL(name)
    library.FcNameParse.restype = ctypes.c_void_p
    library.FcObjectSetCreate.restype = ctypes.c_void_p
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcFontList.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    found = library.FcFontList(None, library.FcNameParse(b":lang=zh-cn"), library.FcObjectSetCreate())
    return bool(found) and found.contents.nfont > 0


def main() -> int:
    """The program."""
    try:
        if not has_chinese_font():
            sys.stderr.write(FONT_MISSING)
            return NO_FONT
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        sys.stderr.write(f"{PANGO_MISSING} ({error})")
        return NO_PANGO
    # No protocol is allowed, so that nothing is fetched, whatever a text has made it into.
    nobody = URLFetcher(allowed_protocols=())
    made = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=nobody).write_pdf()
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
