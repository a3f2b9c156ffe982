"""A convolution is a matrix, and a matrix whose diagonals repeat is a convolution.

Axes in the shapes below:
    C channels in   F filters (channels out)   H, W height and width   K kernel   S stride
    P, Q output height and width   n, k length of a signal and of a kernel

A convolution without bias is linear: twice the image gives twice the output, and the sum of two images the sum of the
outputs. Any linear map between arrays is a matrix, once both are flattened. Its entry in row a and column b says how
much output value a changes for input value b, so each row is one output value's window: the kernel's weights at the
columns of the pixels that the window covers, and zeros everywhere else. For a signal of 4 values and the kernel
(u, v), stride 1:

    u v 0 0
    0 u v 0
    0 0 u v

Each row is the row above, moved by one: equal values along every diagonal (a Toeplitz matrix). That is what is special
about a convolution among the matrices: few weights, used again and again. Two consequences that the checks ask for:
the backward pass to x is the product with the transposed matrix, and an input that is moved gives an output that is
moved.
"""

import numpy as np


def conv2d_matrix(weight: np.ndarray, height: int, width: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """(F, C, K, K) weight -> M (F*P*Q, C*H*W): for one image, M @ x.ravel() is Conv2d's y.ravel(), without the bias.

    P = (H + 2*padding - K) // S + 1 and Q likewise for W, as in Conv2d.

    Args:
        weight: the filters.
        height: H of the images, in pixels, before padding.
        width: W of the images, in pixels, before padding.
        stride: S, in pixels.
        padding: rows and columns of zeros on each side. They are not part of x: M has no columns for them.

    >>> conv2d_matrix(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), height=2, width=3)
    array([[1., 2., 0., 3., 4., 0.],
           [0., 1., 2., 0., 3., 4.]])
    """
    # TODO 1.10: loops are fine, and M is dense: zeros are stored.
    #   1. zeros with all six axes apart              (F, P, Q, C, H + 2*padding, W + 2*padding)
    #   2. for each output position (p, q): which rows and columns of the padded image does its window cover? There
    #      stand the weights, for all f and c at once
    #   3. the pixels of the padding are always 0, so cut their columns off          (F, P, Q, C, H, W)
    #   4. flatten both sides                         (F*P*Q, C*H*W)
    # Row-by-row flattening in step 4 matches y.ravel() and x.ravel() because of the order of the axes in step 1.
    # >>> solution
    f, c, k, _ = weight.shape
    p = (height + 2 * padding - k) // stride + 1
    q = (width + 2 * padding - k) // stride + 1
    m = np.zeros((f, p, q, c, height + 2 * padding, width + 2 * padding), dtype=weight.dtype)
    for row in range(p):
        for column in range(q):
            top, left = row * stride, column * stride
            m[:, row, column, :, top : top + k, left : left + k] = weight
    return m[..., padding : padding + height, padding : padding + width].reshape(f * p * q, c * height * width)
    # <<< solution


def convolve_full(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Signal x (n,) and kernel w (k,) -> y (n + k - 1,), y[i] = sum over j of w[j] * x[i - j].

    This is convolution as mathematics and signal processing define it: the kernel runs against the signal, and values
    outside the signal count as 0. It does not matter which of the two is called the signal. Multiplying polynomials is
    the same thing: (1 + 2t + 3t^2)(4 + 5t) = 4 + 13t + 22t^2 + 15t^3.

    >>> convolve_full(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0]))
    array([ 4., 13., 22., 15.])
    """
    # TODO 1.10: without np.convolve and its relatives; one loop is fine. The kernel may be longer than the signal.
    #   1. zeros                                      (n + k - 1,)
    #   2. for each j: w[j] times the whole signal, (n,), is added to y. From which place on?
    # y has the dtype of x and w together: two float32 arrays give a float32 array.
    # >>> solution
    y = np.zeros(len(x) + len(w) - 1, dtype=np.result_type(x, w))
    for j, value in enumerate(w):
        y[j : j + len(x)] += value * x
    return y
    # <<< solution
