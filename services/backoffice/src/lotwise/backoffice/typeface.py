"""The only home of the web cut of Inter: the wheel's variable face with only the Latin glyphs left filled.

Glyph numbers stay as they are, so every other table stays valid; empty glyphs, and no kerning and substitutions but
those that our sheets ask for, make it small.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

KEPT_RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2026), (0x20AC, 0x20AC), (0x2190, 0x2193), (0x2212, 0x2212))
KEPT_FEATURES = frozenset({b"tnum", b"cv11", b"ss03"})
DROPPED = frozenset({"GPOS", "GDEF", "HVAR", "DSIG", "prep", "gasp", "MVAR"})
_WORDS, _SCALE, _MORE, _XY_SCALE, _TWO_BY_TWO = 1, 8, 32, 64, 128


def latin_cut(face: bytes) -> bytes:
    """A TrueType variable face with the outlines of Latin, punctuation and currency only (and their alternates)."""
    tables = _tables(face)
    offsets = _offsets(tables["loca"], is_long=tables["head"][51] == 1)
    mapped = {code: glyph for code, glyph in _mapping(tables["cmap"]).items() if _is_kept(code)}
    wanted = {0, *mapped.values()}
    substitutions = _substitutions_kept(tables["GSUB"])
    kept = _closure(wanted | _alternates(substitutions, wanted), tables["glyf"], offsets)
    tables["cmap"] = _written(mapped)
    tables["GSUB"] = _substituting(substitutions, kept)
    tables["hmtx"] = _without_widths(tables["hmtx"], tables["hhea"], kept)
    tables["glyf"], tables["loca"] = _emptied(tables["glyf"], offsets, kept)
    head = bytearray(tables["head"])
    head[50:52] = b"\x00\x01"
    tables["head"] = bytes(head)
    tables["gvar"] = _variations(tables["gvar"], kept)
    tables["post"] = struct.pack(">I", 0x00030000) + tables["post"][4:32]
    return _joined({tag: table for tag, table in tables.items() if tag not in DROPPED})


def _is_kept(code: int) -> bool:
    return any(first <= code <= last for first, last in KEPT_RANGES)


def _tables(face: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">H", face, 4)
    records = (struct.unpack_from(">4sIII", face, 12 + 16 * i) for i in range(count))
    return {tag.decode(): face[start : start + length] for tag, _, start, length in records}


def _offsets(loca: bytes, *, is_long: bool) -> list[int]:
    if is_long:
        return list(struct.unpack(f">{len(loca) // 4}I", loca))
    return [2 * half for half in struct.unpack(f">{len(loca) // 2}H", loca)]


def _mapping(cmap: bytes) -> dict[int, int]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    starts = [struct.unpack_from(">HHI", cmap, 4 + 8 * i)[2] for i in range(count)]
    start = next(at for at in starts if struct.unpack_from(">H", cmap, at)[0] == 12)
    (groups,) = struct.unpack_from(">I", cmap, start + 12)
    ranges = (struct.unpack_from(">III", cmap, start + 16 + 12 * i) for i in range(groups))
    return {first + i: glyph + i for first, last, glyph in ranges for i in range(last - first + 1)}


def _written(mapped: Mapping[int, int]) -> bytes:
    groups = b"".join(struct.pack(">III", code, code, glyph) for code, glyph in sorted(mapped.items()))
    body = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(mapped)) + groups
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + body


class Substitution(NamedTuple):
    """A kept feature and what it replaces by what; features come in the order in which they are applied."""

    feature: bytes
    pairs: dict[int, int]


def _substitutions_kept(gsub: bytes) -> list[Substitution]:
    """What the kept features replace (single substitutions; that they have no others is what their face promises)."""
    features, lookups = struct.unpack_from(">HH", gsub, 6)
    (count,) = struct.unpack_from(">H", gsub, features)
    found: dict[int, Substitution] = {}
    for i in range(count):
        tag, at = struct.unpack_from(">4sH", gsub, features + 2 + 6 * i)
        if tag in KEPT_FEATURES:
            (size,) = struct.unpack_from(">H", gsub, features + at + 2)
            for lookup in struct.unpack_from(f">{size}H", gsub, features + at + 4):
                (start,) = struct.unpack_from(">H", gsub, lookups + 2 + 2 * lookup)
                found[lookup] = Substitution(tag, _single(gsub, lookups + start))
    return [found[lookup] for lookup in sorted(found)]


def _alternates(kept: Iterable[Substitution], wanted: set[int]) -> set[int]:
    """The glyphs that wanted ones are replaced by (twice over for chains)."""
    found: set[int] = set()
    for _ in range(2):
        found |= {pairs[glyph] for _, pairs in kept for glyph in wanted | found if glyph in pairs}
    return found


def _substituting(kept: Sequence[Substitution], glyphs: set[int]) -> bytes:
    """A table of these substitutions alone, for every script, and only between glyphs that are there."""
    lookups = [_single_of({old: new for old, new in pairs.items() if old in glyphs}) for _, pairs in kept]
    order = sorted(range(len(kept)), key=lambda i: kept[i].feature)
    language = struct.pack(f">HHH{len(kept)}H", 0, 0xFFFF, len(kept), *range(len(kept)))
    script = struct.pack(">HH", 4, 0) + language
    scripts = struct.pack(">H4sH4sH", 2, b"DFLT", 14, b"latn", 14) + script
    features = struct.pack(">H", len(kept))
    for place, i in enumerate(order):
        features += struct.pack(">4sH", kept[i].feature, 2 + 6 * len(kept) + 6 * place)
    features += b"".join(struct.pack(">HHH", 0, 1, i) for i in order)
    places = struct.pack(">H", len(lookups))
    at = 2 + 2 * len(lookups)
    for lookup in lookups:
        places += struct.pack(">H", at)
        at += len(lookup)
    header = struct.pack(">HHHHH", 1, 0, 10, 10 + len(scripts), 10 + len(scripts) + len(features))
    return header + scripts + features + places + b"".join(lookups)


def _single_of(pairs: Mapping[int, int]) -> bytes:
    """A lookup that replaces each glyph by its own other one."""
    old, new = sorted(pairs), [pairs[glyph] for glyph in sorted(pairs)]
    coverage = struct.pack(f">HH{len(old)}H", 1, len(old), *old)
    table = struct.pack(f">HHH{len(new)}H", 2, 6 + 2 * len(new), len(new), *new)
    return struct.pack(">HHHH", 1, 0, 1, 8) + table + coverage


def _without_widths(hmtx: bytes, hhea: bytes, kept: set[int]) -> bytes:
    """The widths of kept glyphs; the others' are nought, as nothing shows them."""
    (full,) = struct.unpack_from(">H", hhea, 34)
    quiet = bytearray(hmtx)
    for glyph in set(range(full)) - kept:
        quiet[4 * glyph : 4 * glyph + 4] = bytes(4)
    return bytes(quiet)


