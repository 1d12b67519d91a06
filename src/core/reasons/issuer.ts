import { cause, found, type ReasonEntry } from "./entry.ts";

const documents = ["discovery", "jwks"] as const;

/** Reasons about what the issuer serves, and how. */
export const issuerReasons = {
  IssuerMismatch: cause(
    found(
      "broken",
      ["cluster", "discovery", "token"],
      "An issuer is not the configured one letter for letter, as AWS compares it.",
      "Set the API server's --service-account-issuer, the published document and the config to the same URL.",
    ),
    {
      number: 100,
      proof:
        "The issuer of the document is compared with the URL byte by byte; the first byte that differs is named.",
    },
  ),
  DiscoveryInvalid: cause(
    found(
      "broken",
      ["discovery"],
      "The discovery document cannot be read or lacks what AWS needs of it.",
      "Publish a discovery document with issuer, jwks_uri and the three supported lists.",
    ),
    {
      number: 111,
      proof: "The document came with status 200, and a member that AWS needs is missing or has another type.",
    },
  ),
  DiscoveryUnusual: cause(
    found(
      "warning",
      ["discovery"],
      "The discovery document is legal, and has something in it that is often a mistake.",
      "Look at the document.",
    ),
    { number: 112, proof: "The document is readable, and what it lists is compared with what AWS verifies." },
  ),
  JwksInvalid: cause(
    found(
      "broken",
      ["jwks"],
      "The JWKS cannot be read, is ambiguous, has a private key, more than 100 keys of a type, or none that AWS can use.",
      "Publish the cluster's public keys, each under its own kid.",
    ),
    { number: 200, proof: "The set came with status 200, and the sentence says what in it AWS cannot read." },
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
  MediaTypeUnusual: cause(
    found(
      "warning",
      documents,
      "A document comes as another media type than application/json; AWS does not document that it minds, and others do.",
      "Serve it as application/json (the JWKS also as application/jwk-set+json).",
    ),
    { number: 520, proof: "The Content-Type header of the answer." },
  ),
  RedirectNotFollowed: cause(
    found(
      "broken",
      [...documents, "reachability"],
      "A document is a redirect, which AWS does not follow.",
      "Serve the document at exactly this URL with status 200.",
    ),
    { number: 501, proof: "The status and the Location header of the answer." },
  ),
  UnexpectedStatus: cause(
    found(
      "broken",
      [...documents, "reachability"],
      "A document comes with another status than 200.",
      "Serve the document at exactly this URL with status 200, to anyone and without a password.",
    ),
    {
      number: 517,
      proof: "The status of the answer, with none of the marks by which other causes are known.",
    },
  ),
  ResponseTimeout: cause(
    found(
      "broken",
      ["reachability"],
      "A document did not come within the five seconds that AWS waits.",
      "Serve the documents from memory, close to the internet; look at the phase that took the time.",
    ),
    { number: 514, proof: "The phases that ended within five seconds, and the one that did not." },
  ),
  ResponseTooLarge: cause(
    found(
      "broken",
      ["reachability"],
      "A document is larger than what is read of it.",
      "Keep the discovery document below 64 KiB and publish no keys that sign no more tokens.",
    ),
    { number: 515, proof: "The bytes that came, or that were announced, are more than are read." },
  ),
  ResponseInvalid: cause(
    found(
      "broken",
      ["reachability"],
      "A server's answer is not HTTP, or ended early.",
      "Look at what listens on port 443 of this name.",
    ),
    { number: 516, proof: "What came back is not HTTP, or ended before its announced length." },
  ),
  ConnectionFailed: cause(
    found(
      "broken",
      ["reachability"],
      "No connection to the issuer could be made.",
      "Open port 443 of the issuer to the whole internet: AWS does not say from where it asks.",
    ),
    {
      number: 511,
      proof: "No address of the name took a connection within five seconds, and none refused one.",
    },
  ),
  NameNotResolved: cause(
    found(
      "broken",
      ["dns"],
      "The issuer's name does not resolve.",
      "Make an A or AAAA record for the name, and look whether its zone is delegated.",
    ),
    { number: 300, proof: "The resolver gave neither an address nor a reason." },
  ),
  AddressPrivate: cause(
    found(
      "warning",
      ["dns"],
      "The issuer's name leads to an address that AWS cannot reach.",
      "Look at the name from outside: AWS cannot reach a private address.",
    ),
    {
      number: 305,
      proof: "Some addresses of the name lie in ranges that the internet does not route, and some do not.",
    },
  ),
  CertificateExpiring: cause(
    found(
      "warning",
      ["tls"],
      "Less than a sixth of the certificate's life is left, so that something keeps it from being renewed.",
      "Look why it was not renewed: the publisher's log names the CA's last answer.",
    ),
    { number: 408, proof: "The dates of the served certificate: less than a sixth of its life is left." },
  ),
  CertificateExpired: cause(
    found(
      "broken",
      ["tls"],
      "A certificate of the issuer's chain has expired.",
      "Renew the certificate; a publisher renews by itself, and its log names the CA's last answer.",
    ),
    { number: 401, proof: "The dates of the served chain against the clock of this machine." },
  ),
  CertificateNotYetValid: cause(
    found(
      "broken",
      ["tls"],
      "A certificate of the issuer's chain is not valid yet, or the clock of this machine is behind.",
      "Check the clock of this machine, then that of the CA.",
    ),
    { number: 402, proof: "The dates of the served chain against the clock of this machine." },
  ),
  CertificateNameMismatch: cause(
    found(
      "broken",
      ["tls"],
      "The certificate is for other names than the issuer's.",
      "Serve a certificate that names the issuer's host.",
    ),
    {
      number: 403,
      proof: "The names in the served certificate; the host that was asked for is not among them.",
    },
  ),
  CertificateUntrusted: cause(
    found(
      "broken",
      ["tls"],
      "No root that is known here vouches for the issuer's chain: a private CA, or an intermediate certificate that is not served.",
      "Serve the whole chain of a public CA; for a private CA give --ca FILE, and register its thumbprint with IAM.",
    ),
    { number: 412, proof: "The chain verifies up to a certificate whose issuer no known root is." },
  ),
  TlsFailed: cause(
    found(
      "broken",
      ["tls"],
      "The TLS handshake with the issuer failed.",
      "Serve TLS 1.2 or 1.3 with a certificate that names the host and brings its whole chain.",
    ),
    { number: 400, proof: "TCP connected, and the handshake ended without a certificate." },
  ),
  PublisherBlind: found(
    "warning",
    ["jwks"],
    "The publisher cannot read the cluster, or must not publish what it reads, and continues with what it last saw: a new signing key would not be published.",
    "Do what the publisher says it needs; podtrust rotate status shows it.",
  ),
} as const satisfies Record<string, ReasonEntry>;
