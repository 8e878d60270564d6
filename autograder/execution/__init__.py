"""How a function of a submission is called: the interface, and the kind of room that stays in this process."""
