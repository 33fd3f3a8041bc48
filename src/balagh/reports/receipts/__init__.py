"""The receipt of a report: one page to keep, to print, to show (specification 7).

``contents`` says what is on it, ``printing`` has it set by ``child`` after ``receipt.typ``, with
the fonts that come along in ``fonts``.
"""
