import { cause, found, type ReasonEntry } from "../entry.ts";

/** Why a discovery document is refused, or is not the one that AWS needs. */
export const discoveryCauses = {
  AnonymousForbidden: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "The API server asks for a right that anonymous callers do not have.",
      "Let anyone read both documents: kubectl create clusterrolebinding oidc-reviewer --clusterrole=system:service-account-issuer-discovery --group=system:unauthenticated. Or serve copies of them.",
    ),
    { number: 101, proof: "Status 403 with a Kubernetes Status object as its body." },
  ),
  AnonymousUnauthorized: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "The API server takes no anonymous requests at all.",
      "Serve copies of both documents, or start the API server with --anonymous-auth=true and a binding for system:unauthenticated.",
    ),
    { number: 102, proof: "Status 401 with a Kubernetes Status object as its body." },
  ),
  LoginRequired: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "A server or proxy asks for a login, which AWS does not have.",
      "Exempt the two documents from the login: they hold public keys only.",
    ),
    { number: 103, proof: "Status 401, and no Kubernetes Status object." },
  ),
  IssuerSlash: cause(
    found(
      "broken",
      ["discovery", "token"],
      "One issuer ends in a slash and the other does not: two issuers, by every byte.",
      "Write the issuer in the same way in the API server, the document, IAM and the trust policy; without the slash for AWS.",
    ),
    { number: 104, proof: "The two differ in a final slash and in nothing else." },
  ),
  IssuerPathDropped: cause(
    found(
      "broken",
      ["discovery", "token"],
      "The document names the host of the issuer without its path.",
      "Use software that keeps the path, or an issuer for each cluster that is a host and nothing else.",
    ),
    { number: 105, proof: "The same host, and the path is missing in the document." },
  ),
  IssuerPortDiffers: cause(
    found(
      "broken",
      ["discovery", "token"],
      "The document names another port than the issuer has.",
      "Serve on port 443, and set issuer and jwks_uri by themselves, not from the inbound request.",
    ),
    { number: 106, proof: "The two differ in their port and in nothing else." },
  ),
  IssuerOfCluster: cause(
    found(
      "broken",
      ["discovery", "token"],
      "The document names an issuer that exists inside the cluster only.",
      "Set --service-account-issuer of the API server to the public URL first, and keep the old one second until its tokens have ended.",
    ),
    { number: 107, proof: "The host in the document is localhost, an address, or a name of the cluster." },
  ),
  IssuerCase: cause(
    found(
      "broken",
      ["discovery", "token"],
      "The issuers differ in upper and lower case, which counts.",
      "Write it in lower case everywhere.",
    ),
    { number: 108, proof: "The two are the same once their case is ignored." },
  ),
  JwksUriPrivate: cause(
    found(
      "broken",
      ["discovery"],
      "The discovery document sends AWS to a host that the internet does not reach.",
      "Set --service-account-jwks-uri of the API server to the issuer followed by /openid/v1/jwks, and publish the set there.",
    ),
    { number: 109, proof: "The host of jwks_uri is private by its name, or by all addresses that it has." },
  ),
  JwksUriPlain: cause(
    found(
      "broken",
      ["discovery"],
      "The discovery document names its keys by http, and AWS takes https only.",
      "Write jwks_uri with https://.",
    ),
    { number: 110, proof: "jwks_uri begins with http://." },
  ),
  DocumentIsPage: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "A web page comes in place of the document: a login, an error page or the front page of a site.",
      "Route exactly this path to the document, before the catch-all of the site.",
    ),
    { number: 113, proof: "Status 200, and the body begins as HTML does." },
  ),
  DocumentNotJson: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "What is served is not JSON.",
      "Publish the document again, whole, in UTF-8 and without a byte order mark.",
    ),
    { number: 114, proof: "Status 200, and the body is no JSON object and no HTML." },
  ),
  NotSeenFromOutside: cause(
    found(
      "unseen",
      ["cluster", "provider", "trust", "serviceaccount", "injection", "token", "sts", "permission"],
      "An issuer's URL does not show this link: it lies in the cluster or in the AWS account.",
      "For a token of a pod give --token FILE; for role and provider ask podtrust explain --token FILE --role ARN; for the cluster ask podtrust status with a config.",
    ),
    { number: 1, proof: "Nothing was asked about it." },
  ),
} as const satisfies Record<string, ReasonEntry>;
