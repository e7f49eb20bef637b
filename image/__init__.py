"""The series' figures and the scripts that draw them: `python -m image` from the repository's root draws them all."""
