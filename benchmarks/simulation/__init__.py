"""Stand-ins for very many machines: an SSH server with simulated nodes behind it."""
