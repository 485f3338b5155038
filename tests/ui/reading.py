"""Check a sentence's content regardless of wording: names, numbers and key words, in order."""

import re

# Digits of a name, of a wave or of a size are not numbers of a sentence; a range, share or triplet is one number.
NAMES = (
    r"ViT-[BL]/\d+|[Rr]es[Nn]et-?\d+|CIFAR-10|Lite\d|\bL2\b|Eq\. \d|[Tt]op-\d|§[\d.]+|\d+ [x×] \d+|n = [\d,]+"
    r"|\([−\d]+, [−\d]+\)|log10"
)
NUMBER = r"−?\d[\d,.]*(?: ?%)?(?:(?: of | to | / )−?\d[\d,.]*)*"


def numbers_in(sentence: str) -> list[str]:
    """Numbers of a sentence; a range, a share and a triplet count as one each."""
    return re.findall(NUMBER, re.sub(NAMES, "", sentence))


def reads(text: str, *parts: object) -> bool:
    """Return whether a text contains the parts in order."""
    place = 0
    for part in map(str, parts):
        index = text.find(part, place)
        if index < 0:
            print(f"{part!r} is not after {text[:place]!r} in {text[place:]!r}")
            return False
        place = index + len(part)
    return True
