import { found, type ReasonEntry } from "./entry.ts";

const documents = ["discovery", "jwks"] as const;

/** Reasons about what the issuer serves, and how. */
export const issuerReasons = {
  IssuerMismatch: found(
    "broken",
    ["cluster", "discovery", "token"],
    "An issuer is not the configured one letter for letter, as AWS compares it.",
    "Set the API server's --service-account-issuer, the published document and the config to the same URL.",
  ),
  DiscoveryInvalid: found(
    "broken",
    ["discovery"],
    "The discovery document cannot be read or lacks what AWS needs of it.",
    "Publish a discovery document with issuer, jwks_uri and the three supported lists.",
  ),
  DiscoveryUnusual: found(
    "warning",
    ["discovery"],
    "The discovery document is legal, and has something in it that is often a mistake.",
    "Look at the document.",
  ),
  JwksInvalid: found(
    "broken",
    ["jwks"],
    "The JWKS cannot be read, is ambiguous, has a private key, more than 100 keys of a type, or none that AWS can use.",
    "Publish the cluster's public keys, each under its own kid.",
  ),
  JwksUnusual: found(
    "warning",
    ["jwks"],
    "The JWKS is usable, and has something in it that is often a mistake.",
    "Look at the document.",
  ),
  JwksKeyMissing: found(
    "broken",
    ["jwks", "token"],
    "The key that the cluster signs with is not published: AWS refuses its tokens.",
    "Publish the key; podtrust rotate status shows what the publisher knows of it.",
  ),
  JwksVerifyingKeyMissing: found(
    "warning",
    ["jwks"],
    "A key that the cluster verifies with and does not sign with is not published: right after a distrust, and wrong before a rotation to it.",
    "After a distrust, take the key out of the API server's --service-account-key-file; before a rotation, wait until it is published.",
  ),
  JwksKeyUnconfirmed: found(
    "warning",
    ["jwks"],
    "A key of the cluster is not published, and whether the cluster signs with it could not be seen.",
    "Give these credentials the right to create serviceaccounts/token: a token says which key signs.",
  ),
  MediaTypeUnusual: found(
    "warning",
    documents,
    "A document comes as another media type than application/json; AWS does not say that it minds, and others do.",
    "Serve it as application/json (the JWKS also as application/jwk-set+json).",
  ),
  RedirectNotFollowed: found(
    "broken",
    [...documents, "reachability"],
    "A document is a redirect, which AWS does not follow.",
    "Serve the document at exactly this URL with status 200.",
  ),
  UnexpectedStatus: found(
    "broken",
    [...documents, "reachability"],
    "A document comes with another status than 200.",
    "Serve the document at exactly this URL with status 200, to everybody and without a password.",
  ),
  ResponseTimeout: found(
    "broken",
    ["reachability"],
    "A document did not come within the five seconds that AWS waits.",
    "Serve the documents from memory, close to the internet; look at the phase that took the time.",
  ),
  ResponseTooLarge: found(
    "broken",
    ["reachability"],
    "A document is larger than is read of it.",
    "Keep the discovery document below 64 KiB and publish no keys that sign no more tokens.",
  ),
  ResponseInvalid: found(
    "broken",
    ["reachability"],
    "A server's answer is not HTTP, or ended early.",
    "Look at what listens on port 443 of this name.",
  ),
  ConnectionFailed: found(
    "broken",
    ["reachability"],
    "No connection to the issuer came about.",
    "Open port 443 of the issuer to the whole internet: AWS does not say from where it asks.",
  ),
  NameNotResolved: found(
    "broken",
    ["dns"],
    "The issuer's name does not resolve.",
    "Make an A or AAAA record for the name, and look whether its zone is delegated.",
  ),
  AddressPrivate: found(
    "warning",
    ["dns"],
    "The issuer's name leads to an address that AWS cannot reach.",
    "Look at the name from outside: AWS cannot reach a private address.",
  ),
  CertificateExpiring: found(
    "warning",
    ["tls"],
    "Less than a sixth of the certificate's life is left, so that something keeps it from being renewed.",
    "Look why it was not renewed: the publisher's log names the CA's last answer.",
  ),
  CertificateExpired: found(
    "broken",
    ["tls"],
    "A certificate of the issuer's chain has expired.",
    "Renew the certificate; a publisher renews by itself, and its log names the CA's last answer.",
  ),
  CertificateNotYetValid: found(
    "broken",
    ["tls"],
    "A certificate of the issuer's chain is not valid yet, or the clock of this machine is behind.",
    "Check the clock of this machine, then that of the CA.",
  ),
  CertificateNameMismatch: found(
    "broken",
    ["tls"],
    "The certificate is for other names than the issuer's.",
    "Serve a certificate that names the issuer's host.",
  ),
  CertificateUntrusted: found(
    "broken",
    ["tls"],
    "No root that is known here vouches for the issuer's chain: a private CA, or an intermediate certificate that is not served.",
    "Serve the whole chain of a public CA; for a private CA give --ca FILE, and register its thumbprint with IAM.",
  ),
  TlsFailed: found(
    "broken",
    ["tls"],
    "The TLS handshake with the issuer failed.",
    "Serve TLS 1.2 or 1.3 with a certificate that names the host and brings its whole chain.",
  ),
  PublisherBlind: found(
    "warning",
    ["jwks"],
    "The publisher cannot read the cluster, or must not publish what it reads, and goes on with what it last saw: a new signing key would not be published.",
    "Do what the publisher says it needs; podtrust rotate status shows it.",
  ),
} as const satisfies Record<string, ReasonEntry>;
