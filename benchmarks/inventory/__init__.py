"""Stock decisions beside the optimum, the best rules and what others have published."""
