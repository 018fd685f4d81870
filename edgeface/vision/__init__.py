"""Finding faces, classifying them, and deciding whether to give a name."""
