"""Alerts' table of contents: every route group and subscription."""

from lotwise.alerts.api import alerts
from lotwise.alerts.handlers import catalog, purchasing, stock
from lotwise.alerts.settings import AlertsSettings
from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.contracts.purchasing import (
    ContractChanged,
    ContractEnding,
    PurchaseOrderCancelled,
    PurchaseOrderDrafted,
    PurchaseOrderSent,
)
from lotwise.contracts.stock import (
    CountOverdue,
    CountPosted,
    HoldBroken,
    LotExpired,
    LotExpiring,
    LotQuarantined,
    LotRecalled,
    LotReleased,
    MaintenanceDue,
    MaintenanceRecorded,
    SerialMoved,
    ShortageRecorded,
    StockBelowMin,
    StockOut,
    StockReceived,
    StockRestored,
    TransferCancelled,
    TransferOverdue,
    TransferReceived,
    WarrantyChanged,
    WarrantyEnding,
)
from lotwise.kit.inbox import Subscription
from lotwise.kit.service import Service

SERVICE = Service(
    name="alerts",
    package="lotwise.alerts",
    settings=AlertsSettings,
    routers=(alerts.router,),
    subscriptions=(
        Subscription(speaker="catalog", handlers={SiteDefined: catalog.on_sites, ProductDefined: catalog.on_products}),
        Subscription(
            speaker="stock",
            handlers={
                StockBelowMin: stock.on_below_minimum,
                StockOut: stock.on_stock_out,
                ShortageRecorded: stock.on_shortages,
                LotExpiring: stock.on_expiring,
                LotExpired: stock.on_expired,
                LotQuarantined: stock.on_quarantined,
                LotRecalled: stock.on_recalled,
                LotReleased: stock.on_released,
                HoldBroken: stock.on_holds_broken,
                CountOverdue: stock.on_counts_overdue,
                CountPosted: stock.on_counts_posted,
                StockReceived: stock.on_received,
                TransferReceived: stock.on_transfers,
                TransferOverdue: stock.on_transfers_overdue,
                TransferCancelled: stock.on_transfers_cancelled,
                StockRestored: stock.on_restored,
                MaintenanceDue: stock.on_maintenance_due,
                MaintenanceRecorded: stock.on_maintained,
                WarrantyEnding: stock.on_warranties_ending,
                WarrantyChanged: stock.on_warranties_changed,
                SerialMoved: stock.on_serials_moved,
            },
        ),
        Subscription(
            speaker="purchasing",
            handlers={
                PurchaseOrderDrafted: purchasing.on_drafted,
                PurchaseOrderSent: purchasing.on_sent,
                PurchaseOrderCancelled: purchasing.on_cancelled,
                ContractEnding: purchasing.on_contracts_ending,
                ContractChanged: purchasing.on_contracts_changed,
            },
        ),
    ),
)
