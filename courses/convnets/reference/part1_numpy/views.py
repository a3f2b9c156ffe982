"""Windows of an image without copying it, and the sums over them that make a convolution.

Axes in the shapes below:
    N images   C channels   H, W height and width   K window   S stride   P, Q output height and width   F filters

Strides. An array is a run of bytes in memory plus a rule for finding a value in it. The rule is `strides`: for each
axis, the number of bytes from a value to the next one along that axis.

>>> image = np.zeros((3, 45, 40))
>>> image.strides
(14400, 320, 8)

The next value of a row is 8 bytes further (one float64), the next row 40 * 8 = 320 bytes, the next channel
45 * 320 = 14400 bytes. Two arrays may read the same bytes by different rules: that is a view, it costs no time and no
memory, whatever its shape. `a.T` is one, and so is `a[::2]`, whose stride is twice that of `a`. A view may even visit
a byte several times. Windows of 3 values of a signal, each one value further than the last:

>>> signal = np.arange(6.0)
>>> np.lib.stride_tricks.as_strided(signal, shape=(4, 3), strides=(8, 8), writeable=False)
array([[0., 1., 2.],
       [1., 2., 3.],
       [2., 3., 4.],
       [3., 4., 5.]])

One window down is one value further, and so is one value to the right within a window: both strides are 8 bytes.

Matched axes. einsum and tensordot do the same thing: pair some axes of one array with axes of equal length of another,
multiply along the pairs and add up. einsum gives each axis a letter; a letter that stands in both inputs and not in
the output is multiplied and summed.

>>> np.einsum("nchw,chwk->nk", np.ones((2, 3, 4, 5)), np.ones((3, 4, 5, 6))).shape
(2, 6)

tensordot is told the pairs by number. The shape of its result is the axes that are not paired, in order: first those
of the first array, then those of the second. (A, B, C) with (P, Q, R), where B pairs with Q and C with R, is (A, P):

>>> np.tensordot(np.ones((2, 3, 4)), np.ones((7, 3, 4)), axes=((1, 2), (1, 2))).shape
(2, 7)

Broadcasting lines shapes up from the right and stretches axes of length 1. To add one number for each entry of a
middle axis, give the short array an axis of length 1 for every axis to the right of it:

>>> a, b = np.zeros((2, 3, 4)), np.array([10.0, 20.0, 30.0])
>>> (a + b[:, None])[1, :, 0]
array([10., 20., 30.])
"""

import numpy as np


def sliding_windows(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """(N, C, H, W) -> (N, C, P, Q, K, K), all K x K windows at distance S, as a view of x.

    windows[n, c, p, q] is x[n, c, p*S : p*S + K, q*S : q*S + K]. P = (H - K) // S + 1 and Q likewise for W: a window
    that would reach over the edge is left out.

    >>> image = np.zeros((1, 3, 45, 40))
    >>> sliding_windows(image, kernel_size=3, stride=2).shape
    (1, 3, 22, 19, 3, 3)
    """
    # TODO 1.1: copy nothing. The windows of a large image may need a hundred times the memory that there is.
    #   1. how many windows fit                       P, Q
    #   2. for each of the six axes of the result: by how many bytes does one step along it move in x?
    #   3. a view by that rule                        (N, C, P, Q, K, K)
    # Read the byte counts from x.strides: x may itself be a view, transposed or cut out of something larger, and then
    # they do not follow from its shape.
    # Look at: np.lib.stride_tricks.as_strided, and the example at the top of this file.
    # >>> solution
    n, c, h, w = x.shape
    p, q = (h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1
    step_n, step_c, step_h, step_w = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        shape=(n, c, p, q, kernel_size, kernel_size),
        strides=(step_n, step_c, stride * step_h, stride * step_w, step_h, step_w),
        writeable=False,
    )
    # <<< solution


def apply_filters(windows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N, C, P, Q, K, K) and weight (F, C, K, K) -> (N, F, P, Q), each window times each filter, summed.

    >>> image, kernel = np.arange(9.0).reshape(1, 1, 3, 3), np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> apply_filters(sliding_windows(image, kernel_size=2, stride=1), kernel)[0, 0]
    array([[19., 25.],
           [37., 43.]])
    """
    # TODO 1.1: no loop; one einsum, or one tensordot and a change of the order of axes.
    #   1. which axes of windows and of weight run over the same thing? Those are multiplied and summed.
    #   2. which are left, and in which order do they come out?
    #   3. bring them into the order                  (N, F, P, Q)
    # Look at: np.einsum; or np.tensordot with np.moveaxis. The first value of the example above is
    # 0*0 + 1*1 + 3*2 + 4*3 = 19.
    # >>> solution
    y = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))  # (N, P, Q, F)
    return np.moveaxis(y, 3, 1)
    # <<< solution


def add_bias(y: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(N, F, P, Q) and bias (F,) -> (N, F, P, Q), bias[f] added to everything that filter f gave.

    >>> add_bias(np.zeros((1, 2, 1, 3)), np.array([5.0, 7.0]))[0, :, 0]
    array([[5., 5., 5.],
           [7., 7., 7.]])
    """
    # TODO 1.1: no loop, and y stays as it is.
    #   1. give bias a shape that broadcasting lines up with axis 1 of y
    #   2. add                                        (N, F, P, Q)
    # A plain y + bias pairs bias with the last axis. When Q happens to equal F, that raises no error and is wrong.
    # Look at: the last example at the top of this file.
    # >>> solution
    return y + bias[:, None, None]
    # <<< solution


def argmax_position(window: np.ndarray) -> tuple[int, int]:
    """(height, width) -> (row, column) of the largest value; where several are equal, of the first, read row by row.

    >>> argmax_position(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0], [7.0, 8.0, 6.0]]))
    (1, 2)
    """
    # TODO 1.1: argmax without an axis counts through the array row by row and returns one number, 5 in the example.
    #   1. that number
    #   2. turn it back into row and column           5 of a 3 x 3 array is row 1, column 2
    # The width need not equal the height.
    # Look at: np.unravel_index. Return plain ints.
    # >>> solution
    row, column = np.unravel_index(np.argmax(window), window.shape)
    return int(row), int(column)
    # <<< solution
