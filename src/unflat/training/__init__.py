"""Training: the loop, its losses and steps, the weights that are kept, and who looks on."""
