"""podtrust's sandbox for pytest: IAM, STS and SSM that enforce what AWS enforces."""

from .sandbox import Issuer, Sandbox, SandboxError

__all__ = ["Issuer", "Sandbox", "SandboxError"]
