"""The camera loop: where frames come from, what looks at them, where the decisions go."""
