import numpy as np

from thermeld.methods.floors import average, maximum


def test_average_by_hand():
    assert average(np.float32([[0.2]]), np.float32([[0.6]])) == np.float32(0.4)


def test_maximum_by_hand():
    assert maximum(np.float32([[0.2, 0.9]]), np.float32([[0.6, 0.1]])).tolist() == [
        [np.float32(0.6), np.float32(0.9)]
    ]
