"""Fitting: from data and parameters to a predictor before its first step, and from there to trained networks."""
