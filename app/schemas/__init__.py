"""What goes over the wire: items, answers and query parameters, with nothing of tables or SQL."""
