import type { VendorText } from "./vendor-text.ts";

/** What CAs, ACME clients and TLS clients say, the narrowest first. */
export const certificateTexts: readonly VendorText[] = [
  {
    from: "a certificate authority",
    words: ["too many certificates", "already issued"],
    open: ["tls"],
    means:
      "The CA's rate limit is reached: wait, and test against its staging directory. The state folder has to outlive a deployment.",
  },
  {
    from: "a certificate authority",
    words: ["acme:error:ratelimited"],
    open: ["tls"],
    means: "The CA's rate limit is reached: wait until the time that it names.",
  },
  {
    from: "a certificate authority",
    words: ["caa record for", "prevents issuance"],
    open: ["tls"],
    means: "A CAA record of the name or of one above it shuts the CA out.",
  },
  {
    from: "a certificate authority",
    words: ["servfail looking up caa"],
    open: ["dns", "tls"],
    means: "The zone's name servers fail when they are asked for CAA records.",
  },
  {
    from: "a certificate authority",
    words: ["nxdomain looking up"],
    open: ["dns"],
    means: "The name does not exist in DNS: no record, or no delegation.",
  },
  {
    from: "a certificate authority",
    words: ["timeout during connect", "likely firewall problem"],
    open: ["reachability", "tls"],
    means: "The CA does not reach port 80 or 443 from the internet.",
  },
  {
    from: "a certificate authority",
    words: ["wrong status code", "expected '200'"],
    open: ["tls"],
    means: "Something else than the ACME client answers the challenge: a redirect, a login, another route.",
  },
  {
    from: "a certificate authority",
    words: ["failed to perform self check"],
    open: ["dns", "tls"],
    means: "The ACME client does not reach its own public name: split DNS, or a router without hairpin NAT.",
  },
  {
    from: "a certificate authority",
    words: ["acme:error:unauthorized", "invalid response from"],
    open: ["tls"],
    means: "Something else than the ACME client answers the challenge: a redirect, a login, another route.",
  },
  {
    from: "a TLS client",
    words: ["certificate signed by unknown authority"],
    open: ["tls"],
    means: "No root that the program knows vouches for a server's chain.",
  },
  {
    from: "a TLS client",
    words: ["certificate has expired or is not yet valid"],
    open: ["tls"],
    means: "A certificate is outside its dates, or the clock is wrong.",
  },
  {
    from: "a TLS client",
    words: ["unable to get local issuer certificate"],
    open: ["tls"],
    means: "A server sends no intermediate certificate, or the program has no roots.",
  },
  {
    from: "a TLS client",
    words: ["certificate is valid for", ", not "],
    open: ["tls"],
    means: "A server's certificate names other hosts.",
  },
];
