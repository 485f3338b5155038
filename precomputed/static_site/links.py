"""Links of the app, as links into this edition."""

# This edition's counterpart of each page of the app.
_PAGES = {
    "frequency": "#waves",
    "inpainting": "#inpainting",
    "generation": "#generation",
    "findings": "findings.html",
}


def url_here(url: str) -> str:
    """Return this edition's URL of a page of the app; empty if it has no counterpart."""
    if url.startswith("?chapter="):
        return f"#story{url}"
    name, _, state = url.partition("?")
    page = next((here for there, here in _PAGES.items() if there in name), "")
    return f"{page}?{state}" if page == "#waves" else page
