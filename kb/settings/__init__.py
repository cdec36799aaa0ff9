"""Settings: base for all, dev (the default), test, production.

Read by Django alone; values go to the code as arguments.
"""
