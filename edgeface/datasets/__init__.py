"""Pictures with labels: folders and zips of photographs, their split, and drawn faces."""
