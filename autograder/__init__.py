"""The autograder of the convolutional-networks assignment."""
