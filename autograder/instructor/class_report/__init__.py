"""Report on a class: load what is known of it, compute its numbers, write them as a page and as tables.

Here belongs code about the class as a whole, for its instructor. Scores for other systems belong to `exports`.
"""
