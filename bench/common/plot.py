"""A small line plot as SVG, with nothing but the standard library: x logarithmic, y from zero."""
import html
import math

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 300, 60, 46, 34, 16
_COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce")


def _nice(value):
    """The next of 1, 2, 5 × a power of ten that is not below."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _short(value):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def line_plot(title, x_label, y_label, lines):
    """`lines`: {name: [(x, y), …]} with x > 0. Gives the SVG's text."""
    points = [point for line in lines.values() for point in line]
    low, high = (math.log10(pick(x for x, _ in points)) for pick in (min, max))
    top = _nice(max(y for _, y in points) * 1.05)
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x, y):
        share = (math.log10(x) - low) / (high - low) if high > low else 0.5
        return round(_LEFT + share * across, 1), round(_TOP + up - y / top * up, 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{_LEFT}" y="20" font-size="14">{html.escape(title)}</text>',
             f'<text x="{_LEFT + across / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{html.escape(x_label)}</text>',
             f'<text transform="translate(14 {_TOP + up / 2}) rotate(-90)" text-anchor="middle">{html.escape(y_label)}</text>']
    for step in range(5):
        y = top * step / 4
        _, height = at(10 ** low, y)
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + across}" y1="{height}" y2="{height}" stroke="#ddd"/>'
                     f'<text x="{_LEFT - 6}" y="{height + 4}" text-anchor="end">{_short(round(y, 6))}</text>')
    for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1):
        x, _ = at(10 ** power, 0)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_TOP + up}" stroke="#eee"/>'
                     f'<text x="{x}" y="{_TOP + up + 16}" text-anchor="middle">{_short(10 ** power)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [at(x, y) for x, y in line]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x},{y}" for x, y in places)}"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_TOP + 14 * number}" text-anchor="end" fill="{colour}">{html.escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
