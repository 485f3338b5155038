"""Terms, measured numbers and untrusted text, plain or as HTML."""

from __future__ import annotations

import base64
import html
import re
import unicodedata
import zlib

_URL_CHARACTERS = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_BLANKS, _INVISIBLE = ("Cc", "Zl", "Zp"), ("Cf", "Cs", "Co", "Cn")


def sentence(reason: str) -> str:
    """Return an error's text as a sentence, with a full stop and, unless it begins with a server's name, a capital."""
    start = reason[:1] if "." in reason.partition(" ")[0].rstrip(".") else reason[:1].upper()
    return f"{start}{reason[1:]}{'' if reason.endswith(('.', '?', '!', '…')) else '.'}"


def one_line(text: object, max_length: int = 80) -> str:
    """Return `text` as one line, without invisible and direction-changing characters."""
    start = str(text)[: 4 * max_length]
    pairs = ((character, unicodedata.category(character)) for character in start)
    visible = ((character, category) for character, category in pairs if category not in _INVISIBLE)
    cleaned = "".join(" " if category in _BLANKS else character for character, category in visible)
    line = " ".join(cleaned.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def quoted(value: object, max_length: int = 40) -> str:
    """Return a value in quotes for a sentence, shortened, with escapes for invisible characters."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= max_length else f"{text[: max_length - 1]}…")


# Words that do not begin with the sound of their first letter; a letter before a hyphen or a digit is read by its name.
_SOUNDS_LIKE_CONSONANT = re.compile(
    r"uni(?!m|n|dent)|u(?:b[io]|fo|ga|k[eru]|r[aeio]|s[aeiu]|sb|t[aeio])|u[-.\d]|ua|eu|ewe|oui|one\b|once|ones",
    re.IGNORECASE,
)
_SOUNDS_LIKE_VOWEL = re.compile(
    r"[aeiou]|y[b-df-hj-np-tv-xz]|hour|honest|honou?r|heir|hors d|[fhlmnrsx](?:[-.\d])|8|11\b|18\b", re.IGNORECASE
)
_HAS_DETERMINER = re.compile(r"(?:an?|the|my|your|our|some|two|three|many)\s", re.IGNORECASE)
# Last words of nouns that take no article: what one does not count. `_PLURAL` knows plurals.
_WITHOUT_ARTICLE = {
    "brass", "broccoli", "carbonara", "corn", "cream", "cutlery", "dough", "eggnog", "equipment", "furniture",
    "guacamole", "hay", "jewelry", "mail", "potato", "powder", "rapeseed", "sauce", "spray", "thatch", "tissue",
    "velvet", "wine", "wool",
}  # fmt: skip
_PLURAL = re.compile(r"^(?!.*\bof\b).*[^suia'’]s$", re.IGNORECASE)  # "horses", but not "a chest of drawers", "a gas"
_SINGULAR_IN_S = {"cerastes", "flandres", "lens", "mantes", "patas", "pharos", "pyrenees", "triceratops", "works"}


def with_article(noun: str) -> str:
    """Return a noun with "a" or "an" by its sound: "a volcano", "an hourglass", "a unicycle"; "horses" stays."""
    last = noun.casefold().rpartition(" ")[2]
    if _HAS_DETERMINER.match(noun) or last in _WITHOUT_ARTICLE or (_PLURAL.search(noun) and last not in _SINGULAR_IN_S):
        return noun
    start = noun.lstrip("“”‘’\"'(")
    vowel = _SOUNDS_LIKE_VOWEL.match(start) and not _SOUNDS_LIKE_CONSONANT.match(start)
    return f"{'an' if vowel else 'a'} {noun}"


NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def capitalised(text: str) -> str:
    """Return a text with a capital first letter, as at the beginning of a sentence; other letters stay."""
    return text[:1].upper() + text[1:]


def ordinal(number: int) -> str:
    """'1st', '82nd', '113th' or '1,003rd'."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{suffix}"


def url_text(data: bytes) -> str:
    """Encode bytes; the same bytes give the same text."""
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode("ascii").rstrip("=")


def url_bytes(text: str, max_bytes: int) -> bytes:
    """Return the bytes that `url_text` encoded; b"" if the untrusted text is damaged or holds over `max_bytes`."""
    if not _URL_CHARACTERS.fullmatch(text):
        return b""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), max_bytes)
        data += unpacking.decompress(unpacking.unconsumed_tail, 1)  # the checksum may follow the last byte
    except (ValueError, zlib.error):
        return b""
    return data if unpacking.eof and not unpacking.unused_data else b""


