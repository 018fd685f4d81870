"""The command line: ``app`` assembles it, and every command has a file of its own."""
