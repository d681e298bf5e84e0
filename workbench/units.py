"""Every number and text format that a person reads."""

from __future__ import annotations

import math
import unicodedata

_BYTES = ("B", "kB", "MB", "GB", "TB")
_THOUSANDS = ("k", "M", "G", "T", "P")


def number(value: float | None, digits: int = 4) -> str:
    """A metric or parameter in few characters: `0.0312`, `1.2e-05`, `12,345`; `–` for none."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.{digits}g}"
        return f"{value:,.0f}" if "e" in text else text
    return f"{value:.{max(digits - 2, 1)}e}"


def duration(seconds: float | None) -> str:
    """A time span in at most six characters: `0.4s`, `12s`, `3m05s`, `2h07m`, `4d11h`."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def age(seconds: float) -> str:
    """How long ago, coarsely: `just now`, `5m ago`, `3h ago`, `12d ago`."""
    for limit_s, unit_s, unit in ((60, 0, ""), (3600, 60, "m"), (86400, 3600, "h")):
        if seconds < limit_s:
            return f"{int(seconds // unit_s)}{unit} ago" if unit_s else "just now"
    return f"{int(seconds // 86400)}d ago"


def size(count_bytes: float) -> str:
    """A number of bytes with a decimal unit: `512 B`, `4.7 MB`."""
    amount = float(count_bytes)
    for unit in _BYTES:
        if abs(amount) < 999.95 or unit == _BYTES[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable: the last unit has no bound")


def count(many: int) -> str:
    """A large number of things in at most seven characters: `9,408`, `118 M`, `1.81 G`."""
    if many < 10_000:
        return f"{many:,}"
    amount = float(many)
    for unit in _THOUSANDS:
        amount /= 1000
        if amount < 999.5 or unit == _THOUSANDS[-1]:
            break
    digits = 0 if amount >= 99.95 else 1 if amount >= 9.995 else 2
    return f"{amount:.{digits}f} {unit}"


def plain(text: str, *, keep_newlines: bool = False) -> str:
    """Foreign text made safe to print: control characters become visible.

    An escape becomes `␛`, other C0 characters their control picture, what else cannot be
    printed `�`. Tabs become a space. Newlines stay only where `keep_newlines` asks.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char, keep_newlines) for char in text)


def cut_middle(text: str, width: int) -> str:
    """`text` in at most `width` characters; its end stays, in which neighbours differ."""
    if len(text) <= width:
        return text
    tail = min(6, max(width - 2, 0))
    return text[: max(width - tail - 1, 0)] + "…" + text[len(text) - tail :]


def _visible(char: str, keep_newlines: bool) -> str:
    if char == "\n" and keep_newlines:
        return char
    if char == "\t":
        return " "
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\u200d":
        return "�"
    return char
