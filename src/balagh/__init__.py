"""Balagh: takes a complaint, a transformation request or a suggestion to the agency that must answer."""

__version__ = "0.1.0"
