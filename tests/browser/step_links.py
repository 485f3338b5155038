"""Target of each story step's link: what is visible there without scrolling, at 1440 x 900 pixels.

For each step, selectors of parts and a text in them: networks, picture, wave and figure. Only a part's upper `SEEN`
pixels count. Components live in shadow roots, which no selector of the page can enter.
"""

SEEN = 200
STEP_LINKS = {
    "twins": [(".stage", ""), ("[data-testid=stMultiSelect]", "Mini CLIP (robust)")],
    "a-wave": [
        (".plot", ""),
        (".title", "Mini CLIP"),
        (".title", "Mini ResNet"),
        (".readout", "(0, 1)"),
        (".perturbed", "(0, 1)"),
    ],
    "mixture": [(".mixer", "Mini CLIP"), (".mixer", "Mini ResNet"), (".mixer figure", "frog")],
    "slow": [(".plot", ""), (".title", "CLIP ViT-B/32"), (".title", "ResNet-56"), (".readout", "(0, 1)")],
    "fast": [(".plot", ""), (".title", "CLIP ViT-B/32 minus ResNet-56"), (".readout", "(−14, −14)")],
    "weather": [(".run-row figure", "Contrast"), (".st-key-frequency-tools", "Mini CLIP (robust)")],
    "patches": [
        (".title", "CLIP ViT-B/32"),
        (".title", "ResNet-56"),
        (".readout", "(7, 7): error minus its neighbours’"),
    ],
    "hole": [(".replay .model canvas", ""), (".model h2", "Mini CLIP (robust)")],
    "why": [(".run-row figure", "Mini ResNet")],
    "limits": [("h1", "Models and data")],
}
