"""The only home of what the demo chain is: its sites with their taxes, suppliers, products, services and recipes."""

from typing import Any, NamedTuple


class Site(NamedTuple):
    """A site of the demo chain; `visits` is how many patients come on an ordinary day."""

    slug: str
    name: str
    zone: str
    legal_entity: str
    visits: int
    tax_1: tuple[str, str]
    tax_2: tuple[str, str]


CENTRAL = "central-store"
_GST, _PST = ("GST", "5"), ("PST", "7")
SITES = (
    Site(CENTRAL, "Central Store", "America/New_York", "Lumen Aesthetics Inc.", 0, ("Sales tax", "6.625"), ("", "0")),
    Site(
        "chelsea", "Lumen Chelsea", "America/New_York", "Lumen Aesthetics Inc.", 14, ("Sales tax", "8.875"), ("", "0")
    ),
    Site(
        "lakeview", "Lumen Lakeview", "America/Chicago", "Lumen Aesthetics Inc.", 11, ("Sales tax", "10.25"), ("", "0")
    ),
    Site("yaletown", "Lumen Yaletown", "America/Vancouver", "Lumen Aesthetics Canada Ltd.", 12, _GST, _PST),
    Site("kitsilano", "Lumen Kitsilano", "America/Vancouver", "Lumen Aesthetics Canada Ltd.", 8, _GST, _PST),
)
CLINICS = tuple(site for site in SITES if site.visits)


class Supplier(NamedTuple):
    """A supplier of the demo chain; `lead_days` is how long it usually takes."""

    name: str
    email: str
    phone: str
    lead_days: int


SUPPLIERS = {
    "MED": Supplier("Meridian Medical Supply", "orders@meridian.example", "+1 212 555 0140", 3),
    "TOX": Supplier("Allure Biologics", "service@allure-bio.example", "+1 312 555 0162", 5),
    "FIL": Supplier("Northlight Injectables", "desk@northlight.example", "+1 604 555 0119", 7),
    "SKN": Supplier("Verity Skincare", "trade@verity.example", "+1 646 555 0187", 6),
    "DEV": Supplier("Optica Devices", "sales@optica.example", "+1 415 555 0133", 14),
}


class Product(NamedTuple):
    """A product of the demo chain: price and cost per unit; `par` is what a clinic likes to have of it."""

    code: str
    name: str
    category: str
    price: str
    cost: str
    supplier: str
    par: int
    unit: str = "piece"
    purpose: str = "retail"
    decimals: int = 0
    packs: tuple[tuple[str, str], ...] = ()
    shelf_days: int = 720
    is_serialised: bool = False


class Service(NamedTuple):
    """A service of the demo chain: its price, its slots of 15 minutes, and what it consumes of back bar products."""

    code: str
    name: str
    category: str
    price: str
    slots: int
    recipe: tuple[tuple[str, str], ...] = ()


def _toxin(code: str, name: str, price: str, cost: str, units: str, par: int) -> Product:
    packs = ((f"vial of {units} U", units),)
    return Product(code, name, "Toxins", price, cost, "TOX", par, unit="U", packs=packs, shelf_days=540)


def _filler(code: str, name: str, price: str, cost: str, par: int = 10) -> Product:
    return Product(code, name, "Fillers", price, cost, "FIL", par, unit="syringe", shelf_days=600)


def _skin(code: str, name: str, price: str, cost: str, par: int = 12) -> Product:
    return Product(code, name, "Skincare", price, cost, "SKN", par, shelf_days=900)


def _bar(code: str, name: str, cost: str, par: int, unit: str = "piece", decimals: int = 0) -> Product:
    return Product(
        code, name, "Back bar", "0", cost, "MED", par, unit=unit, purpose="back_bar", decimals=decimals, shelf_days=500
    )


def _thread(code: str, name: str, price: str, cost: str) -> Product:
    return Product(code, name, "Threads and implants", price, cost, "FIL", 6, purpose="consigned", shelf_days=700)


