"""Disturbed pictures put to a network: how many does it still classify correctly, and which waves were changed?"""
