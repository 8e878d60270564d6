"""Grade one notebook: collect the tests, run them, compare answers, and word the messages. Start in `pipeline`.

How a student's function is called is not decided here: the caller provides a place to run it.
"""
