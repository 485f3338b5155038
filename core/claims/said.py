"""What is claimed: sentences of the paper, three of our own, and the statistic that checks each."""

from core.claims.finding import Claim

LOW = Claim(
    "low",
    "3.1",
    "We found that CLIP is less robust than the Resnet50 to perturbations in the low-frequency domain",
    "subject minus reference, mean error of the waves of radius up to 2",
)
HIGH = Claim(
    "high",
    "3.1",
    "… and more robust to perturbations in the highest frequencies.",
    "subject minus reference, mean error in the corners of the map",
)
RELIES = Claim(
    "relies",
    "3.1",
    "This can mean that CLIP relies more on low-frequency information, when compared to Resnet models.",
    "the first claim, and the corners again with the reference's waves as weak as enlarging makes the subject's",
)
SPARED = Claim(
    "spared",
    "3.1",
    "We can see that the Resnet isn’t affected by the lowest frequency perturbations, shown in the blue circle in the "
    "center.",
    "reference: mean error of the waves of radius up to 1, minus its clean error",
)
RED = Claim(
    "red",
    "3.1",
    "However, it is affected by perturbations of the highest frequencies, shown by the red on the extremities.",
    "reference: mean error in the corners minus that of the waves of radius up to 1",
)
WITHIN = Claim(
    "within",
    "3.1",
    "CLIP, on the other hand, shows higher vulnerability on the lowest frequencies and less vulnerability on the "
    "highest frequencies.",
    "within the subject’s own map: mean error of the waves of radius up to 1 minus that in the corners",
)
DIFFERENT = Claim(
    "different",
    "3.1",
    "CLIP ViT-B/32 displayed a different behavior from what was previously observed in the Resnet50 model.",
    "share of waves whose errors differ (5 % false discoveries), and the correlation of the two maps",
)
FIGURE2_CLIP = Claim(
    "figure-2-clip",
    "3.1",
    "CLIP model maintains high error rates in the lowest frequencies up to a point, which then decreases for higher "
    "frequencies [on ImageNet100].",
    "none: of this map the paper shows a picture, and its numbers are not here",
)
FIGURE2_RESNET = Claim(
    "figure-2-resnet",
    "3.1",
    "The Resnet50, on the other hand, shows low error for the lowest frequencies … and high error on the other "
    "frequency regions, including close to the extremities …",
    "ResNet-50 on ImageNet100: mean error of all other waves, and of the corners, minus that of radius up to 1",
)
ROBUST_HIGH = Claim(
    "robust-high",
    "4",
    "Since the CLIP model is robust to high frequency perturbations …",
    "subject: mean error in the corners minus its clean error",
)
TWINS = Claim(
    "twins",
    "1",
    "… models which are robust to adversarial examples rely more on low-frequency information, and are more vulnerable "
    "to low-frequency perturbations such as contrast changes.",
    "robust twin minus ordinary twin: how much waves of radius up to 2, and those in the corners, raise each error",
)
LATTICE = Claim(
    "lattice",
    "ours",
    "A network that cuts the picture into patches is spared by waves that repeat in every patch.",
    "error where i and j are multiples of the patches on a side (7 for CLIP ViT-B/32) minus that of the eight "
    "neighbours; permutation test",
)
COLOUR = Claim(
    "colour",
    "ours",
    "A wave with one sign in all channels is grey, any other coloured: of the same size they do not mislead alike.",
    "subject: mean error under grey waves minus that under coloured ones, radius up to 2 and in the corners",
)
GRADIENT = Claim(
    "gradient",
    "ours",
    "What a network paints with is what misleads it: the more of its loss’s gradient lies along a wave, the more the "
    "wave raises its error.",
    "subject: Spearman’s correlation of the gradient’s energy with the rise of the error, over waves and over rings; "
    "intervals over pictures; p: share of maps as smooth that agree as well",
)
