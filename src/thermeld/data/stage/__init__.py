"""The parts of the scene renderer: shapes, materials, light and the two cameras."""
