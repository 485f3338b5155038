"""The paper's claims about heat maps, each put to the maps. Does not import torch."""
