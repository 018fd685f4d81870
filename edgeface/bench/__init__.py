"""Timing: what runs here, how long it takes, and whether the figure may be quoted."""
