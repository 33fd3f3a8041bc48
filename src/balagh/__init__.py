"""Balagh: takes reports about digital services to the agency that must answer."""

__version__ = "0.1.0"
