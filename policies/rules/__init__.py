"""One rule a file: a pure function from a resource to what is wrong with it."""
