"""A world to practise in: Gymnasium environments over exact, vectorised worlds."""
