"""Target of each chapter's link: what is visible there without scrolling, at 1440 x 900 pixels.

For each chapter, selectors of parts and a text in them: networks, picture, wave and figure. Only a part's upper `SEEN`
pixels count. Components live in shadow roots, which no selector of the page can enter.
"""

SEEN = 200
STEP_LINKS = {
    "wave": [
        (".plot", ""),
        (".title", "Mini CLIP"),
        (".title", "Mini ResNet"),
        (".readout", "(0, 1)"),
        (".wave", "(0, 1)"),
    ],
    "mixture": [(".mixer", "Mini CLIP"), (".mixer", "Mini ResNet"), (".mixer figure", "frog")],
    "hole": [
        (".replay .model canvas", ""),
        (".model h2", "Every view must convince"),
        (".st-key-run-painter", "EfficientNet-Lite0"),
    ],
}
