"""What every part of the kit uses: its data types, its exceptions, and small tools for text and files.

Only the standard library is imported here, and nothing else of the kit.
"""
