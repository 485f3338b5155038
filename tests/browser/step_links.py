"""Where the link of each step of the story leads: what is in sight there, without scrolling, in 1440 x 900 pixels.

Of each step selectors of parts, and a text in them: networks, picture, wave and figure. Of a part the upper `SEEN`
pixels count. Components stand in shadow roots, so that no selector reaches from the page into one.
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
