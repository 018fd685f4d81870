"""Where the decisions of the loop go: one file a place."""