def _single(gsub: bytes, lookup: int) -> dict[int, int]:
    kind, _, count = struct.unpack_from(">HHH", gsub, lookup)
    pairs: dict[int, int] = {}
    for offset in struct.unpack_from(f">{count}H", gsub, lookup + 6):
        at, of = lookup + offset, kind
        if of == 7:
            _, of, further = struct.unpack_from(">HHI", gsub, at)
            at += further
        if of == 1:
            pairs |= _substitutions(gsub, at)
    return pairs


def _substitutions(gsub: bytes, at: int) -> dict[int, int]:
    shape, coverage, third = struct.unpack_from(">HHH", gsub, at)
    covered = _covered(gsub, at + coverage)
    if shape == 1:
        return {glyph: (glyph + third) & 0xFFFF for glyph in covered}
    return dict(zip(covered, struct.unpack_from(f">{third}H", gsub, at + 6), strict=True))


def _covered(gsub: bytes, at: int) -> list[int]:
    shape, count = struct.unpack_from(">HH", gsub, at)
    if shape == 1:
        return list(struct.unpack_from(f">{count}H", gsub, at + 4))
    ranges = (struct.unpack_from(">HHH", gsub, at + 4 + 6 * i) for i in range(count))
    return [glyph for first, last, _ in ranges for glyph in range(first, last + 1)]


def _closure(wanted: Iterable[int], glyf: bytes, offsets: list[int]) -> set[int]:
    kept: set[int] = set()
    waiting = list(wanted)
    while waiting:
        glyph = waiting.pop()
        if glyph not in kept:
            kept.add(glyph)
            waiting.extend(_components(glyf[offsets[glyph] : offsets[glyph + 1]]))
    return kept


def _components(outline: bytes) -> list[int]:
    if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
        return []
    found, at, flags = [], 10, _MORE
    while flags & _MORE:
        flags, glyph = struct.unpack_from(">HH", outline, at)
        found.append(glyph)
        at += 4 + (4 if flags & _WORDS else 2)
        at += 2 if flags & _SCALE else 4 if flags & _XY_SCALE else 8 if flags & _TWO_BY_TWO else 0
    return found


def _emptied(data: bytes, offsets: list[int], kept: set[int]) -> tuple[bytes, bytes]:
    parts, places, at = [], [0], 0
    for glyph, (start, end) in enumerate(pairwise(offsets)):
        part = data[start:end] if glyph in kept else b""
        parts.append(part + b"\0" * (-len(part) % 4))
        at += len(parts[-1])
        places.append(at)
    return b"".join(parts), struct.pack(f">{len(places)}I", *places)


def _variations(gvar: bytes, kept: set[int]) -> bytes:
    version, axes, shared, shared_at, glyphs, flags, data_at = struct.unpack_from(">IHHIHHI", gvar)
    width = 4 if flags & 1 else 2
    offsets = _offsets(gvar[20 : 20 + width * (glyphs + 1)], is_long=bool(flags & 1))
    tuples = gvar[shared_at : shared_at + 2 * axes * shared]
    data, places = _emptied(gvar[data_at:], offsets, kept)
    header = struct.pack(
        ">IHHIHHI", version, axes, shared, 20 + len(places), glyphs, flags | 1, 20 + len(places) + len(tuples)
    )
    return header + places + tuples + data


def _joined(tables: Mapping[str, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    directory = [struct.pack(">IHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16)]
    body, at = [], 12 + 16 * count
    for tag, table in sorted(tables.items()):
        padded = table + b"\0" * (-len(table) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory.append(struct.pack(">4sIII", tag.encode(), total, at, len(table)))
        body.append(padded)
        at += len(padded)
    return b"".join(directory + body)
