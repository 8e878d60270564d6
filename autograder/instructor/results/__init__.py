"""What is known of each graded submission: its record and its page."""
