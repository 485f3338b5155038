"""Predictions of networks under one wave."""
