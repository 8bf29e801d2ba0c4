"""cert-manager of upstream's own parts: one program in the place of five, and its chart."""