def _device(code: str, name: str, price: str, cost: str) -> Product:
    return Product(code, name, "Devices", price, cost, "DEV", 3, shelf_days=0, is_serialised=True)


PRODUCTS = (
    _toxin("TOX-AUR-50", "Aurelin toxin 50 U", "13.50", "6.40", "50", 400),
    _toxin("TOX-AUR-100", "Aurelin toxin 100 U", "12.50", "5.90", "100", 1200),
    _toxin("TOX-NOV-50", "Novaline toxin 50 U", "12.00", "5.60", "50", 300),
    _toxin("TOX-NOV-100", "Novaline toxin 100 U", "11.50", "5.20", "100", 800),
    _toxin("TOX-SER-100", "Serenox toxin 100 U", "11.00", "4.95", "100", 500),
    _toxin("TOX-DYN-300", "Dynera toxin 300 U", "4.50", "1.85", "300", 1500),
    _filler("FIL-VOL-1", "Lumivol cheek filler 1 ml", "850.00", "392.50", 12),
    _filler("FIL-LIP-1", "Silkline lip filler 1 ml", "690.00", "318.00", 14),
    _filler("FIL-LIP-05", "Silkline lip filler 0.5 ml", "420.00", "189.00"),
    _filler("FIL-FIN-1", "Fineline filler 1 ml", "640.00", "287.40"),
    _filler("FIL-JAW-1", "Contour jaw filler 1 ml", "890.00", "415.00", 8),
    _filler("FIL-TEAR-1", "Tear trough filler 1 ml", "720.00", "331.25", 6),
    _filler("FIL-HAND-15", "Hand filler 1.5 ml", "760.00", "352.10", 4),
    _filler("FIL-BIO-2", "Biostimulator vial 2 ml", "940.00", "446.00", 6),
    _filler("FIL-POLY-5", "Poly-lactic vial 5 ml", "980.00", "468.30", 5),
    _filler("FIL-DISS", "Dissolving enzyme vial", "180.00", "62.00", 4),
    _filler("FIL-DEO-2", "Deoxycholic vial 2 ml", "600.00", "251.00", 5),
    _filler("FIL-SKIN-1", "Skin booster 1 ml", "480.00", "214.75", 8),
    _skin("SKN-CLEAN", "Gentle cleanser 200 ml", "38.00", "14.20", 16),
    _skin("SKN-CLEAN-A", "Clarifying cleanser 200 ml", "42.00", "15.80"),
    _skin("SKN-TONE", "Balancing toner 150 ml", "36.00", "12.90"),
    _skin("SKN-VITC", "Vitamin C serum 30 ml", "128.00", "49.50", 14),
    _skin("SKN-VITC-P", "Vitamin C serum pro 30 ml", "166.00", "63.10"),
    _skin("SKN-RET-25", "Retinol 0.25 % 30 ml", "88.00", "33.40"),
    _skin("SKN-RET-50", "Retinol 0.5 % 30 ml", "98.00", "37.20"),
    _skin("SKN-RET-100", "Retinol 1 % 30 ml", "112.00", "41.85"),
    _skin("SKN-HYAL", "Hyaluronic serum 30 ml", "94.00", "34.60", 14),
    _skin("SKN-NIA", "Niacinamide serum 30 ml", "72.00", "25.15"),
    _skin("SKN-PEP", "Peptide serum 30 ml", "138.00", "52.70"),
    _skin("SKN-EYE", "Eye cream 15 ml", "86.00", "30.25"),
    _skin("SKN-MOIST", "Daily moisturiser 50 ml", "68.00", "24.10", 16),
    _skin("SKN-MOIST-R", "Rich moisturiser 50 ml", "78.00", "27.95"),
    _skin("SKN-NIGHT", "Night repair 50 ml", "118.00", "44.05"),
    _skin("SKN-SPF30", "Sunscreen SPF 30 50 ml", "44.00", "15.60", 18),
    _skin("SKN-SPF50", "Sunscreen SPF 50 50 ml", "48.00", "17.05", 22),
    _skin("SKN-SPF50-T", "Tinted sunscreen SPF 50 50 ml", "54.00", "19.30", 16),
    _skin("SKN-MASK", "Recovery mask 5 pieces", "64.00", "22.80"),
    _skin("SKN-EXF", "Exfoliating pads 60 pieces", "58.00", "20.45"),
    _skin("SKN-LASH", "Lash serum 5 ml", "124.00", "46.90", 8),
    _skin("SKN-SCAR", "Scar gel 15 g", "46.00", "16.75", 8),
    _skin("SKN-LIP", "Lip balm SPF 15", "18.00", "5.90", 24),
    _skin("SKN-KIT", "Post-treatment kit", "96.00", "36.00", 8),
    _bar("BAR-NUMB", "Numbing cream 5 %", "0.42", 600, unit="g", decimals=1),
    _bar("BAR-GLOVE", "Nitrile gloves, pair", "0.18", 600, unit="pair"),
    _bar("BAR-GAUZE", "Gauze 10 x 10", "0.06", 800),
    _bar("BAR-NEED-30", "Needle 30 G", "0.21", 500),
    _bar("BAR-CAN-25", "Cannula 25 G", "6.80", 60),
    _bar("BAR-SAL", "Bacteriostatic saline", "0.31", 300, unit="ml", decimals=1),
    _bar("BAR-PEEL-30", "Glycolic peel 30 %", "0.95", 250, unit="ml", decimals=1),
    _bar("BAR-PEEL-T", "TCA peel 15 %", "1.65", 120, unit="ml", decimals=1),
    _bar("BAR-SERUM", "Hydrating facial serum", "0.74", 400, unit="ml", decimals=1),
    _bar("BAR-GEL", "Ultrasound gel", "0.04", 2000, unit="ml"),
    _bar("BAR-TIP", "Microneedling tip", "14.50", 40),
    _bar("BAR-PRP", "PRP tube kit", "38.00", 20),
    _thread("THR-PDO-S", "PDO smooth threads, 10", "320.00", "121.00"),
    _thread("THR-PDO-C", "PDO cog threads, 4", "540.00", "226.00"),
    _thread("THR-PLLA", "PLLA threads, 4", "680.00", "298.00"),
    _thread("IMP-PELLET", "Hormone pellet", "145.00", "58.00"),
    _device("DEV-LED", "Home LED mask", "395.00", "182.00"),
    _device("DEV-MICRO", "Home microcurrent device", "329.00", "151.00"),
    _device("DEV-ROLL", "Home roller device", "149.00", "61.00"),
)
_INJECTION = (("BAR-GLOVE", "1"), ("BAR-GAUZE", "4"), ("BAR-NEED-30", "3"))
SERVICES = (
    Service(".CONSULT", "Consultation", "Consultations", "75.00", 2),
    Service(".TOX-VISIT", "Toxin injection visit", "Injections", "0.00", 2, (*_INJECTION, ("BAR-SAL", "2.5"))),
    Service(
        ".FIL-VISIT",
        "Filler injection visit",
        "Injections",
        "0.00",
        3,
        (*_INJECTION, ("BAR-CAN-25", "1"), ("BAR-NUMB", "4.5")),
    ),
    Service(".HYDRA", "Hydrating facial", "Facials", "225.00", 4, (("BAR-SERUM", "12.5"), ("BAR-GLOVE", "1"))),
    Service(".FACIAL", "Signature facial", "Facials", "165.00", 4, (("BAR-SERUM", "8"), ("BAR-GLOVE", "1"))),
    Service(".PEEL-G", "Glycolic peel", "Peels", "150.00", 3, (("BAR-PEEL-30", "5.5"), ("BAR-GLOVE", "1"))),
    Service(".PEEL-T", "TCA peel", "Peels", "290.00", 4, (("BAR-PEEL-T", "4"), ("BAR-GLOVE", "2"))),
    Service(".MICRO", "Microneedling", "Skin", "350.00", 4, (("BAR-TIP", "1"), ("BAR-NUMB", "10"), ("BAR-GLOVE", "1"))),
    Service(".MICRO-PRP", "Microneedling with PRP", "Skin", "650.00", 5, (("BAR-TIP", "1"), ("BAR-PRP", "1"))),
    Service(".LASER-HR-S", "Laser hair, small", "Laser", "95.00", 2, (("BAR-GEL", "20"), ("BAR-GLOVE", "1"))),
    Service(".LASER-HR-L", "Laser hair, large", "Laser", "260.00", 4, (("BAR-GEL", "60"), ("BAR-GLOVE", "1"))),
    Service(".LASER-RES", "Laser resurfacing", "Laser", "950.00", 6, (("BAR-NUMB", "20"), ("BAR-GLOVE", "2"))),
    Service(".IPL", "Photofacial", "Laser", "375.00", 3, (("BAR-GEL", "40"), ("BAR-GLOVE", "1"))),
    Service(".THREAD", "Thread lift visit", "Injections", "400.00", 6, (("BAR-NUMB", "12"), ("BAR-GLOVE", "2"))),
    Service(".IV", "Vitamin infusion", "Wellness", "195.00", 4, (("BAR-NEED-30", "1"), ("BAR-GLOVE", "1"))),
    Service(".BROW", "Brow shaping", "Beauty", "38.00", 1),
    Service(".LASH", "Lash lift", "Beauty", "110.00", 4),
    Service(".PELLET", "Hormone pellet visit", "Wellness", "250.00", 3, (("BAR-GLOVE", "1"), ("BAR-GAUZE", "2"))),
)
BY_CODE = {product.code: product for product in PRODUCTS}
SERVICES_BY_CODE = {service.code: service for service in SERVICES}
TAXED, EXEMPT = 5, 0
"""Goods bear both taxes of the site (the second is empty in the United States); treatments bear none."""


