"""The only home of the rules of barcodes: what can be scanned, and which ones no clerk should trust."""

import re

from lotwise.catalog.domain.refusals import BadBarcode

_ALLOWED = re.compile(r"[!-.0-~]{1,48}")
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")


def checked(barcode: str) -> str:
    """The barcode if a scanner could give it back: printable ASCII without a slash, at most 48. Raises BadBarcode."""
    if not _ALLOWED.fullmatch(barcode):
        raise BadBarcode(
            "A barcode has 1 to 48 letters, digits or signs, no spaces and no slash.", field="barcodes", barcode=barcode
        )
    return barcode


def looks_like_gtin(barcode: str) -> bool:
    """Whether its length and digits say that it should carry a GTIN's check digit."""
    return _GTIN.fullmatch(barcode) is not None
