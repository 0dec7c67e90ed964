"""The screens of the console: the main screen and the views it switches between.

Each view has `show(snapshot, selected, display)`; only the visible one is called.
"""
