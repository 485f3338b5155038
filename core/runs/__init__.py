"""One engine for inpainting and generation runs: plan, record, run file."""
