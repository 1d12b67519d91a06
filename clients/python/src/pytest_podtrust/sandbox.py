"""A client of the control API of ``podtrust-sandbox``."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any


class SandboxError(Exception):
    """What the sandbox refused: ``code`` is podtrust's, ``detail`` may hold AWS's (``awsCode``, ``awsMessage``)."""

    def __init__(self, code: str, message: str, next_step: str, detail: Mapping[str, Any]) -> None:
        super().__init__(f"{message}. {next_step}")
        self.code = code
        self.message = message
        self.next = next_step
        self.detail = dict(detail)


# A sandbox is on this machine, and no proxy is asked for it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_PATIENCE_SECONDS = 30


class Account:
    """An account of a sandbox: ``url`` for AWS clients, ``environment`` for programs that are started.

    Its roles, parameters, keys, decisions, clock and issuers are its own.
    """

    def __init__(self, url: str, account: str, environment: Mapping[str, str], control_token: str) -> None:
        self.url = url
        self.account = account
        self.environment = dict(environment)
        self._token = control_token
        self._below = ""

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/_podtrust/{self._below}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"},
        )
        try:
            with _opener.open(request, timeout=_PATIENCE_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as refusal:
            error = json.load(refusal).get("error", {})
            raise SandboxError(
                error.get("code", "unknown"),
                error.get("message", f"the sandbox answered {refusal.code}"),
                error.get("next", ""),
                error.get("detail", {}),
            ) from None

    def seed(
        self,
        *,
        providers: Sequence[Mapping[str, Any]] = (),
        roles: Sequence[Mapping[str, Any]] = (),
        parameters: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Makes what is said, each piece by AWS's own operation; STS sees it at once."""
        self._ask(
            "POST",
            "seed",
            {"providers": list(providers), "roles": list(roles), "parameters": list(parameters)},
        )

    def reset(self) -> None:
        """Empties the account, forgets its decisions, puts its clock back and mends its issuers."""
        self._ask("POST", "reset")

    def decisions(self, **wanted: str) -> list[dict[str, Any]]:
        """What was decided, oldest first: ``decisions(decision="deny", rule="trust-policy")``."""
        query = urllib.parse.urlencode(wanted)
        return self._ask("GET", f"decisions?{query}")["decisions"]

    def advance(self, seconds: float) -> None:
        """Moves the clock on by which tokens and sessions expire and changes of IAM spread."""
        self._ask("POST", "clock", {"advanceSeconds": seconds})

    def spread(self) -> None:
        """Ends IAM's propagation: STS sees every role as it stands."""
        self._ask("POST", "spread")

    def issuer(self, url: str | None = None) -> Issuer:
        """The issuer of the stand-in cluster, or another one of this URL, started when it is first asked for."""
        return Issuer(self, self._ask("GET", "issuer") if url is None else self._ask("POST", "issuers", {"url": url}))


class Sandbox(Account):
    """A running sandbox, which is its first account."""

    def new_account(self) -> NewAccount:
        """An empty account of a number of its own: what runs beside others does not meet them there."""
        said = self._ask("POST", "accounts")
        keys = {"AWS_ACCESS_KEY_ID": said["accessKeyId"], "AWS_SECRET_ACCESS_KEY": said["secretAccessKey"]}
        rest = {name: value for name, value in self.environment.items() if name != "AWS_SHARED_CREDENTIALS_FILE"}
        return NewAccount(self, said["account"], {**rest, **keys})


class NewAccount(Account):
    """An account beside the first one, until it is closed: ``with sandbox.new_account() as account:``."""

    def __init__(self, sandbox: Sandbox, account: str, environment: Mapping[str, str]) -> None:
        super().__init__(sandbox.url, account, environment, sandbox._token)
        self._sandbox = sandbox
        self._below = f"accounts/{account}/"

    def close(self) -> None:
        """Ends it: its keys and roles are unknown from now on."""
        self._sandbox._ask("DELETE", f"accounts/{self.account}")

    def __enter__(self) -> NewAccount:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Issuer:
    """An issuer: ``url`` stands in its tokens, ``ca`` is the root of its certificate (PEM)."""

    def __init__(self, account: Account, said: Mapping[str, Any]) -> None:
        self._account = account
        self.url: str = said["url"]
        self.ca: str = said["ca"]
        self.connect_to: list[str] = said["connectTo"]

    def token(
        self,
        namespace: str,
        service_account: str,
        *,
        audiences: Sequence[str] = ("sts.amazonaws.com",),
        seconds: int = 3600,
    ) -> str:
        """A token of a ServiceAccount as TokenRequest gives it."""
        body = {
            "namespace": namespace,
            "serviceAccount": service_account,
            "audiences": list(audiences),
            "expirationSeconds": seconds,
            "issuer": self.url,
        }
        return self._account._ask("POST", "issuer/token", body)["token"]

    def forge(
        self,
        namespace: str | None = None,
        service_account: str | None = None,
        *,
        claims: Mapping[str, Any] | None = None,
        without_claims: Sequence[str] = (),
        header: Mapping[str, Any] | None = None,
        without_header: Sequence[str] = (),
        signed_by: str | Mapping[str, str] = "cluster",
        audiences: Sequence[str] = ("sts.amazonaws.com",),
        seconds: int = 3600,
        issued_at: int | None = None,
    ) -> str:
        """A token that no issuer gives: of other claims, another header, another key (``signed_by="foreign-key"``)."""
        body = {
            "namespace": namespace,
            "serviceAccount": service_account,
            "claims": dict(claims or {}),
            "withoutClaims": list(without_claims),
            "header": dict(header or {}),
            "withoutHeader": list(without_header),
            "signedBy": signed_by,
            "audiences": list(audiences),
            "expirationSeconds": seconds,
            "issuedAt": issued_at,
            "issuer": self.url,
        }
        asked = {name: value for name, value in body.items() if value is not None}
        return self._account._ask("POST", "issuer/token", asked)["token"]

    def fail(self, fault: str | None) -> None:
        """Fails in this way until reset by None: slow, not-found, wrong-issuer, key-gone."""
        self._account._ask("PUT", "issuer/fault", {"issuer": self.url, "fault": fault})
