"""Side-by-side measurements of Shimyard and its peers, and their report."""
