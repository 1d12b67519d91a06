import { found, ok, type ReasonEntry } from "./entry.ts";

const openbaoLinks = ["provider", "trust", "permission", "sts"] as const;

/** Reasons about OpenBao. */
export const openbaoReasons = {
  MountFound: ok(["provider"], "OpenBao's auth method exists, and trusts the issuer of the config alone."),
  LoginRoleMatches: ok(["trust"], "OpenBao's role lets in the ServiceAccounts of the config."),
  LoginAccepted: ok(["sts"], "OpenBao gives a token for a token of the ServiceAccount."),
  OpenBaoNotAsked: found(
    "unseen",
    openbaoLinks,
    "OpenBao could not be asked: it did not answer, or the token is missing, unknown or lacks the right to read.",
    "Set BAO_TOKEN to a token with the policy that podtrust manifests openbao-policy prints, then look again.",
  ),
  MountMissing: found(
    "broken",
    ["provider"],
    "OpenBao has no auth method at the config's mount.",
    "Make it: podtrust up.",
  ),
  MountDrift: found(
    "broken",
    ["provider"],
    "The settings by which OpenBao's auth method verifies tokens differ from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  LoginRoleMissing: found(
    "broken",
    ["trust"],
    "A role of the config does not exist at OpenBao.",
    "Make it: podtrust up.",
  ),
  LoginRoleDrift: found(
    "broken",
    ["trust"],
    "The ServiceAccounts that may log in by OpenBao's role, or for how long, differ from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  LoginRefused: found(
    "broken",
    ["sts"],
    "OpenBao refuses a token of a ServiceAccount for its role.",
    "See by which rule, with podtrust explain --for openbao.",
  ),
} as const satisfies Record<string, ReasonEntry>;
