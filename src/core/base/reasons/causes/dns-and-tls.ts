import { cause, found, type ReasonEntry } from "../entry.ts";

/** Why a name or a certificate does not serve AWS. */
export const dnsAndTlsCauses = {
  NameMissing: cause(
    found(
      "broken",
      ["dns"],
      "The issuer's name does not exist in DNS.",
      "Make an A or AAAA record for the name; if it is there, look whether its zone is delegated at the registrar.",
    ),
    { number: 301, proof: "The resolver answers NXDOMAIN." },
  ),
  NameServersFail: cause(
    found(
      "broken",
      ["dns"],
      "The name servers of the zone fail.",
      "Look at the zone's own servers, its delegation and DNSSEC: the record itself cannot be judged before they answer.",
    ),
    { number: 302, proof: "The resolver answers SERVFAIL." },
  ),
  ResolversDiffer: cause(
    found(
      "broken",
      ["dns"],
      "This machine's resolver and the one that was asked beside it see different worlds: split DNS.",
      "Make the public view hold the public address: AWS sees that one.",
    ),
    {
      number: 303,
      proof: "One of two resolvers gives a public address, and the other none, or a private one.",
    },
  ),
  EveryAddressPrivate: cause(
    found(
      "broken",
      ["dns"],
      "The public name leads to private addresses: AWS fetches from the internet.",
      "Publish the two documents on a public host, such as a bucket or a CDN.",
    ),
    { number: 304, proof: "Each address of the name lies in a range that the internet does not route." },
  ),
  JwksHostNotCovered: cause(
    found(
      "broken",
      ["tls"],
      "The certificate of the server that has the keys does not name that server.",
      "Set jwks_uri to a host that the certificate names; the issuer's own is the simplest.",
    ),
    {
      number: 404,
      proof: "The handshake by the host of jwks_uri, apart from the issuer's, ends at the name.",
    },
  ),
  ChainIncomplete: cause(
    found(
      "broken",
      ["tls"],
      "The server sends its own certificate and not the intermediate above it.",
      "Serve the whole chain: fullchain.pem in place of cert.pem. Browsers fetch the missing one, AWS does not.",
    ),
    { number: 405, proof: "One certificate came, another signed it, and no known root did." },
  ),
  PrivateAuthority: cause(
    found(
      "broken",
      ["tls"],
      "A private CA vouches for the issuer, which AWS does not know.",
      "Serve a certificate of a public CA, or register the thumbprint of this chain in IAM's OIDC provider.",
    ),
    { number: 406, proof: "The served chain ends in a root that is not among the public ones." },
  ),
  CertificateSelfSigned: cause(
    found(
      "broken",
      ["tls"],
      "The server's certificate is signed by itself: a default certificate, most often of an ingress.",
      "Have the server take the issuer's certificate for this name; look whether the name reaches the right virtual host.",
    ),
    { number: 407, proof: "One certificate came, and it is its own issuer." },
  ),
  TlsTooOld: cause(
    found("broken", ["tls"], "The server speaks no TLS 1.2 or newer.", "Turn on TLS 1.2 and 1.3."),
    { number: 409, proof: "The server ends the handshake for its version." },
  ),
  NoTls: cause(
    found(
      "broken",
      ["tls"],
      "What listens on port 443 does not speak TLS.",
      "Turn TLS on for this port, or look whether a load balancer forwards it to a plain port.",
    ),
    { number: 410, proof: "The first bytes of the answer to a handshake are no TLS record." },
  ),
} as const satisfies Record<string, ReasonEntry>;
