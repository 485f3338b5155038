"""What the pages *Inpainting* and *Generation* are made of."""
