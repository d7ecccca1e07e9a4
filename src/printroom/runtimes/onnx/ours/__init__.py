"""The networks that printroom trains: told by names and shapes of weights, and walked through.

    names and shapes -> told_apart -> Network      ValueError: they are of none of these networks
    Network, weights by name -> graph -> ONNX      node by node: no dead ones, any size of picture
                             -> computed           in numpy, slowly: to compare with

A `Network` says what happens to a picture, step by step, to whoever carries it out: `graph` writes
it down, `planes` computes it, `training.nets` learns it.
"""
