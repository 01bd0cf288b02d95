"""The only room that imports torch: networks, losses, the loop, recipes and export."""
