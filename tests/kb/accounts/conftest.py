from tests.kb.accounts.builders import fresh_limits

__all__ = ["fresh_limits"]
