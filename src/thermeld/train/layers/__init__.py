"""Layers that several networks share, by subject.

`convolution` holds blocks of convolution, normalisation and activation and how they fold,
`separable` the depthwise-separable block, `attention` gates, `gradient` Sobel and Laplacian.
"""
