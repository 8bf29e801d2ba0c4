"""From measurements to a table, a verdict on each goal, and a plot."""
