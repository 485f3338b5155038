"""What sentences mean, whatever their words: names, numbers and the words that matter, in their order."""


def reads(text: str, *parts: object) -> bool:
    """Whether the parts stand in a text one after the other."""
    place = 0
    for part in map(str, parts):
        found = text.find(part, place)
        if found < 0:
            print(f"{part!r} is not after {text[:place]!r} in {text[place:]!r}")
            return False
        place = found + len(part)
    return True
