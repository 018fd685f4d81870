"""The training half: networks, augmentation, fitting, and the run they leave behind.

Everything below here, and in ``edgeface.convert``, may import TensorFlow; nothing else may.
"""
