"""Who is measured, each with the best settings that its own documentation names."""
