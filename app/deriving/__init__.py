"""What is derived of the facts when they change: the lists that entities stand in, their items, their full text."""
