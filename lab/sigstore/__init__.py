"""sigstore in the lab: its policy-controller, which verifies signatures, and cosign."""
