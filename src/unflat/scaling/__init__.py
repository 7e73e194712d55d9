"""Scales of inputs and targets, the ranges that training saw, and limits that no target lies beyond."""
