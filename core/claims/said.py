"""What is claimed: sentences of the paper, some of our own, and the statistic that checks each."""

from core.claims.finding import Claim

LOW = Claim(
    "low",
    "3.1",
    "… CLIP is less robust than the Resnet50 to perturbations in the low-frequency domain",
    "subject minus reference, mean error of the waves of radius up to 2",
    about="comparison",
)
HIGH = Claim(
    "high",
    "3.1",
    "… and more robust to perturbations in the highest frequencies.",
    "subject minus reference, mean error in the corners of the map",
    about="comparison",
)
RELIES = Claim(
    "relies",
    "3.1",
    "This can mean that CLIP relies more on low-frequency information, when compared to Resnet models.",
    "cutoff at which hybrid images are taken for either picture equally often, subject minus reference; the first "
    "claim, and the corners under waves weakened alike",
    about="comparison",
    waves="all",
)
SPARED = Claim(
    "spared",
    "3.1",
    "We can see that the Resnet isn’t affected by the lowest frequency perturbations, shown in the blue circle in the "
    "center.",
    "reference: mean error of the waves of radius up to 1, minus its clean error",
    about="reference",
)
RED = Claim(
    "red",
    "3.1",
    "However, it is affected by perturbations of the highest frequencies, shown by the red on the extremities.",
    "reference: mean error in the corners minus that of the waves of radius up to 1",
    about="reference",
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
    about="comparison",
)
FIGURE2_CLIP = Claim(
    "figure-2-clip",
    "3.1",
    "CLIP model maintains high error rates in the lowest frequencies up to a point, which then decreases for higher "
    "frequencies [on ImageNet100].",
    "none: of this map the paper shows a picture, and its numbers are not here",
    about="shelf",
    waves=None,
)
FIGURE2_RESNET = Claim(
    "figure-2-resnet",
    "3.1",
    "The Resnet50, on the other hand, shows low error for the lowest frequencies … and high error on the other "
    "frequency regions, including close to the extremities …",
    "ResNet-50 on ImageNet100: mean error of all other waves, and of the corners, minus that of radius up to 1",
    about="shelf",
    waves=None,
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
    "to low-frequency perturbations …",
    "robust minus ordinary twin: the cutoff of hybrid images; the rise of the error up to radius 2 and in the corners",
    about="shelf",
    waves=None,
)
CONTRAST = Claim(
    "contrast",
    "1",
    "… are more vulnerable to low-frequency perturbations such as contrast changes.",
    "robust minus ordinary twin, picture by picture: rise of the error under real disturbances, mean of three "
    "strengths",
    about="shelf",
    waves=None,
)
SHIFT = Claim(
    "shift",
    "4",
    "This indicates that robustness to natural distribution shifts might be associated to dependency on lower "
    "frequency information …",
    "all networks with both stored: rank correlation of the cutoff of hybrid images with the mean rise of the error "
    "under eight disturbances; exact permutation p",
    about="shelf",
    waves=None,
)
LATTICE = Claim(
    "lattice",
    "ours",
    "Waves that repeat in every patch mislead less.",
    "error where i and j are multiples of the patches on a side (7 for CLIP ViT-B/32) minus that of the eight "
    "neighbours; permutation test",
    waves="all",
)
COLOUR = Claim(
    "colour",
    "ours",
    "A wave with one sign in all channels is grey, any other coloured: of the same size they do not mislead alike.",
    "subject: mean error under grey waves minus that under coloured ones, radius up to 2 and in the corners",
    waves=None,
)

# Of section 3.2. Subject stands in CLIP's place, reference in that of the robust model.
LOSSES = Claim(
    "losses",
    "3.2",
    "The inpainting loss (3) … decreased from 3.8 to 2e-4. … The generation loss (2) … decreased from 3.5 … to 3e-5 …",
    "subject: mean over pictures of log10(loss before / loss after); the paper’s numbers give 4.3 and 5.1",
    waves=None,
)
SQUIGGLES = Claim(
    "squiggles",
    "3.2",
    "CLIP model barely changes the corrupted patches. The alterations are limited to almost imperceptible squiggles.",
    "mean change of the hole until 90 % sure, of the pictures of which neither was sure at once and both became so: "
    "subject minus reference",
    waves=None,
)
CORRECTED = Claim(
    "corrected",
    "3.2",
    "To the model, however, these alterations are highly accurate and even capable of changing a wrong classification "
    "to the correct class.",
    "subject: of the pictures whose hole makes it err, the share that it ends calling right",
    waves=None,
)
LIKELY = Claim(
    "likely",
    "3.2",
    "To the model, however, these images have high likelihood of pertaining to the correct class.",
    "subject: share of its drawings of which it ends 90 % sure",
    waves=None,
)
PLAUSIBLE = Claim(
    "plausible",
    "3.2",
    "The images generated with the robust model were semantically similar to the images before corruption, and were "
    "perceptually plausible to humans even in the case of mistakes. The CLIP model, however, does not reconstruct the "
    "corrupted images.",
    "share of filled holes whose class another network recognises: reference minus subject, McNemar’s exact test",
    waves=None,
)
DISPLAYED = Claim(
    "displayed",
    "3.2",
    "The images generated by the robust models …, while not realistic, showcased perceptually relevant features such "
    "as feathers, eyes, fur and noses. The images generated by CLIP model, on the other hand, do not display such "
    "features.",
    "share of drawings whose class another network recognises: reference minus subject, McNemar’s exact test",
    waves=None,
)
SAMPLED = Claim(
    "sampled",
    "3.2",
    "Any similarity to the original class is due to the pixel sampling process, with the final result looking like "
    "incomprehensible noise.",
    "subject: share of pictures whose class another network recognises, in the results minus in the starts",
    waves=None,
)
TRAINING = Claim(
    "training",
    "ours",
    "Trained against small changes, a CLIP paints what other networks recognise.",
    "Mini CLIP’s robust twin minus Mini CLIP: share of pictures whose class another network recognises",
    waves=None,
)
GRADIENT = Claim(
    "gradient",
    "ours",
    "The more of the gradient lies along a wave, the more it raises the error.",
    "subject: rank correlation of the gradient’s energy with the rise of the error; p against maps as smooth",
    waves=None,
)
