import type { CatalogueEntry } from "../entry.ts";

/** Errors about certificate authorities and their certificates. */
export const acmeErrors = {
  "acme-directory-invalid": {
    summary: "The URL is not that of an ACME directory, or its answers cannot be trusted.",
    next: "Give the directory URL as the CA's documentation has it, with https://.",
  },
  "acme-answer-invalid": {
    summary: "The CA's answer is not valid ACME.",
    next: "Check that the address is an ACME directory and that no proxy answers in its place.",
  },
  "acme-refused": {
    summary: "The CA refused a request.",
    next: "Look at the reason that the CA gave.",
  },
  "acme-unavailable": {
    summary: "The CA failed to answer a request properly.",
    next: "Wait: the attempt is repeated. If it keeps failing, look at the CA's status page.",
  },
  "acme-rate-limited": {
    summary:
      "The CA's rate limit is reached: too many requests, orders or failures from this account, address or name.",
    next: "Wait until the time that the CA named; use its staging directory while testing.",
  },
  "acme-account-refused": {
    summary: "The CA does not accept the account, its contact, its binding or its agreement.",
    next: "Look at the reason that the CA gave, and at the CA's terms.",
  },
  "acme-account-unknown": {
    summary: "The CA has no account with this key.",
    next: "The next attempt creates a new account.",
  },
  "acme-name-refused": {
    summary: "The CA issues no certificate for this name.",
    next: "Check the name; public CAs take public names only.",
  },
  "acme-profile-unknown": {
    summary: "The CA offers no certificate profile of this name.",
    next: "Choose one of the CA's profiles, or none.",
  },
  "acme-caa": {
    summary: "A CAA record of the name, or of one above it, forbids this CA to issue.",
    next: "Add a CAA record that names the CA (and the account, where it names accounts).",
  },
  "acme-no-solver": {
    summary: "The CA offers none of the challenges that are set up.",
    next: "Set up one of the challenges that the CA offers for this name.",
  },
  "acme-challenge-failed": {
    summary: "The CA could not verify control of the name.",
    next: "Check that the name resolves to this machine from everywhere, and that ports 80 and 443 reach it.",
  },
  "acme-certificate-invalid": {
    summary: "The certificate that a CA gave is not the one that was asked for.",
    next: "Report it to the CA; the old certificate stays in use.",
  },
  "certificate-invalid": {
    summary: "A certificate and key cannot be served together.",
    next: "Give a PEM chain, leaf first, and the private key that belongs to its leaf.",
  },
  "certificate-store-invalid": {
    summary: "A file of the certificate store is damaged.",
    next: "Move the named file away; a new account or certificate is then created.",
  },
  "certificate-lock-lost": {
    summary:
      "Another process took over the lock on certificates while this one stood still: nothing was written.",
    next: "The other one continues. Find out why this one stood still: a CPU limit, a suspended machine.",
  },
} as const satisfies Record<string, CatalogueEntry>;
