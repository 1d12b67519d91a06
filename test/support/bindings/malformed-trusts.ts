/** Trusts that must be refused, one mistake each: by our own reader and by a real API server alike. */
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { RefusedCase } from "./malformed-bindings.ts";
import { account, trustOf, trustSpec } from "./objects.ts";

const grant = (more: JsonRecord): JsonRecord => ({
  ...trustSpec,
  grants: [{ name: "one", namespaces: ["shop"], accounts: [account], ...more }],
});
const without = (key: string): JsonRecord =>
  Object.fromEntries(Object.entries(trustSpec).filter(([name]) => name !== key));

const trust = (name: string, value: JsonRecord, server: RegExp, ours: RegExp): RefusedCase => ({
  name,
  object: trustOf(value, "tried"),
  server,
  ours,
});

/** Trusts that the CRD's schema and its CEL refuse. */
export const malformedTrusts: readonly RefusedCase[] = [
  trust(
    "a trust without an issuer",
    without("issuer"),
    /spec\.issuer: Required/u,
    /spec\.issuer is missing/u,
  ),
  trust("a trust without a stack", without("stack"), /spec\.stack: Required/u, /spec\.stack is missing/u),
  trust(
    "a trust without accounts",
    without("accounts"),
    /spec\.accounts: Required/u,
    /spec\.accounts is missing/u,
  ),
  ...[
    ["http://oidc.example.test", "an issuer without TLS"],
    ["https://oidc.example.test?x=1", "an issuer with a query"],
    ["https://oidc.example.test:8443", "an issuer with a port"],
    ["https://me@oidc.example.test", "an issuer with a user"],
    ["https://oidc.example.test#x", "an issuer with a fragment"],
    ["oidc.example.test", "an issuer that is no URL"],
  ].map(([issuer, name]) =>
    trust(
      name ?? "",
      { ...trustSpec, issuer },
      /issuer has to be an https URL/u,
      /issuer has to be an https URL/u,
    ),
  ),
  trust(
    "a stack with a slash, which would be another's mark",
    { ...trustSpec, stack: "prod/shop" },
    /spec\.stack.*should match/u,
    /spec\.stack is "prod\/shop", which does not fit/u,
  ),
  trust(
    "a path that does not end",
    { ...trustSpec, path: "/podtrust" },
    /spec\.path.*should match/u,
    /spec\.path is .* which does not fit/u,
  ),
  trust(
    "the path of everybody's roles",
    { ...trustSpec, path: "/" },
    /spec\.path.*should match/u,
    /spec\.path is .* which does not fit/u,
  ),
  trust(
    "an account twice",
    { ...trustSpec, accounts: [1, 2].map(() => ({ id: account, region: "eu-central-1" })) },
    /Duplicate value/u,
    /accounts\[1\] is .* once more/u,
  ),
  trust(
    "a region that is none",
    { ...trustSpec, accounts: [{ id: account, region: "Frankfurt" }] },
    /region.*should match/u,
    /region is "Frankfurt", which does not fit/u,
  ),
  trust(
    "no audience at all",
    { ...trustSpec, audiences: [] },
    /should have at least 1 items/u,
    /audiences has 0 entries/u,
  ),
  trust(
    "a grant to no namespace",
    grant({ namespaces: [] }),
    /should have at least 1 items/u,
    /namespaces has 0 entries/u,
  ),
  trust(
    "a grant of fewer roles than none",
    grant({ maxRoles: -1 }),
    /should be greater than or equal to 0/u,
    /maxRoles is -1; 0 is the least/u,
  ),
  trust(
    "a grant without accounts",
    { ...trustSpec, grants: [{ name: "one", namespaces: ["shop"] }] },
    /accounts: Required/u,
    /accounts is missing/u,
  ),
  trust(
    "a grant for an account that the trust does not have",
    grant({ accounts: ["999988887777"] }),
    /a grant names an account that the trust does not have/u,
    /a grant names an account that the trust does not have/u,
  ),
  trust(
    "a grant of inline policies without a boundary",
    grant({ inline: true }),
    /inline needs a boundary/u,
    /inline needs a boundary/u,
  ),
  trust(
    "a grant of all of AWS's policies without a boundary",
    grant({ policies: ["arn:aws:iam::aws:policy/*"] }),
    /AdministratorAccess is one of them/u,
    /AdministratorAccess is one of them/u,
  ),
  trust(
    "a pattern with a wildcard in its middle",
    grant({ policies: [`arn:aws:iam::${account}:policy/*/read`] }),
    /policies\[0\].*should match/u,
    /policies\[0\] is .* which does not fit/u,
  ),
  trust(
    "a pattern for the policies of every account",
    grant({ policies: ["arn:aws:iam::*"] }),
    /policies\[0\].*should match/u,
    /policies\[0\] is .* which does not fit/u,
  ),
  trust(
    "a pattern for the roles of every account",
    grant({ existingRoles: ["arn:aws:iam::*:role/x"] }),
    /existingRoles\[0\].*should match/u,
    /existingRoles\[0\] is .* which does not fit/u,
  ),
  trust(
    "a grant with a forced tag of the marks",
    grant({ tags: [{ key: "podtrust:stack", value: "x" }] }),
    /begin with aws:, podtrust: or kubernetes-/u,
    /begin with aws:, podtrust: or kubernetes-/u,
  ),
  trust(
    "two grants of one name",
    { ...trustSpec, grants: [1, 2].map(() => ({ name: "one", namespaces: ["shop"], accounts: [account] })) },
    /Duplicate value/u,
    /grants\[1\] is "one" once more/u,
  ),
];
