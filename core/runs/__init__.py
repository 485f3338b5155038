"""Engine of inpainting and generation runs: plan, record, run file."""
