"""Read notebooks, and know the course that they belong to.

Whatever a student hands in is hostile data: it is read and analysed here, but none of its code is run.
"""
