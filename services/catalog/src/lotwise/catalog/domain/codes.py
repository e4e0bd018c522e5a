"""The only home of the rules of our codes: the leading period, characters, length, look-alikes and prefixes."""

import re

from lotwise.catalog.domain.refusals import BadCode

LENGTHS = (10, 12, 14)
LENGTH_DEFAULT = 14
_ALLOWED = re.compile(r"[A-Za-z0-9._ -]+")
_EXACT = {".ROA": "received_on_account", ".TIP": "tip", ".UND": "undefined"}
_PREFIXES = {".GIFT": "gift_certificate", ".SPA": "spa", ".TAN": "tanning"}
TIMED = frozenset({"service", "spa", "tanning"})


def code_of(typed: str, kind: str, length_max: int = LENGTH_DEFAULT) -> str:
    """The code to keep for what was typed: a service gets its leading period (`CUT` → `.CUT`).

    `.ROA`, `.TIP` and `.UND` are single entries: however they are cased, they are meant.

    Letters, digits, and inside also ".", "_", "-" and a space. Raises BadCode.
    """
    code = typed if kind != "service" or typed.startswith(".") else f".{typed}"
    if code.upper() in _EXACT:
        code = code.upper()
    if kind != "service" and code.startswith("."):
        raise BadCode("Only a service's code begins with a period.", field="code", typed=typed)
    if not _ALLOWED.fullmatch(code) or code != code.strip() or not code.strip("."):
        raise BadCode(
            "A code has letters and digits, and inside also a period, a dash, an underscore or a space.",
            field="code",
            typed=typed,
        )
    if len(code) > length_max:
        raise BadCode(
            f"A code has at most {length_max} characters; {code} has {len(code)}.",
            field="code",
            length=len(code),
            length_max=length_max,
        )
    return code


def forms(typed: str) -> list[str]:
    """Every code that what was typed could mean: as it is, as a service, as a single entry in capitals."""
    dotted = typed if typed.startswith(".") else f".{typed}"
    return [typed, dotted, *([dotted.upper()] if dotted.upper() in _EXACT else [])]


def look(code: str) -> str:
    """What a code looks like to a hurried eye: case and spaces do not count."""
    return "".join(code.split()).casefold()


def item_type(code: str, kind: str, purpose: str | None) -> str:
    """What the staff's lists show: it follows from the prefix, the kind and the purpose (CAT-43)."""
    if kind != "service":
        return purpose or kind
    if code in _EXACT:
        return _EXACT[code]
    return next((shown for prefix, shown in _PREFIXES.items() if code.startswith(prefix)), "service")
