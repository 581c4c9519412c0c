# SPDX-License-Identifier: Apache-2.0
"""chart.py - small SVG charts that read on light and on dark ground, without fonts or scripts from elsewhere.

bars(): groups of horizontal bars.  lines(): curves over a logarithmic or a plain axis.  Both return the SVG's text.
"""
import math
from xml.sax.saxutils import escape

STYLE = '''<style>
text { font: 12px sans-serif; fill: #1f2328 }
.head { font-weight: bold; font-size: 14px }
.dim { fill: #656d76 }
.axis { stroke: #d0d7de }
.s0 { fill: #0969da; stroke: #0969da } .s1 { fill: #8c959f; stroke: #8c959f } .s2 { fill: #bf8700; stroke: #bf8700 }
.s3 { fill: #1a7f37; stroke: #1a7f37 } .s4 { fill: #cf222e; stroke: #cf222e }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .dim { fill: #8d96a0 } .axis { stroke: #30363d }
.s0 { fill: #4493f8; stroke: #4493f8 } .s1 { fill: #6e7681; stroke: #6e7681 } .s2 { fill: #d29922; stroke: #d29922 }
.s3 { fill: #3fb950; stroke: #3fb950 } .s4 { fill: #f85149; stroke: #f85149 }
}
</style>'''
WIDTH = 760


def text(x, y, words, kind='', anchor='start'):
    return '<text x="%.0f" y="%.0f" class="%s" text-anchor="%s">%s</text>' % (x, y, kind, anchor, escape(words))


def svg(height, parts, title):
    return '\n'.join(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" '
                      'aria-label="%s">' % (WIDTH, height, WIDTH, height, escape(title, {'"': '&quot;'})), STYLE] +
                     parts + ['</svg>', ''])


def legend(names, y):
    parts, x = [], 20
    for i, name in enumerate(names):
        parts += ['<rect class="s%d" x="%d" y="%d" width="10" height="10"/>' % (i, x, y - 9), text(x + 15, y, name, 'dim')]
        x += 30 + 7 * len(name)
    return parts


def bars(title, names, groups):
    """groups: (label, [(value, words), ...] in the order of names); each group has its own scale: its greatest is full."""
    left, full = 250, 360
    parts, y = [text(20, 24, title, 'head')] + legend(names, 46), 70
    for label, values in groups:
        most = max([v for v, _ in values if v is not None] or [1]) or 1
        parts.append(text(20, y + 10, label))
        for i, (value, words) in enumerate(values):
            if value is None:
                continue
            width = max(1, full * value / most)
            parts += ['<rect class="s%d" x="%d" y="%d" width="%.1f" height="11"/>' % (i, left, y, width),
                      text(left + width + 6, y + 10, words, 'dim')]
            y += 15
        y += 9
    return svg(y + 6, parts, title)


def ticks(low, high):
    """Round numbers that cover a plain axis."""
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9)))
    step *= 0.2 if (high - low) / step < 2 else 0.5 if (high - low) / step < 5 else 1
    at = [low + i * step for i in range(int((high - low) / step + 1e-9) + 1)]
    return at if at[-1] >= high else at + [at[-1] + step]


def short(value):
    for unit, name in ((1e9, 'G'), (1e6, 'M'), (1e3, 'k')):
        if abs(value) >= unit:
            return '%g%s' % (round(value / unit, 2), name)
    return '%g' % round(value, 3)


def lines(title, x_name, y_name, series, log_x=True):
    """series: (name, [(x, y), ...]).  The axis of y begins at 0: what is flat looks flat."""
    left, top, wide, high = 70, 66, WIDTH - 110, 240
    xs = [x for _, points in series for x, _ in points]
    marks = ticks(0, max(y for _, points in series for _, y in points) or 1)
    if log_x:
        xs = [math.log10(x) for x in xs]
    low, span = min(xs), (max(xs) - min(xs)) or 1

    def at(x, y):
        return (left + wide * ((math.log10(x) if log_x else x) - low) / span, top + high - high * y / marks[-1])
    parts = [text(20, 24, title, 'head')] + legend([name for name, _ in series], 46)
    for m in marks:
        y = top + high - high * m / marks[-1]
        parts += ['<line class="axis" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>' % (left, y, left + wide, y),
                  text(left - 8, y + 4, short(m), 'dim', 'end')]
    for x in sorted({x for _, points in series for x, _ in points}):
        parts.append(text(at(x, 0)[0], top + high + 18, short(x), 'dim', 'middle'))
    for i, (_, points) in enumerate(series):
        where = [at(x, y) for x, y in sorted(points)]
        parts.append('<polyline class="s%d line" style="fill:none" points="%s"/>' % (
            i, ' '.join('%.1f,%.1f' % p for p in where)))
        parts += ['<circle class="s%d" cx="%.1f" cy="%.1f" r="3"/>' % ((i,) + p) for p in where]
    parts += [text(left + wide / 2, top + high + 38, x_name, 'dim', 'middle'), text(20, top - 6, y_name, 'dim')]
    return svg(top + high + 50, parts, title)
