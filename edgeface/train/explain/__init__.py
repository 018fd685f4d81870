"""What a trained network has learned and what it costs: numbers, pictures, one page.

::

    layers       every layer: output, parameters, multiply-adds
    maps         what every layer of the Keras network makes of one picture; the first weights
    files        the same tensors out of exported files; tflite and onnx beside it read them
    matching     which tensor of a file is the output of which layer
    difference   how far a file's tensor is from the layer's output
    subject      which picture is looked at, and how it is cut
    explanation  all of that put together
    tables       what it says in rows; record says it to machines
    tiles        pictures of numbers, in rows; drawing says which rows show a layer or a file
    charts       parameters, multiply-adds and differences as pictures
    folder       the folder that ``edgeface explain`` leaves; page is its page
"""
