"""What is wrong with this machine for ``edgeface run``, and the exact line that mends it.

It has to work where numpy or OpenCV is missing or broken, so nothing here imports a package that is
not part of Python: whatever has to be imported to be judged is imported by a child process
(`edgeface.doctor.imports`). A check is a function from facts to findings; facts are read below a
root and through a runner of commands, both of which tests replace (`edgeface.doctor.machine`). The
checks stand in `edgeface.doctor.checks`.
"""
