"""Revisions of the back office's tables."""
