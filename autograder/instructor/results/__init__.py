"""Keep the results: a record and a page for each graded submission, and the table of the class.

Here belongs code that writes or reads files in `results/`. Commands that need a whole class start from `of_class`.
"""
