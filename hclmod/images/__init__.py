"""Image references and tags as pure values, and the decision which tag may float."""