# Terms explained at their first occurrence on a page, in at most twelve words.
TERMS = {
    "CLIP": "a network that learned from web pictures which words go with them",
    "ResNet": "a CNN: layers of filters, trained on pictures and their labels",
    "Error": "top-1: how often the network’s first answer is wrong",
    "wave": "stripes added to the picture: i cycles down, j across",
    "interval": "about 95 of 100 such intervals, from new samples, contain the truth",
    "robust twin": "the same network, trained on pictures made to fool it",
    "robust": "hard to fool; in a network’s name: trained against small changes",
    "of no class": "soft random colours, with the statistics of pictures of all classes",
    "L2 budget": "largest allowed change: root of the sum of all pixels’ squared changes",
    "Eq. 3": "the paper’s loss: the target’s cross-entropy, plus a penalty outside the hole",
    "top-1": "counting only the first answer; top-5 counts the first five",
    "v": "strength of the wave: root of one colour’s summed squared changes",
}
# Terms that no chapter of the story explains in its own words.
JARGON = ("robust twin", "of no class", "L2 budget", "Eq. 3", "top-1", "v")
# Tags, and elements without prose or with their own explanation.
_NO_PROSE = r"<(a|button|style|summary|svg)\b.*?</\1>|<span class=\"tooltip\".*?</span></span>|<[^>]*>"


def isolated(name: str) -> str:
    """Return a name that does not change the direction of the text around it: Unicode's form of <bdi>."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def bdi(text: str) -> str:
    """Return HTML that shows `text` literally, isolated from the direction of surrounding text."""
    return f"<bdi>{html.escape(text)}</bdi>"


def tooltip(label: str, text: str, *, bold: bool = False) -> str:
    """Return HTML of `label`, underlined with dots, with `text` for pointer, finger or keyboard.

    `ui/components/basics.css` has its look; a report, which is also printed, shows both.
    """
    label, text = html.escape(label), html.escape(text)
    label = f"<b>{label}</b>" if bold else label
    return f'<span class="tooltip" tabindex="0">{label}<span class="tooltip-text" role="tooltip">{text}</span></span>'


def number_html(number: Number, *, bold: bool = False) -> str:
    """Return HTML of a measured number, with any interval in a tooltip."""
    if number.interval:
        return tooltip(number.text, f"95% interval ({number.interval})", bold=bold)
    return f"<b>{html.escape(number)}</b>" if bold else html.escape(number)


def explain_terms(text: str, *terms: str) -> str:
    """Return HTML with an explanation from `TERMS` in a tooltip at the first occurrence of each of `terms`."""
    remaining = list(terms)

    def explain(match: re.Match[str]) -> str:
        if match[0] not in remaining:
            return match[0]
        remaining.remove(match[0])
        return tooltip(match[0], TERMS[match[0]])

    names = "|".join(map(re.escape, terms))
    return re.sub(rf"{_NO_PROSE}|\b(?:{names})\b", explain, text, flags=re.DOTALL) if terms else text


def count_of(number: float, noun: str) -> str:
    """'1 image', '1,001 images' or '2.5 cycles'."""
    digits = f"{int(number):,}" if number == int(number) else f"{number:g}"
    return f"{digits} {noun}{'' if number == 1 else 's'}"


class Number(str):
    """A measured number: '33.1% (32.2 to 34.0)'.

    Attributes:
        text: the number with its unit. interval: the text in brackets; may be empty.
    """

    text: str
    interval: str

    def __new__(cls, text: str, interval: str = "") -> Number:
        made = super().__new__(cls, f"{text} ({interval})" if interval else text)
        made.text, made.interval = text, interval
        return made


def file_stem(label: str) -> str:
    """Turn a label into a file name."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[-100:]
