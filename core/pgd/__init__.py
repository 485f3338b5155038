"""L2 projected gradient descent on Eq. 2 (generation) and Eq. 3 (inpainting)."""
