"""What Fernhill Foods buys and from whom: invented names, believable figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

D = Decimal


@dataclass(frozen=True, slots=True)
class DemoCategory:
    """A category with the code of its parent; lead time in days."""

    code: str
    name: str
    parent: str = ""
    lead_time_days: int = 14
    criticality: str = "medium"
    off_list_rule: str = "approve"


CATEGORIES = (
    DemoCategory("ING", "Ingredients", "", 14, "high"),
    DemoCategory("ING-GRAIN", "Oats and grains", "ING", 10, "high"),
    DemoCategory("ING-NUT", "Nuts and seeds", "ING", 18, "high", "block"),
    DemoCategory("ING-SWEET", "Sweeteners", "ING", 12, "high"),
    DemoCategory("ING-FRUIT", "Dried fruit", "ING", 21, "medium"),
    DemoCategory("ING-COCOA", "Chocolate and cocoa", "ING", 24, "high"),
    DemoCategory("ING-OIL", "Oils and emulsifiers", "ING", 12, "medium"),
    DemoCategory("ING-FLAV", "Flavours and spices", "ING", 16, "low"),
    DemoCategory("PACK", "Packaging", "", 14, "high"),
    DemoCategory("PACK-BOX", "Corrugate", "PACK", 14, "high"),
    DemoCategory("PACK-FILM", "Film", "PACK", 20, "high"),
    DemoCategory("PACK-LABEL", "Labels", "PACK", 9, "medium"),
    DemoCategory("PACK-POUCH", "Pouches", "PACK", 26, "medium"),
    DemoCategory("PACK-TAPE", "Tape and strapping", "PACK", 6, "low", "justify"),
    DemoCategory("SVC", "Services", "", 7, "medium", "warn"),
    DemoCategory("SVC-LAB", "Laboratory tests", "SVC", 5, "medium", "warn"),
    DemoCategory("SVC-PAL", "Pallets and handling", "SVC", 4, "low", "warn"),
    DemoCategory("MRO", "Plant supplies", "", 8, "low", "justify"),
    DemoCategory("MRO-CLEAN", "Cleaning", "MRO", 7, "low", "justify"),
    DemoCategory("MRO-SAFE", "Safety", "MRO", 8, "low", "justify"),
)


@dataclass(frozen=True, slots=True)
class DemoSupplier:
    """A supplier with its habits.

    `on_time` is the chance of a line to come by its promised day, `late_days` the usual delay
    otherwise; `rejects` and `wrong_bills` are chances per line and per invoice; `price` is its
    level against the market. `standings` maps category codes to a standing, or to "" for none.
    """

    code: str
    name: str
    standings: dict[str, str]
    on_time: float = 0.92
    late_days: int = 4
    rejects: float = 0.01
    wrong_bills: float = 0.05
    price: str = "1.00"
    lead_factor: float = 1.0
    country: str = "United States"
    currency: str = "USD"
    terms_days: int = 30


PREFERRED, APPROVED, BACKUP = "preferred", "approved", "backup"

SUPPLIERS = (
    DemoSupplier("NORTHLINE", "Northline Packaging", {"PACK-BOX": PREFERRED, "PACK-FILM": APPROVED}, 0.91, 5, 0.02, 0.08),
    DemoSupplier("ASHGROVE", "Ashgrove Box Co.", {"PACK-BOX": APPROVED}, 0.98, 2, 0.005, 0.02, "1.04", 1.1),
    DemoSupplier("DELTACOR", "Delta Corrugated", {"PACK-BOX": BACKUP}, 0.87, 6, 0.02, 0.06, "1.07", 1.5),
    DemoSupplier("KESTREL", "Kestrel Pack", {"PACK-BOX": ""}, 0.9, 4, 0.01, 0.03, "0.97", 0.7),
    DemoSupplier("SOLANO", "Solano Film", {"PACK-FILM": PREFERRED, "PACK-POUCH": BACKUP}, 0.84, 7, 0.02, 0.09),
    DemoSupplier("MERIDIAN", "Meridian Flexibles", {"PACK-POUCH": PREFERRED, "PACK-FILM": APPROVED}, 0.94, 3, 0.01, 0.03, "1.03"),
    DemoSupplier("HALCYON", "Halcyon Converting", {"PACK-POUCH": APPROVED}, 0.89, 5, 0.015, 0.05, "1.01"),
    DemoSupplier("BRIGHTLINE", "Brightline Labels", {"PACK-LABEL": PREFERRED}, 0.95, 2, 0.01, 0.06),
    DemoSupplier("COPPERLEAF", "Copperleaf Print", {"PACK-LABEL": APPROVED, "PACK-BOX": ""}, 0.92, 3, 0.01, 0.03, "1.05"),
    DemoSupplier("STRAPWELL", "Strapwell Supply", {"PACK-TAPE": PREFERRED, "MRO-SAFE": APPROVED}, 0.97, 2, 0.0, 0.02),
    DemoSupplier("TAPEWORKS", "Tapeworks Direct", {"PACK-TAPE": APPROVED}, 0.93, 2, 0.0, 0.03, "1.02"),
    DemoSupplier("PRAIRIE", "Prairie Oat Mill", {"ING-GRAIN": PREFERRED}, 0.93, 4, 0.01, 0.04),
    DemoSupplier("STONEGATE", "Stonegate Grain", {"ING-GRAIN": APPROVED}, 0.96, 3, 0.01, 0.02, "1.03"),
    DemoSupplier("LARKSPUR", "Larkspur Farms", {"ING-GRAIN": BACKUP, "ING-SWEET": APPROVED}, 0.86, 6, 0.02, 0.05, "1.06"),
    DemoSupplier("PACIFICNUT", "Pacific Nut & Seed", {"ING-NUT": PREFERRED}, 0.9, 5, 0.02, 0.07),
    DemoSupplier("ORCHARD", "Orchard Valley Almonds", {"ING-NUT": APPROVED}, 0.95, 3, 0.01, 0.03, "1.04"),
    DemoSupplier("SUNRIDGE", "Sunridge Seeds", {"ING-NUT": APPROVED, "ING-GRAIN": ""}, 0.93, 4, 0.01, 0.04, "1.02"),
    DemoSupplier("MACADAMIA", "Coastline Macadamia", {"ING-NUT": BACKUP}, 0.82, 9, 0.03, 0.06, "1.1", 1.4, "Australia", "AUD"),
    DemoSupplier("HONEYCO", "Wildflower Honey", {"ING-SWEET": PREFERRED}, 0.94, 3, 0.005, 0.03),
    DemoSupplier("MAPLECO", "Northern Maple", {"ING-SWEET": APPROVED}, 0.97, 2, 0.0, 0.02, "1.08", 1.2, "Canada", "CAD"),
    DemoSupplier("AGAVE", "Agave Source", {"ING-SWEET": BACKUP}, 0.85, 8, 0.01, 0.05, "0.98", 1.5, "Mexico"),
    DemoSupplier("DATECO", "Desert Date Company", {"ING-FRUIT": PREFERRED}, 0.92, 4, 0.02, 0.04),
    DemoSupplier("BERRYHILL", "Berryhill Dried Fruit", {"ING-FRUIT": APPROVED}, 0.88, 6, 0.03, 0.05, "1.02"),
    DemoSupplier("TROPICA", "Tropica Fruit Export", {"ING-FRUIT": BACKUP}, 0.8, 11, 0.03, 0.08, "0.94", 1.6, "Thailand"),
    DemoSupplier("CACAOHAUS", "Cacaohaus", {"ING-COCOA": PREFERRED}, 0.93, 4, 0.005, 0.03, "1.00", 1.0, "Germany", "EUR", 45),
    DemoSupplier("DARKMILL", "Darkmill Chocolate", {"ING-COCOA": APPROVED}, 0.95, 3, 0.01, 0.03, "1.05"),
    DemoSupplier("COCOAPATH", "Cocoa Path Trading", {"ING-COCOA": ""}, 0.85, 8, 0.02, 0.06, "0.93", 1.3, "Ghana"),
    DemoSupplier("GOLDENOIL", "Golden Press Oils", {"ING-OIL": PREFERRED}, 0.96, 2, 0.005, 0.02),
    DemoSupplier("LECITHIN", "Lecitec Ingredients", {"ING-OIL": APPROVED, "ING-FLAV": APPROVED}, 0.94, 3, 0.0, 0.03, "1.03"),
    DemoSupplier("VANILLA", "Vanilla & Spice Traders", {"ING-FLAV": PREFERRED}, 0.91, 5, 0.01, 0.05),
    DemoSupplier("AROMA", "Aroma Works", {"ING-FLAV": APPROVED}, 0.97, 2, 0.0, 0.02, "1.06"),
    DemoSupplier("CLEARLAB", "Clearlab Testing", {"SVC-LAB": PREFERRED}, 0.98, 1, 0.0, 0.02),
    DemoSupplier("ASSAYONE", "Assay One", {"SVC-LAB": APPROVED}, 0.93, 2, 0.0, 0.04, "1.04"),
    DemoSupplier("PALLETRY", "Reno Palletry", {"SVC-PAL": PREFERRED}, 0.95, 1, 0.01, 0.04),
    DemoSupplier("MOVEWELL", "Movewell Handling", {"SVC-PAL": APPROVED}, 0.9, 2, 0.0, 0.05, "1.05"),
    DemoSupplier("CLEANCO", "Foamline Cleaning", {"MRO-CLEAN": PREFERRED}, 0.96, 2, 0.0, 0.03),
    DemoSupplier("HYGIEIA", "Hygieia Supply", {"MRO-CLEAN": APPROVED, "MRO-SAFE": BACKUP}, 0.94, 2, 0.0, 0.03, "1.02"),
    DemoSupplier("SAFEHAND", "Safehand Equipment", {"MRO-SAFE": PREFERRED}, 0.95, 2, 0.0, 0.03),
    DemoSupplier("IRONWOOD", "Ironwood Industrial", {"MRO-SAFE": "", "PACK-TAPE": ""}, 0.83, 5, 0.02, 0.08, "0.95"),
    DemoSupplier("OLDHARBOR", "Old Harbor Trading", {"ING-SWEET": ""}, 0.7, 14, 0.05, 0.15, "0.9"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoFamily:
    """SKUs that differ by a variant: code stem, words, unit, market price of the first variant."""

    category: str
    stem: str
    words: str
    unit: str
    price: str
    typical_quantity: int
    variants: tuple[tuple[str, str], ...]


SIZES = (("12", "12-ct"), ("24", "24-ct"), ("36", "36-ct"), ("48", "48-ct"))
FLAVOURS = (
    ("OAT", "oat & honey"), ("CHO", "dark chocolate"), ("ALM", "almond sea salt"),
    ("BER", "mixed berry"), ("PNB", "peanut butter"), ("COC", "coconut"),
    ("MAP", "maple pecan"), ("APP", "apple cinnamon"),
)  # fmt: skip
GRADES = (("A", "grade A"), ("B", "grade B"), ("ORG", "organic"))

FAMILIES = (
    DemoFamily("PACK-BOX", "CTN-KR", "Shipper, kraft,", "EA", "0.61", 4000, SIZES),
    DemoFamily("PACK-BOX", "CTN-WH", "Shipper, white,", "EA", "0.68", 2500, SIZES),
    DemoFamily("PACK-BOX", "DIV-SB", "Divider insert,", "EA", "0.089", 6000, SIZES),
    DemoFamily("PACK-BOX", "TRAY", "Display tray,", "EA", "0.44", 3000, FLAVOURS),
    DemoFamily("PACK-FILM", "FLM-BAR", "Flow-wrap film, bar,", "ROLL", "148", 60, FLAVOURS),
    DemoFamily("PACK-FILM", "FLM-BITE", "Flow-wrap film, bites,", "ROLL", "131", 45, FLAVOURS),
    DemoFamily("PACK-FILM", "STR", "Stretch film,", "ROLL", "22.5", 80, (("18", "18 in"), ("30", "30 in"))),
    DemoFamily("PACK-LABEL", "LBL-CASE", "Case label,", "ROLL", "18.4", 120, FLAVOURS),
    DemoFamily("PACK-LABEL", "LBL-JAR", "Jar label,", "ROLL", "24.2", 90, FLAVOURS),
    DemoFamily("PACK-LABEL", "LBL-PAL", "Pallet label,", "ROLL", "9.8", 60, (("46", "4 x 6"), ("68", "6 x 8"))),
    DemoFamily("PACK-POUCH", "POU-S", "Stand-up pouch 200 g,", "EA", "0.16", 20000, FLAVOURS),
    DemoFamily("PACK-POUCH", "POU-L", "Stand-up pouch 800 g,", "EA", "0.29", 12000, FLAVOURS),
    DemoFamily("PACK-BOX", "SLV", "Carton sleeve,", "EA", "0.21", 5000, FLAVOURS),
    DemoFamily("PACK-BOX", "CTN-PR", "Shipper, printed,", "EA", "0.83", 2000, SIZES),
    DemoFamily("PACK-FILM", "FLM-MINI", "Flow-wrap film, mini bar,", "ROLL", "118", 40, FLAVOURS),
    DemoFamily("PACK-LABEL", "LBL-LID", "Lid label,", "ROLL", "14.6", 110, FLAVOURS),
    DemoFamily("PACK-POUCH", "POU-M", "Stand-up pouch 400 g,", "EA", "0.21", 15000, FLAVOURS),
    DemoFamily("PACK-POUCH", "SCH", "Sample sachet,", "EA", "0.05", 30000, FLAVOURS),
    DemoFamily("PACK-TAPE", "TAPE-48", "Carton tape 48 mm,", "ROLL", "1.89", 360, (("CL", "clear"), ("PR", "printed"), ("BR", "brown"))),
    DemoFamily("PACK-TAPE", "STRAP", "Strapping,", "ROLL", "31.5", 24, (("PP", "PP"), ("PET", "PET"))),
    DemoFamily("ING-GRAIN", "OAT-RO", "Rolled oats,", "KGM", "0.92", 9000, GRADES),
    DemoFamily("ING-GRAIN", "OAT-ST", "Steel-cut oats,", "KGM", "1.04", 4000, GRADES),
    DemoFamily("ING-GRAIN", "OAT-FL", "Oat flour,", "KGM", "1.18", 3500, GRADES),
    DemoFamily("ING-GRAIN", "QUI", "Quinoa crisps,", "KGM", "4.6", 900, GRADES),
    DemoFamily("ING-GRAIN", "RIC", "Puffed rice,", "KGM", "2.3", 1500, GRADES),
    DemoFamily("ING-GRAIN", "PRO", "Protein crisps,", "KGM", "7.8", 800, GRADES),
    DemoFamily("ING-GRAIN", "BAR", "Barley flakes,", "KGM", "1.2", 1800, GRADES),
    DemoFamily("ING-NUT", "ALM", "Almonds,", "KGM", "7.4", 2200, (("WH", "whole"), ("SL", "sliced"), ("DI", "diced"), ("BU", "butter"))),
    DemoFamily("ING-NUT", "PNT", "Peanuts,", "KGM", "2.9", 3000, (("RO", "roasted"), ("DI", "diced"), ("BU", "butter"))),
    DemoFamily("ING-NUT", "CSH", "Cashews,", "KGM", "9.1", 900, (("WH", "whole"), ("PC", "pieces"))),
    DemoFamily("ING-NUT", "SEED", "Seeds,", "KGM", "3.4", 1800, (("PUM", "pumpkin"), ("SUN", "sunflower"), ("CHI", "chia"), ("FLX", "flax"), ("SES", "sesame"))),
    DemoFamily("ING-NUT", "MAC", "Macadamia,", "KGM", "16.5", 300, (("WH", "whole"), ("PC", "pieces"))),
    DemoFamily("ING-SWEET", "HON", "Honey,", "KGM", "5.2", 2600, (("CLO", "clover"), ("WIL", "wildflower"), ("ORG", "organic"))),
    DemoFamily("ING-SWEET", "MAP", "Maple syrup,", "KGM", "11.8", 700, GRADES),
    DemoFamily("ING-SWEET", "AGV", "Agave syrup,", "KGM", "3.9", 1400, (("LT", "light"), ("DK", "dark"))),
    DemoFamily("ING-SWEET", "SUG", "Cane sugar,", "KGM", "1.1", 5000, GRADES),
    DemoFamily("ING-FRUIT", "DAT", "Dates,", "KGM", "3.6", 2400, (("WH", "whole"), ("PST", "paste"), ("CH", "chopped"))),
    DemoFamily("ING-FRUIT", "CRN", "Cranberries,", "KGM", "5.9", 1100, (("WH", "whole"), ("SL", "sliced"))),
    DemoFamily("ING-FRUIT", "BLU", "Blueberries,", "KGM", "13.2", 420, (("WH", "whole"), ("PC", "pieces"))),
    DemoFamily("ING-FRUIT", "APL", "Apple,", "KGM", "6.4", 800, (("DI", "diced"), ("RG", "rings"))),
    DemoFamily("ING-FRUIT", "COC", "Coconut,", "KGM", "4.1", 1200, (("FL", "flakes"), ("SH", "shredded"), ("CR", "chips"))),
    DemoFamily("ING-COCOA", "CHO", "Dark chocolate", "KGM", "8.8", 2000, (("55", "55 %"), ("70", "70 %"), ("85", "85 %"), ("CH", "chips"))),
    DemoFamily("ING-COCOA", "MLK", "Milk chocolate", "KGM", "7.9", 1500, (("35", "35 %"), ("CH", "chips"))),
    DemoFamily("ING-COCOA", "COA", "Cocoa", "KGM", "6.2", 900, (("PW", "powder"), ("NB", "nibs"), ("BT", "butter"))),
    DemoFamily("ING-OIL", "OIL", "Oil,", "KGM", "2.7", 1600, (("SUN", "sunflower"), ("COC", "coconut"), ("CAN", "canola"), ("PAL", "palm-free blend"))),
    DemoFamily("ING-OIL", "LEC", "Lecithin,", "KGM", "6.8", 240, (("SUN", "sunflower"), ("SOY", "soy"))),
    DemoFamily("ING-FLAV", "SPI", "Spice,", "KGM", "12.4", 140, (("CIN", "cinnamon"), ("GIN", "ginger"), ("NUT", "nutmeg"), ("CAR", "cardamom"))),
    DemoFamily("ING-FLAV", "VAN", "Vanilla,", "KGM", "186", 18, (("EX", "extract"), ("PW", "powder"))),
    DemoFamily("ING-FLAV", "SLT", "Salt,", "KGM", "0.8", 900, (("SEA", "sea"), ("PNK", "pink"))),
    DemoFamily("SVC-LAB", "LAB", "Laboratory test,", "EA", "85", 12, (("ALG", "allergens"), ("MIC", "microbiology"), ("NUT", "nutrition"), ("PES", "pesticides"), ("AFL", "aflatoxin"))),
    DemoFamily("SVC-PAL", "PAL", "Pallet,", "EA", "11.4", 220, (("GMA", "GMA"), ("EUR", "euro"), ("HT", "heat-treated"))),
    DemoFamily("SVC-PAL", "HND", "Handling,", "HUR", "42", 40, (("REP", "repacking"), ("SLV", "sleeving"))),
    DemoFamily("MRO-CLEAN", "CLN", "Cleaner,", "LTR", "3.1", 200, (("ALK", "alkaline"), ("ACI", "acidic"), ("SAN", "sanitizer"), ("FOM", "foam"))),
    DemoFamily("MRO-CLEAN", "WIP", "Wipes,", "EA", "6.6", 150, (("DRY", "dry"), ("WET", "wet"))),
    DemoFamily("MRO-SAFE", "GLV", "Gloves, nitrile,", "EA", "8.9", 300, (("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"))),
    DemoFamily("MRO-SAFE", "PPE", "Protection,", "EA", "4.2", 180, (("HN", "hair net"), ("BN", "beard net"), ("EP", "ear plugs"), ("SG", "safety glasses"))),
)  # fmt: skip

FINISHED_GOODS = (
    ("BAR", "Fernhill bar 45 g,", "1.95", FLAVOURS),
    ("BITE", "Fernhill bites 120 g,", "3.40", FLAVOURS),
    ("GRAN", "Fernhill granola 400 g,", "5.60", FLAVOURS),
    ("JAR", "Fernhill nut butter 350 g,", "7.20", FLAVOURS),
    ("BOX", "Fernhill variety box,", "24.00", SIZES),
    ("CLU", "Fernhill clusters 250 g,", "4.80", FLAVOURS),
    ("CRU", "Fernhill crunch 300 g,", "5.10", FLAVOURS),
    ("MUE", "Fernhill muesli 600 g,", "6.10", FLAVOURS),
)  # fmt: skip

# One unit of the currency in US dollars; a supplier's prices are the market's, turned round.
RATES = {"USD": D(1), "EUR": D("1.09"), "CAD": D("0.73"), "AUD": D("0.66")}

PLACES = (
    ("RENO", "Reno co-packer", "1200 Industrial Way, Reno, NV", "United States"),
    ("OAK", "Oakland plant", "44 Embarcadero, Oakland, CA", "United States"),
    ("SLC", "Salt Lake warehouse", "8 Freight Avenue, Salt Lake City, UT", "United States"),
)

PEOPLE = (
    ("buyer", "Maya Ruiz", ("buyer",), "0"),
    ("approver", "Priya Nair", ("approver",), "500"),
    ("receiver", "Luis Ortega", ("receiver",), "0"),
    ("ap", "Dana Kim", ("ap_clerk",), "50"),
    ("aplead", "Tomas Weber", ("ap_lead",), "2500"),
    ("sourcing", "Ines Laurent", ("sourcing_lead",), "500"),
    ("ops", "Jo Okafor", ("operations_lead",), "1000"),
    ("auditor", "Ruth Adler", ("auditor",), "0"),
    ("admin", "Sam Fern", ("admin",), "0"),
)
