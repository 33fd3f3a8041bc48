"""Ratios, each from one run on one machine: ``just bench``. Absolute figures mean little."""
