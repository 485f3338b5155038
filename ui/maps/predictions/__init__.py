"""Predictions of networks under a wave."""
