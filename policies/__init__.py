"""The policy pack: what a stack must keep to, checked in every preview."""
