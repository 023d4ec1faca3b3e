"""Rules of a phase, one file each.

Files that begin with an underscore hold what several rules share.
"""
