"""Parts of a reproduction: plan, measurement and comparison."""
