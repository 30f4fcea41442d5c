"""`headgate backtest`: a table of demand in, how well each method would have forecast it out."""
