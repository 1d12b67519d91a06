"""podtrust's sandbox for pytest: IAM, STS and SSM that enforce what AWS enforces."""

from .sandbox import Account, Issuer, NewAccount, Sandbox, SandboxError

__all__ = ["Account", "Issuer", "NewAccount", "Sandbox", "SandboxError"]
