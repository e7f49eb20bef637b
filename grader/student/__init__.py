"""The student's side: `check()`, the public reference tensors, and the description of a call.

Nothing here imports from the judging side, so that the sandbox can hold this folder alone.
"""
