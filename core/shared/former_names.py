"""Names in files, folders and links of earlier versions, with the current ones. All readers look them up here."""

FOLDERS = {"corruptions": "disturbances"}  # stored results: former name by current name
PART_FOLDERS = {"heatmaps": "maps", "hybrids": "hybrids"}  # of `core.reproduce`, with a file per part, by kind
ARRAYS = {"undisturbed": "clean"}  # in `.npz` files
COLUMNS = {"own_before": "was_target", "target_share": "is_target"}  # of a reconstruction's `images.csv`
FACTS = {"disturbances": "corruptions"}  # in the metadata of `.npz` files
PARAMETERS = {
    "disturbance": "corruption",
    "inpainting-fast": "inpainting-bfloat16",
    "generation-fast": "generation-bfloat16",
}  # URL parameters
VALUES = {("tab", "Disturbances"): "Corruptions"}  # values of URL parameters, by parameter and former value
