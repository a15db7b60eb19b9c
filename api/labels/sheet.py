"""The printable sheet of QR labels: HTML for A4, 3 by 7 labels of 63.5 by 38.1 mm a page (as sheets of 21 are sold)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

from plantroom.domain.assets import Asset, LocalName, Location
from plantroom.domain.labels import asset_address

PER_PAGE = 21

_STYLE = """
@page { size: A4; margin: 0; }
* { box-sizing: border-box; }
body { margin: 0; font-family: "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif; color: #000; }
.page { width: 210mm; height: 297mm; padding: 15.1mm 7.2mm; display: grid; grid-template-columns: repeat(3, 63.5mm);
  grid-template-rows: repeat(7, 38.1mm); column-gap: 2.5mm; page-break-after: always; break-after: page; }
.label { display: flex; gap: 2mm; padding: 3mm; overflow: hidden; align-items: center; }
.label svg { width: 28mm; height: 28mm; flex: none; }
.code { font-weight: 700; font-size: 12pt; overflow-wrap: anywhere; }
.name { font-size: 8.5pt; line-height: 1.25; }
.place { font-size: 7pt; line-height: 1.2; color: #333; }
@media screen { body { background: #ddd; } .page { background: #fff; margin: 5mm auto; }
  .label { outline: 1px dashed #bbb; } }
"""


@dataclass(frozen=True, slots=True)
class Label:
    """One label: where its QR leads, and what people read beside it. ``places`` from the building inwards."""

    address: str
    code: str
    name: LocalName
    places: tuple[LocalName, ...] = ()


def label_of(base: str, asset: Asset, path: Iterable[Location]) -> Label:
    """The label of an asset under the web app's address."""
    places = tuple(place.name for place in path)
    return Label(asset_address(base, asset.site, asset.code), asset.code, asset.name, places)


def sheet(title: str, labels: Sequence[Label]) -> str:
    """The whole HTML document; it needs nothing from elsewhere and runs nothing."""
    pages = [labels[start : start + PER_PAGE] for start in range(0, len(labels), PER_PAGE)]
    body = "".join(f'<section class="page">{"".join(map(_label, page))}</section>' for page in pages)
    empty = "<p>没有设备 / no assets</p>" if not labels else ""
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}{empty}</body></html>"
    )


def _label(label: Label) -> str:
    name = escape(label.name.zh)
    if label.name.en != label.name.zh:
        name += f"<br>{escape(label.name.en)}"
    place = " / ".join(escape(one.zh) for one in label.places)
    texts = [
        f'<div class="code">{escape(label.code)}</div>',
        f'<div class="name">{name}</div>' if label.name.zh != label.code else "",
        f'<div class="place">{place}</div>' if place else "",
        '<div class="place">扫码查看、报修 / scan to look or report</div>',
    ]
    return f'<div class="label">{_qr(label.address)}<div>{"".join(texts)}</div></div>'


def _qr(text: str) -> str:
    """An SVG element. Medium correction: 15 % of the label may be dirty."""
    import segno

    out = BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, nl=False
    )
    return out.getvalue().decode()
