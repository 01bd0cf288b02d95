"""Fuse an infrared and a visible image of one scene into one image."""
