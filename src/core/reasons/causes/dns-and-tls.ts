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
      proof:
        "This machine's resolver gives an address and the other none, or a public one where the other's is private, and no cache that runs out explains it.",
    },
  ),
  SplitHorizon: cause(
    found(
      "warning",
      ["dns"],
      "This machine's resolver gives a private address where the internet gets a public one: split DNS.",
      "AWS sees the public address, which was judged here. What asks from inside, such as cert-manager's self check, sees another server: give it a public resolver, or have both views hold the same address.",
    ),
    {
      number: 312,
      proof:
        "The resolver that was asked gives a public address, and this machine's own gives private ones alone.",
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
  NameCached: cause(
    found(
      "warning",
      ["dns"],
      "The zone has the name, and the resolver still remembers that it had none.",
      "Wait as long as the zone's SOA record lets a missing name be kept, and change nothing.",
    ),
    {
      number: 306,
      proof: "The resolver gives no address, and every name server of the zone that answers gives one.",
      verdict: "propagating",
    },
  ),
  AddressCached: cause(
    found(
      "warning",
      ["dns"],
      "The name has moved, and the resolver still remembers the old address.",
      "Wait until the resolver has forgotten it, and change nothing. Next time keep the old server running until then.",
    ),
    {
      number: 311,
      proof:
        "The resolver's addresses serve no discovery document; no name server of the zone gives one of them, and those that they give serve both documents.",
      verdict: "propagating",
    },
  ),
  NameOnlyCached: cause(
    found(
      "warning",
      ["dns"],
      "The name is gone from its zone, and works as long as resolvers remember it.",
      "Make the record again in the zone of its name servers, before the caches forget it.",
    ),
    {
      number: 307,
      proof: "The resolver gives an address, and each name server of the zone says that there is none.",
    },
  ),
  NameServersDiffer: cause(
    found(
      "broken",
      ["dns"],
      "One name server of the zone has the name and another has not: AWS fails by chance.",
      "Look at the server without it: a secondary that got no transfer, or a former provider at the registrar.",
    ),
    { number: 308, proof: "Each name server of the zone was asked by itself." },
  ),
  DelegationLame: cause(
    found(
      "warning",
      ["dns"],
      "A name server to which the zone is delegated does not serve it.",
      "Take it out of the zone's NS records and of the registrar's, or make the zone there.",
    ),
    {
      number: 309,
      proof: "It refuses or fails where another server of the zone answers, or each of them does.",
    },
  ),
  ZoneNotDelegated: cause(
    found(
      "broken",
      ["dns"],
      "The issuer's domain is not delegated: not registered, expired, or without name servers.",
      "Look at the domain's registration and the NS records at its registrar.",
    ),
    {
      number: 310,
      proof:
        "The name does not exist, and the nearest zone above it with name servers is a top-level domain.",
    },
  ),
  CaaForbids: cause(
    found(
      "warning",
      ["tls"],
      "CAA records shut out the CA of the certificate that is served: it will not be renewed.",
      "Add a CAA record that names the CA, or take away the set that forbids it.",
    ),
    {
      number: 413,
      proof:
        "The records nearest above the name, as a CA climbs to them, allow no issue to the CA of the certificate.",
    },
  ),
  CaaMisspelt: cause(
    found(
      "warning",
      ["tls"],
      "A CAA record names a CA by something other than its domain, so that it allows no CA.",
      'Write the domain by which the CA calls itself: 0 issue "letsencrypt.org".',
    ),
    { number: 414, proof: "The value of an issue record is no domain name (RFC 8659, section 4.2)." },
  ),
  CaaUnanswered: cause(
    found(
      "warning",
      ["tls"],
      "The CAA records of the name cannot be read, and a CA refuses to issue without them.",
      "Look at the name servers of that name: they have to answer for CAA, if only that there is none.",
    ),
    { number: 415, proof: "The resolver answered SERVFAIL twice on the way up from the name." },
  ),
  CaaCritical: cause(
    found(
      "warning",
      ["tls"],
      "A CAA record has a tag that CAs do not know and must not ignore: each of them refuses.",
      "Correct the tag, or write its flags as 0.",
    ),
    { number: 416, proof: "The record's critical flag is set, and its tag is none that is registered." },
  ),
  ChallengePortClosed: cause(
    found(
      "warning",
      ["tls"],
      "Port 80 does not answer, so that no certificate comes by an http-01 challenge.",
      "Open port 80 to the whole internet for the challenge, or use dns-01 or tls-alpn-01.",
    ),
    { number: 417, proof: "The certificate is none or overdue, and a connection to port 80 failed." },
  ),
  ChallengeSwallowed: cause(
    found(
      "warning",
      ["tls"],
      "Something in front of port 80 answers the challenges of CAs in place of the ACME client.",
      "Leave /.well-known/acme-challenge/ out of redirects to other hosts, logins and catch-all routes.",
    ),
    {
      number: 418,
      proof:
        "The certificate is none or overdue, and a challenge that was not requested has another answer than 404.",
    },
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