def product_row(product: Product, supplier_id: str, price_from: str) -> dict[str, Any]:
    """A product as the catalog takes it; its price holds from before the first day of the history."""
    row: dict[str, Any] = {
        "code": product.code, "name": product.name, "kind": "physical", "purpose": product.purpose,
        "category": product.category, "unit": product.unit, "unit_decimals": product.decimals,
        "packs": [{"name": name, "units": units} for name, units in product.packs], "tax_code": TAXED,
        "cost": product.cost, "normal_order_quantity": str(product.par), "supplier_id": supplier_id,
        "is_serialised": product.is_serialised,
    }  # fmt: skip
    if product.purpose != "back_bar":
        row |= {"price": product.price, "price_from": price_from}
    return row


def service_row(service: Service, price_from: str) -> dict[str, Any]:
    """A service as the catalog takes it."""
    return {
        "code": service.code, "name": service.name, "kind": "service", "category": service.category,
        "tax_code": EXEMPT, "duration_slots": service.slots, "price": service.price, "price_from": price_from,
    }  # fmt: skip


_FIRST = """
Amelia Aria Ava Camila Charlotte Chloe Clara Daniela Elena Eleanor Eliza Emma Esther Evelyn Farah Fiona Grace Hana
Hannah Iris Isla Ivy Jade Jana June Keiko Lara Leila Lena Lily Lucia Maya Mei Mila Mina Naomi Nadia Nina Nora Olivia
Paige Priya Quinn Rosa Ruby Sara Sofia Stella Tara Thea Valerie Vera Yara Zoe Adam Ben Carlos David Ethan Felix Hugo
"""
_LAST = """
Abbott Adeyemi Alvarez Baker Bennett Bianchi Brooks Carter Chen Cohen Costa Diaz Dubois Ellis Fischer Foster Garcia
Grant Gupta Hayes Hughes Ibrahim Ito Jensen Kang Kaur Keller Khan Kim Larsen Laurent Lee Lopez Martin Meyer Moore
Nguyen Novak Okafor Olsen Park Patel Perez Reed Rossi Sato Schmidt Shah Silva Singh Stone Tanaka Torres Turner Walsh
Wang Weber Wong Young Zhang
"""
FIRST_NAMES, LAST_NAMES = _FIRST.split(), _LAST.split()
