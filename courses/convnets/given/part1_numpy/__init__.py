"""Part 1: convolutional networks in NumPy alone, each layer with its forward and its backward pass.

Work in this order; every file opens with the shapes and the ideas that its tasks need.

    1.1   views.py        windows of an image without a copy, sums over them
    1.2   linear.py       Linear, Flatten
    1.3   activations.py  ReLU, Sigmoid, Tanh
    1.4   losses.py       SoftmaxCrossEntropy
    1.5   conv1d.py       Conv1d
    1.6   conv2d.py       Conv2d
    1.7   pooling.py      MaxPool2d, AvgPool2d
    1.8   resampling.py   Upsample1d, Upsample2d, Downsample1d, Downsample2d
    1.9   transpose.py    ConvTranspose1d, ConvTranspose2d
    1.10  toeplitz.py     a convolution written as a matrix
    1.11  scanning.py     a network that scans a signal is a convolutional network
    1.12  convnet.py      ConvNet, build_cnn
    1.13  optim.py        SGD

Given: module.py (what a layer is), gradcheck.py (numerical gradients, to test a layer with), train.py (a whole
network on 50 images, `python -m part1_numpy.train`).

Rules that hold for every layer:
    - NumPy and the standard library, nothing else.
    - An input array is never changed, neither by forward nor by backward.
    - The result has the dtype of the input and the parameters: float32 in, float32 out. Mind np.zeros(shape), which is
      float64 whatever the input is; it takes a dtype.
    - Any input size: height and width may differ, strides may leave a rest, there may be a single image.
    - Loops are free, but for one point each of 1.5 and 1.6, which say how many may be nested in a method. A for, a
      while, a comprehension, map, np.vectorize and np.apply_along_axis are one loop each; np.ndindex and
      itertools.product are one for each axis; a loop in a function that the method calls counts as well.
"""
