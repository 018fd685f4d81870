"""What is wrong with a set of pictures: copies, leaks, broken, dark, blurred, faceless ones."""
