"""The paper's claims about heat maps, checked on stored results. Does not import torch."""
