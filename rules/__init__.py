"""The built-in rules, one file each; files that begin with an underscore hold what several of them know."""
