import type { CatalogueEntry } from "../entry.ts";

/** Errors about OpenBao. */
export const openbaoErrors = {
  "openbao-token-missing": {
    summary: "There is no token for OpenBao.",
    next: "Set BAO_TOKEN (or VAULT_TOKEN) to a token with the policy that podtrust manifests openbao-policy prints.",
  },
  "openbao-token-refused": {
    summary: "OpenBao does not know the token, or it has expired.",
    next: "Log in again (bao login) and set BAO_TOKEN; a token that lacks the policy default needs permission to read auth/token/lookup-self.",
  },
  "openbao-denied": {
    summary: "OpenBao knows the token, and no policy of it allows this.",
    next: "Give it the policy that podtrust manifests openbao-policy prints for this config.",
  },
  "openbao-unreachable": {
    summary: "OpenBao did not answer, or its certificate was refused.",
    next: "Check openbao.address and openbao.caFile in the config and the network, then run the same command again.",
  },
  "openbao-unavailable": {
    summary: "OpenBao is sealed, or fails by itself, even after several tries.",
    next: "Look at bao status and unseal it where it is sealed, then run the same command again.",
  },
  "openbao-refused": {
    summary: "OpenBao refused a request, for the reason in the message.",
    next: "Its own words say why; where it cannot read the issuer, look whether the server itself reaches the issuer's URL.",
  },
  "openbao-answer-invalid": {
    summary: "What answered is not OpenBao, or not as it is documented.",
    next: "Check openbao.address in the config, and that no proxy answers in the server's place.",
  },
  "openbao-mount-other": {
    summary: "The path of the config's mount holds an auth method that podtrust does not change.",
    next: "Choose another mount in the config; podtrust makes its own.",
  },
} as const satisfies Record<string, CatalogueEntry>;
