"""Pure functions on text: finding quotations, their context, dates, folding."""
