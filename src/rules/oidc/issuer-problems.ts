import { shown } from "./document.ts";
import { canonicalIssuer, type IssuerParts, issuerParts, withoutUserinfo } from "./issuer-parts.ts";
import { maxIssuer } from "./relying-parties.ts";

/** One reason why AWS would not take an issuer, or why its tokens could never match. */
export interface IssuerProblem {
  /** The rule's name: stable, for tests and machines. */
  readonly rule: string;
  readonly message: string;
  readonly next: string;
}

// RFC 1123 §2.1 and RFC 1035 §2.3.4; a name from the public DNS also has at most 253 characters.
const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const domainName = new RegExp(`^${label}(?:\\.${label})*$`, "u");
// RFC 3986 §3.3: segments of pchar.
const legalPath = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*$/u;

interface Rule {
  readonly name: string;
  readonly broken: (parts: IssuerParts, text: string) => boolean;
  readonly message: (parts: IssuerParts, text: string) => string;
  readonly next: (parts: IssuerParts, text: string) => string;
}

const useInstead = (_: IssuerParts, text: string): string =>
  `Use ${shown(canonicalIssuer(text))}, here and as the API server's --service-account-issuer.`;

const rules: readonly Rule[] = [
  {
    name: "white-space",
    broken: (_, text) => text !== text.trim(),
    message: (_, text) => `issuer ${shown(text)} has white space around it`,
    next: useInstead,
  },
  {
    name: "scheme",
    broken: ({ scheme }) => scheme !== "https",
    message: ({ scheme }, text) =>
      scheme === ""
        ? `issuer ${shown(text)} does not begin with https://`
        : `issuer ${shown(text)} begins with ${shown(`${scheme}://`)}; AWS takes https:// only`,
    next: useInstead,
  },
  {
    name: "userinfo",
    broken: ({ userinfo }) => userinfo !== undefined,
    message: ({ host }) => `issuer at host ${shown(host)} has a user name or password before an @`,
    next: () => "Take out everything between https:// and the @.",
  },
  {
    name: "host",
    broken: ({ host }) => host.length > 253 || !domainName.test(host),
    message: ({ host }) => `issuer's host ${shown(host)} is not a domain name`,
    next: () =>
      "Use a name of letters, digits, hyphens and dots, each label at most 63 characters (an international name in its xn-- form).",
  },
  {
    name: "port",
    broken: ({ port }) => port !== undefined && port !== "443",
    message: ({ port }) => `issuer has the port ${shown(port)}; IAM takes no port, and AWS asks 443`,
    next: () => "Serve the issuer on port 443 and leave the port out of the URL.",
  },
  {
    name: "default-port",
    broken: ({ port }) => port === "443",
    message: () =>
      "issuer carries :443, which IAM drops when it stores the provider, so that the iss of its tokens never equals it",
    next: useInstead,
  },
  {
    name: "path",
    broken: ({ path }) =>
      !legalPath.test(path) || path.split("/").some((part) => part === "." || part === ".."),
    message: ({ path }) =>
      `issuer's path ${shown(path)} has characters or dot segments that a URL's path may not have`,
    next: () => "Use letters, digits, hyphens and slashes; write anything else percent-encoded.",
  },
  {
    name: "query",
    broken: ({ query }) => query !== "",
    message: ({ query }) => `issuer has the query ${shown(query)}; IAM takes none`,
    next: useInstead,
  },
  {
    name: "fragment",
    broken: ({ fragment }) => fragment !== "",
    message: ({ fragment }) => `issuer has the fragment ${shown(fragment)}; IAM takes none`,
    next: useInstead,
  },
  {
    name: "length",
    broken: (_, text) => text.length > maxIssuer,
    message: () => `issuer has more than the ${maxIssuer} characters that IAM takes`,
    next: () => "Use a shorter name or path.",
  },
];

/** Everything that AWS would refuse in an issuer, all at once; empty for a good one. */
export function issuerProblems(text: string): readonly IssuerProblem[] {
  if (text.trim() === "") {
    return [
      { rule: "empty", message: "issuer is empty", next: "Give a URL such as https://oidc.example.com." },
    ];
  }
  const parts = issuerParts(text);
  const safe = withoutUserinfo(text);
  return rules
    .filter((rule) => rule.broken(parts, text))
    .map((rule) => ({ rule: rule.name, message: rule.message(parts, safe), next: rule.next(parts, safe) }));
}
