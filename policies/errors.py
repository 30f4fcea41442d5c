"""What is wrong with a policy file, as one error whose text says what, where and what to do."""


class PolicyFileError(Exception):
    """Fix it and start again: a trained policy is missing, modified, unsigned, foreign or unknown.

    Packages above translate it into their own configuration error; it is never a reason to serve another policy.
    """
