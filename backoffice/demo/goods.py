"""What Plumb & Level makes and sells: believable, in its own voice. Prices in euro cents and Danish øre, VAT included."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.catalog.models import ProductKind
from backoffice.catalog.service import ProductData, VariantData

CATEGORIES = (
    ("levels", "Levels", "For everything that should be straight and is not yet."),
    ("rules", "Rules", "Lengths, from the tenth of a millimetre to two metres."),
    ("plumb-and-square", "Plumb & square", "Upright, and at right angles: older than writing, never out of date."),
    ("weather", "Air & weight", "Air, warmth and mass, read without a battery."),
    ("handbook", "Handbook", "What we know about measuring, to read and to hear."),
    ("services", "Visits", "We come, hang it, set it and show you how to read it."),
)


@dataclass(frozen=True)
class Offered:
    """One variant: its number, what it is called, its prices, its pieces on the shelf, and how it is drawn."""

    sku: str
    choices: tuple[str, ...]
    eur: int
    dkk: int
    pieces: int
    drawing: tuple[int | str, ...]


@dataclass(frozen=True)
class Good:
    category: str
    slug: str
    name: str
    summary: str
    story: str
    facts: Sequence[tuple[str, str]]
    option: str
    family: str
    offered: Sequence[Offered]
    traits: Sequence[tuple[str, str]]
    kind: ProductKind = ProductKind.PHYSICAL
    vat_class: str = "standard"
    beside: Sequence[str] = ()
    cover: int = 0  # which of the drawings stands for all
    files: Sequence[tuple[str, str]] = ()  # of a digital good: their names, and what makes each
    sold_in: Sequence[str] = ()  # codes of countries; empty where it is sold to all

    def data(self) -> ProductData:
        return ProductData(
            slug=self.slug,
            name=self.name,
            summary=self.summary,
            story=self.story,
            facts=self.facts,
            options=[self.option] if self.option else [],
            kind=self.kind,
            vat_class=self.vat_class,
            traits=self.traits,
            sold_in=self.sold_in,
            variants=[VariantData(item.sku, item.choices) for item in self.offered],
        )


GOODS = (
    Good(
        "levels", "spirit-level-oak", "Spirit level, oak",
        "A level you read with your hands as much as your eyes. Steamed oak, brass-ringed vials, true to a twentieth of a "
        "millimetre per metre.",
        "<p>The body is quarter-sawn oak, steamed twice and oiled, so that it moves with the seasons along its length and "
        "nowhere else. Each vial is set by hand against a granite table, and the number of the setter is stamped beside it.</p>"
        "<p>Should it ever be off, send it back: we set levels anew for as long as there are levels of ours.</p>",
        (("Accuracy", "0.05 mm/m"), ("Body", "steamed oak, oiled"), ("Vials", "acrylic, brass rings, ± 30′"),
         ("Made in", "Leipzig, series of forty")),
        "Length", "level",
        (Offered("SL-30-OAK", ("30 cm",), 8_900, 66_500, 14, (300,)), Offered("SL-60-OAK", ("60 cm",), 12_900, 96_500, 25, (600,)),
         Offered("SL-100-OAK", ("100 cm",), 17_900, 133_500, 0, (1000,))),
        (("Material", "oak"), ("For", "site"), ("Gift", "for the workshop")), beside=("plumb-bob-brass", "try-square", "line-level", "pocket-level"), cover=1,
    ),
    Good(
        "levels", "pocket-level", "Pocket level",
        "Nine centimetres of brass for picture frames, shelves and arguments.",
        "<p>Turned from one piece, with a clip that holds it to a rule or a breast pocket. It tarnishes if you let it.</p>",
        (("Accuracy", "0.5 mm/m"), ("Body", "brass, unlacquered"), ("Length", "90 mm"), ("Weight", "110 g")),
        "", "pocket_level", (Offered("PL-90", (), 3_800, 28_500, 40, (90,)),),
        (("Material", "brass"), ("For", "home"), ("Gift", "for the home")), beside=("steel-rule", "plumb-bob-brass", "folding-rule"),
    ),
    Good(
        "levels", "machinist-level", "Machinist’s level",
        "For machine beds: a ground prism, and a vial that shows two hundredths of a millimetre per metre.",
        "<p>Grey cast iron, aged a year before it is ground. Comes with a record of its own error, measured, not promised.</p>",
        (("Accuracy", "0.02 mm/m"), ("Body", "grey cast iron, prism ground"), ("Case", "beech, fitted")),
        "Length", "machinist_level",
        (Offered("ML-150", ("150 mm",), 16_500, 123_000, 6, (150,)), Offered("ML-200", ("200 mm",), 19_800, 147_500, 3, (200,))),
        (("Material", "iron"), ("For", "workshop")), beside=("vernier-caliper", "spirit-level-oak"),
    ),
    Good(
        "levels", "line-level", "Line level, set of two",
        "Hangs on a mason’s line and weighs next to nothing.",
        "<p>Two hooks, one vial, no opinion. With twenty metres of red cord.</p>",
        (("Accuracy", "1 mm/m"), ("Body", "aluminium"), ("Weight", "12 g each")),
        "", "line_level", (Offered("LL-2", (), 1_900, 14_200, 60, ()),),
        (("Material", "aluminium"), ("For", "site")), beside=("plumb-bob-brass", "folding-rule"),
    ),
    Good(
        "rules", "vernier-caliper", "Vernier caliper",
        "Hardened steel, engraved and not printed. It needs no battery and no patience.",
        "<p>The scale is engraved and filled with ink, so it can be read in raking light and after thirty years. "
        "Inside, outside and depth; locked by a knurled screw you can turn with gloves on.</p>",
        (("Reads to", "0.02 mm"), ("Steel", "hardened, satin chrome"), ("Standard", "DIN 862")),
        "Range", "caliper",
        (Offered("VC-150", ("150 mm",), 7_400, 55_000, 18, (150,)), Offered("VC-200", ("200 mm",), 9_200, 68_500, 9, (200,)),
         Offered("VC-300", ("300 mm",), 14_800, 110_500, 2, (300,))),
        (("Material", "steel"), ("For", "workshop"), ("Gift", "for the workshop")), beside=("steel-rule", "machinist-level", "dividers"),
    ),
    Good(
        "rules", "steel-rule", "Steel rule",
        "Spring steel with a matt face, half millimetres along one edge, and zero where the rule begins.",
        "<p>The end of the rule is its zero, ground square. That is all there is to it, and few rules have it.</p>",
        (("Divided", "0.5 mm and 1 mm"), ("Steel", "stainless, spring-hard"), ("Accuracy", "EC class I")),
        "Length", "rule",
        (Offered("SR-150", ("15 cm",), 900, 6_900, 80, (150,)), Offered("SR-300", ("30 cm",), 1_400, 10_500, 64, (300,)),
         Offered("SR-600", ("60 cm",), 2_600, 19_500, 30, (600,))),
        (("Material", "steel"), ("For", "workshop"), ("Gift", "for the workshop")), beside=("try-square", "dividers", "pocket-level"),
    ),
    Good(
        "rules", "folding-rule", "Folding rule, beech",
        "Two metres in ten members. The joints are riveted in steel and will outlive the beech.",
        "<p>Printed on both sides, and on the narrow edge where carpenters look first.</p>",
        (("Length", "2 m"), ("Wood", "beech, lacquered"), ("Accuracy", "EC class III")),
        "", "folding_rule", (Offered("FR-200", (), 1_800, 13_500, 120, ()),),
        (("Material", "beech"), ("For", "site"), ("Gift", "for the workshop")), beside=("steel-rule", "line-level"),
    ),
    Good(
        "plumb-and-square", "plumb-bob-brass", "Plumb bob, brass",
        "Falls straight, which is all it has ever had to do. With a hardened tip you can replace.",
        "<p>Turned from the bar on our oldest lathe, a Weipert of 1961. The cord runs through the axis, so the tip points "
        "where the cord hangs.</p>",
        (("Body", "brass, turned"), ("Tip", "hardened steel, replaceable"), ("Cord", "3 m, braided cotton")),
        "Weight", "plumb_bob",
        (Offered("PB-200", ("200 g",), 2_900, 21_800, 22, (200,)), Offered("PB-400", ("400 g",), 4_400, 32_800, 17, (400,)),
         Offered("PB-800", ("800 g",), 6_900, 51_500, 8, (800,))),
        (("Material", "brass"), ("For", "site"), ("Gift", "for the workshop")), beside=("spirit-level-oak", "try-square", "line-level"),
    ),
    Good(
        "plumb-and-square", "try-square", "Try square, walnut",
        "A right angle to check other right angles by.",
        "<p>Walnut from one log each year, brass face, blued blade. We check every square against the one from 1923 on our wall.</p>",
        (("Accuracy", "DIN 875/1"), ("Stock", "walnut, brass faced"), ("Blade", "blued spring steel")),
        "Blade", "square",
        (Offered("TS-150", ("150 mm",), 4_800, 35_900, 15, (150,)), Offered("TS-200", ("200 mm",), 5_900, 44_000, 11, (200,))),
        (("Material", "walnut"), ("For", "workshop"), ("Gift", "for the workshop")), beside=("steel-rule", "dividers", "plumb-bob-brass"),
    ),
    Good(
        "plumb-and-square", "dividers", "Dividers, brass and steel",
        "To carry a length from here to there without knowing its number.",
        "<p>Steel points, brass joint, a bow with a fine screw. Forged by two people in Smalkalden who answer letters.</p>",
        (("Opens to", "160 mm"), ("Points", "hardened steel"), ("Joint", "brass, adjustable")),
        "", "dividers", (Offered("DV-160", (), 5_400, 40_300, 13, (160,)),),
        (("Material", "brass"), ("For", "workshop"), ("Gift", "for the workshop")), beside=("steel-rule", "try-square"),
    ),
    Good(
        "weather", "barometer", "Barometer, aneroid",
        "Tells you about tomorrow by weighing today’s air.",
        "<p>A German aneroid capsule behind mineral glass, set for your height above the sea before it leaves us. Tell us the "
        "place when you order.</p>",
        (("Range", "960–1070 hPa"), ("Accuracy", "± 2 hPa"), ("Diameter", "160 mm")),
        "Case", "barometer",
        (Offered("BA-BR", ("brass",), 14_900, 111_000, 7, ("brass",)),
         Offered("BA-OAK", ("oak",), 16_400, 122_500, 5, ("oak",))),
        (("Material", "brass"), ("Material", "oak"), ("For", "home"), ("Gift", "for the home")), beside=("hygrometer", "thermometer", "hanging-and-setting"),
    ),
    Good(
        "weather", "hygrometer", "Hair hygrometer",
        "Still the best instrument for damp: a bundle of human hair, which grows longer when the air is moist.",
        "<p>Once a year wrap it in a wet cloth for an hour and set it to 95. It asks for nothing else.</p>",
        (("Range", "0–100 %"), ("Accuracy", "± 3 %"), ("Diameter", "130 mm")),
        "", "hygrometer", (Offered("HY-130", (), 8_900, 66_500, 12, ()),),
        (("Material", "brass"), ("For", "home"), ("Gift", "for the home")), beside=("barometer", "thermometer"),
    ),
    Good(
        "weather", "thermometer", "Window thermometer",
        "Forty below to forty above, legible from the kitchen table.",
        "<p>Filled with blue alcohol. Screwed, not glued: it should still be there in thirty winters.</p>",
        (("Range", "−40 to 40 °C"), ("Body", "enamelled steel"), ("Height", "270 mm")),
        "", "thermometer", (Offered("TH-270", (), 3_400, 25_500, 33, ()),),
        (("Material", "steel"), ("For", "home"), ("Gift", "for the home")), beside=("hygrometer", "barometer"),
    ),
    Good(
        "weather", "balance", "Balance with weights",
        "Two pans, one beam, and a box of weights from one gram up. It cannot be wrong without your seeing it.",
        "<p>For letters, coffee and teaching. The knife edges are agate.</p>",
        (("Up to", "500 g"), ("Reads to", "0.1 g"), ("Weights", "brass, in a beech block")),
        "", "balance", (Offered("BL-500", (), 12_900, 96_500, 4, (500,)),),
        (("Material", "brass"), ("For", "home"), ("Gift", "for the home")), beside=("barometer", "handbook-of-measuring"),
    ),
    Good(
        "plumb-and-square", "theodolite", "Theodolite, restored",
        "A Freiberg instrument of the seventies, taken apart, cleaned, adjusted, and put together for another fifty years.",
        "<p>Each is one of its kind; write to us for its record. With tripod and case.</p>",
        (("Reads to", "1 mgon"), ("Telescope", "28 ×"), ("Tripod", "ash, brass fittings")),
        "", "theodolite", (Offered("TD-1", (), 149_000, 1_112_000, 1, ()),),
        (("Material", "steel"), ("For", "site")), beside=("plumb-bob-brass", "dividers", "hanging-and-setting"),
    ),
    Good(
        "handbook", "handbook-of-measuring", "Handbook of Measuring",
        "On straight, square, plumb, long, heavy and damp. As a PDF you may print.",
        "<p>Written over nine winters by the people who set our vials. How to test a level with itself, why a rule lies in the "
        "sun, what a hair knows about rain.</p>",
        (("Format", "PDF/A, no locks"), ("Edition", "third, 2026")),
        "", "handbook", (Offered("HB-PDF", (), 1_900, 14_200, 0, ("Handbook",)),),
        (("For", "home"), ("For", "workshop")), kind=ProductKind.DIGITAL, vat_class="reduced",
        beside=("spring-in-leipzig", "balance", "spirit-level-oak"),
        files=(("Handbook of Measuring.pdf", "handbook"),),
    ),
    Good(
        "handbook", "spring-in-leipzig", "Spring in Leipzig",
        "Two recordings: our workshop in April, with the old lathe, granite and swifts outside; and rain on its tin roof in "
        "November.",
        "<p>People asked for it after the radio piece. Each was recorded in one take. Good for drawing to.</p>",
        (("Recorded", "November 2025 and April 2026"), ("Format", "two files, WAV, mono")),
        "", "record", (Offered("RC-LEJ", (), 900, 6_900, 0, ("Spring in Leipzig",)),),
        (("For", "home"),), kind=ProductKind.DIGITAL, beside=("handbook-of-measuring",),
        files=(("Spring in Leipzig.wav", "spring"), ("Rain on the roof.wav", "rain")),
    ),
    Good(
        "services", "hanging-and-setting", "Hanging and setting",
        "Somebody from the workshop comes, hangs barometer, hygrometer or level board, sets it for your height and shows you how "
        "to read it.",
        "<p>Two hours, tea welcome. We propose a date after you have ordered, and you say whether it suits. Within Germany, "
        "Austria and Denmark.</p>",
        (("Takes", "about two hours"), ("Travel", "included"), ("When", "Tuesdays to Thursdays")),
        "", "visit", (Offered("SV-HANG", (), 19_000, 141_500, 0, ()),),
        (("For", "home"),), kind=ProductKind.SERVICE, sold_in=("AT", "DE", "DK"),
        beside=("barometer", "hygrometer", "theodolite"),
    ),
)  # fmt: skip
