"""What the screens are made of: data access, figures, formats, words, theme."""
