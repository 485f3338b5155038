"""The paper, run again part by part and compared with what was published: `python -m core.reproduce`."""
