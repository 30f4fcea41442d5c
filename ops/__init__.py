"""People: the command line, the local stack, the gateway, the twin, the console, the audit trail."""
