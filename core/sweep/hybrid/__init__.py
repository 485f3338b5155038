"""Hybrid images put to a network, cutoff by cutoff: at which radius does it change its mind?"""
