"""Rules of a phase, one file each; files that begin with an underscore hold what several of them know."""
