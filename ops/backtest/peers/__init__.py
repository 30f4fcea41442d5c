"""What users would pick instead: methods that are fitted again every day, asked as our own are."""
