"""The only home of which ids an event can be found by: the threads of a journey.

Sales are found by charge and lot, not by product: a product's sales are figures, its journey is deliveries and
shortages.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

_OWN: dict[str, tuple[str, ...]] = {
    "sale-recorded": ("charge_id",),
    "sale-voided": ("charge_id", "void_id"),
    "sale-returned": ("return_id", "charge_id"),
    "stock-received": ("receipt_id", "lot_id", "product_id"),
    "stock-issued": ("charge_id",),
    "stock-returned": ("return_id", "charge_id"),
    "stock-adjusted": ("adjustment_id", "lot_id", "product_id"),
    "stock-below-min": ("shortage_id", "product_id"),
    "reorder-point-reached": ("shortage_id", "product_id"),
    "stock-restored": ("shortage_id", "product_id"),
    "stock-out": ("shortage_id", "product_id"),
    "shortage-recorded": ("charge_id", "product_id"),
    "cost-corrected": ("product_id", "cause_id"),
    "lot-expiring": ("lot_id", "product_id"),
    "lot-expired": ("lot_id", "product_id"),
    "lot-quarantined": ("lot_id", "product_id"),
    "lot-released": ("lot_id", "product_id"),
    "lot-recalled": ("recall_id", "lot_id", "product_id"),
    "lot-corrected": ("lot_id", "product_id"),
    "container-opened": ("container_id", "lot_id"),
    "container-discarded": ("container_id", "lot_id"),
    "treatment-consumed": ("treatment_id",),
    "treatment-completed": ("treatment_id", "appointment_id"),
    "appointment-booked": ("appointment_id",),
    "appointment-moved": ("appointment_id",),
    "appointment-cancelled": ("appointment_id",),
    "consignment-issued": ("lot_id", "product_id", "cause_id"),
    "transfer-shipped": ("transfer_id",),
    "transfer-received": ("transfer_id",),
    "transfer-cancelled": ("transfer_id",),
    "transfer-overdue": ("transfer_id",),
    "hold-broken": ("hold_id", "product_id"),
    "count-posted": ("count_id", "plan_id"),
    "count-overdue": ("plan_id",),
    "maintenance-due": ("serial_id", "product_id"),
    "maintenance-recorded": ("serial_id", "product_id"),
    "warranty-ending": ("serial_id", "product_id"),
    "warranty-changed": ("serial_id", "product_id"),
    "serial-moved": ("serial_id",),
    "product-defined": ("product_id",),
    "product-archived": ("product_id",),
    "product-purpose-changed": ("product_id",),
    "price-changed": ("product_id",),
    "recipe-defined": ("service_id",),
    "supplier-defined": ("supplier_id",),
    "cost-updated": ("product_id",),
    "purchase-order-drafted": ("order_id",),
    "purchase-order-sent": ("order_id",),
    "purchase-order-received": ("order_id", "receipt_id"),
    "purchase-order-cancelled": ("order_id",),
    "alert-raised": ("alert_id",),
    "alert-cleared": ("alert_id",),
    "sale-reported": ("sale_id",),
}
_PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "stock-issued": (("taken", "lot_id"),),
    "stock-returned": (("taken", "lot_id"),),
    "treatment-consumed": (("taken", "lot_id"),),
    "transfer-shipped": (("taken", "lot_id"), ("taken", "product_id")),
    "transfer-received": (("taken", "lot_id"), ("taken", "product_id")),
    "transfer-cancelled": (("taken", "lot_id"), ("taken", "product_id")),
    "count-posted": (("differences", "lot_id"), ("differences", "product_id")),
    "purchase-order-drafted": (("lines", "product_id"),),
    "purchase-order-sent": (("lines", "product_id"),),
    "purchase-order-received": (("lines", "product_id"),),
}
_THREADS = (
    "shortage_id",
    "order_id",
    "transfer_id",
    "alert_id",
    "charge_id",
    "return_id",
    "receipt_id",
    "treatment_id",
    "appointment_id",
)


def references(name: str, body: Mapping[str, Any]) -> set[str]:
    """The ids under which an event of this name is found, each once."""
    found: set[Any] = {body.get(key) for key in _OWN.get(name, ())}
    for group, key in _PARTS.get(name, ()):
        found.update([part.get(key) for part in body.get(group, ())])
    found.update(body.get("shortage_ids", ()))
    found.discard(None)
    if "subject_id" in body and _is_id(body["subject_id"]):
        found.add(body["subject_id"])
    return found


def threads(body: Mapping[str, Any]) -> set[str]:
    """The ids of an event that lead to what came before and after it; a lot or product leads too far."""
    found = {body.get(key) for key in _THREADS}
    found.update(body.get("shortage_ids", ()))
    return {text for text in found if text}


def _is_id(text: str) -> bool:
    if len(text) != 36:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return True
