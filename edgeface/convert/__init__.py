"""From a trained network to files for a device, each held against the network it came from."""
