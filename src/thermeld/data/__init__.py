"""Known data sets, synthetic pairs and rendered scenes."""
