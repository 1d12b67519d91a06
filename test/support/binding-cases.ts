/** Bindings and trusts that must be refused, one mistake each: for our own reader and for a real API server alike. */

type Json = Readonly<Record<string, unknown>>;

export const account = "111122223333";
export const boundary = `arn:aws:iam::${account}:policy/tenants`;
const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

/** The trust of the cases: what namespace shop may, and what team-… may. */
export const trustSpec: Json = {
  stack: "prod",
  issuer: "https://oidc.example.test",
  accounts: [
    { id: account, region: "eu-central-1" },
    { id: "444455556666", region: "eu-west-1" },
  ],
  grants: [
    {
      name: "shop",
      namespaces: ["shop"],
      accounts: [account],
      policies: [ssm, `arn:aws:iam::${account}:policy/shop/*`],
      existingRoles: [`arn:aws:iam::${account}:role/shop/*`],
      adoptRoles: [`arn:aws:iam::${account}:role/legacy-shop`],
      tags: [{ key: "team", value: "shop" }],
    },
    {
      name: "teams",
      namespaces: ["team-*"],
      accounts: [account, "444455556666"],
      policies: ["arn:aws:iam::aws:policy/*"],
      inline: true,
      boundary,
      maxSessionSeconds: 7200,
    },
  ],
};

export function trustOf(spec: Json = trustSpec, name = "default"): Json {
  return { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSTrust", metadata: { name }, spec };
}

export function bindingOf(spec: Json, { namespace = "shop", name = "web" } = {}): Json {
  return {
    apiVersion: "podtrust.dev/v1alpha1",
    kind: "AWSRoleBinding",
    metadata: { name, namespace },
    spec,
  };
}

const managed = (more: Json = {}): Json => ({ policies: [ssm], ...more });
export const webRole: Json = { profile: "default", account, managed: managed() };
const roles = (...list: readonly Json[]): Json => ({ roles: list });
const withManaged = (more: Json): Json => roles({ ...webRole, managed: managed(more) });

export const goodBinding: Json = bindingOf(roles(webRole));

/** What is refused, and by which words: on a real API server, and by our reader. */
export interface RefusedCase {
  readonly name: string;
  readonly object: Json;
  readonly server: RegExp;
  readonly ours: RegExp;
}

const spec = (name: string, value: Json, server: RegExp, ours: RegExp): RefusedCase => ({
  name,
  object: bindingOf(value),
  server,
  ours,
});

const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } };
const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::${account}:policy/shop/p${index}`);

/** Bindings that the CRD's schema and its CEL refuse, whatever the grants. */
export const malformedBindings: readonly RefusedCase[] = [
  spec("a binding without roles", {}, /spec\.roles: Required/u, /^spec\.roles is missing/u),
  spec("a binding of no role", roles(), /should have at least 1 items/u, /has 0 entries; 1 is the least/u),
  spec(
    "a binding of nine roles",
    roles(...Array.from({ length: 9 }, (_, n) => ({ ...webRole, profile: n === 0 ? "default" : `p${n}` }))),
    /must have at most 8 items/u,
    /has 9 entries; 8 is the most/u,
  ),
  spec(
    "two roles of one profile",
    roles(webRole, webRole),
    /Duplicate value/u,
    /roles\[1\] is "default" once more/u,
  ),
  spec(
    "no role of the profile default",
    roles({ ...webRole, profile: "reports" }),
    /one role has to have the profile default/u,
    /one role has to have the profile default/u,
  ),
  spec(
    "a profile of capital letters",
    roles(webRole, { ...webRole, profile: "Reports" }),
    /profile.*should match/u,
    /profile is "Reports", which does not fit/u,
  ),
  spec(
    "a role that is neither managed nor existing",
    roles({ profile: "default", account }),
    /either managed or existing/u,
    /either managed or existing/u,
  ),
  spec(
    "a role that is managed and existing",
    roles({ ...webRole, existing: { arn: `arn:aws:iam::${account}:role/shop/x` } }),
    /either managed or existing/u,
    /either managed or existing/u,
  ),
  spec(
    "a role without policies",
    roles({ ...webRole, managed: {} }),
    /a role without policies may do nothing/u,
    /a role without policies may do nothing/u,
  ),
  spec(
    "a role with an empty list of policies",
    withManaged({ policies: [] }),
    /a role without policies may do nothing/u,
    /a role without policies may do nothing/u,
  ),
  spec(
    "an account of eleven digits",
    roles({ ...webRole, account: "11112222333" }),
    /account.*should match/u,
    /account is "11112222333", which does not fit/u,
  ),
  spec(
    "an account that is a number",
    roles({ ...webRole, account: 111122223333 }),
    /must be of type string/u,
    /account is 111122223333, not a text/u,
  ),
  spec(
    "a policy that is no ARN",
    withManaged({ policies: ["AdministratorAccess"] }),
    /policies\[0\].*should match/u,
    /policies\[0\] is "AdministratorAccess", which does not fit/u,
  ),
  spec(
    "a policy with a wildcard",
    withManaged({ policies: ["arn:aws:iam::aws:policy/*"] }),
    /policies\[0\].*should match/u,
    /policies\[0\] is .* which does not fit/u,
  ),
  spec(
    "a policy that is named twice",
    withManaged({ policies: [ssm, ssm] }),
    /Duplicate value/u,
    /policies\[1\] is .* once more/u,
  ),
  spec(
    "twenty-one policies",
    withManaged({ policies: many(21) }),
    /must have at most 20 items/u,
    /has 21 entries; 20 is the most/u,
  ),
  spec(
    "an existing role that is a user",
    roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:user/x` } }),
    /existing\.arn.*should match/u,
    /existing\.arn is .* which does not fit/u,
  ),
  spec(
    "an existing role of another account than the one named",
    roles({
      profile: "default",
      account: "444455556666",
      existing: { arn: `arn:aws:iam::${account}:role/shop/x` },
    }),
    /account is not the one in existing\.arn/u,
    /account is not the one in existing\.arn/u,
  ),
  spec(
    "a role to take over of another account than the one named",
    roles({
      ...webRole,
      account: "444455556666",
      managed: managed({ adopt: `arn:aws:iam::${account}:role/legacy-shop` }),
    }),
    /account is not the one in managed\.adopt/u,
    /account is not the one in managed\.adopt/u,
  ),
  spec(
    "sessions of less than an hour",
    withManaged({ maxSessionSeconds: 900 }),
    /should be greater than or equal to 3600/u,
    /maxSessionSeconds is 900; 3600 is the least/u,
  ),
  spec(
    "sessions of more than twelve hours",
    withManaged({ maxSessionSeconds: 43_201 }),
    /should be less than or equal to 43200/u,
    /maxSessionSeconds is 43201; 43200 is the most/u,
  ),
  spec(
    "sessions of a broken number of seconds",
    withManaged({ maxSessionSeconds: 3600.5 }),
    /must be of type integer/u,
    /maxSessionSeconds is 3600\.5, not a whole number/u,
  ),
  spec(
    "a tag of AWS's own",
    withManaged({ tags: [{ key: "AWS:x", value: "y" }] }),
    /begin with aws:, podtrust: or kubernetes-/u,
    /begin with aws:, podtrust: or kubernetes-/u,
  ),
  spec(
    "a tag that marks whose a role is",
    withManaged({ tags: [{ key: "podtrust:stack", value: "other" }] }),
    /begin with aws:, podtrust: or kubernetes-/u,
    /begin with aws:, podtrust: or kubernetes-/u,
  ),
  spec(
    "a tag that says to be another namespace",
    withManaged({ tags: [{ key: "kubernetes-namespace", value: "other" }] }),
    /begin with aws:, podtrust: or kubernetes-/u,
    /begin with aws:, podtrust: or kubernetes-/u,
  ),
  spec(
    "a tag of characters that IAM does not take",
    withManaged({ tags: [{ key: "team", value: "a\nb" }] }),
    /value.*should match/u,
    /value is .* which does not fit/u,
  ),
  spec(
    "two tags of one key",
    withManaged({ tags: [1, 2].map((n) => ({ key: "team", value: String(n) })) }),
    /Duplicate value/u,
    /tags\[1\] is "team" once more/u,
  ),
  spec(
    "an inline policy without a name",
    withManaged({ inline: [{ document: policy }] }),
    /inline\[0\]\.name: Required/u,
    /inline\[0\]\.name is missing/u,
  ),
  spec(
    "an inline policy that is a text",
    withManaged({ inline: [{ name: "x", document: "{}" }] }),
    /must be of type object/u,
    /document is "\{\}", not an object/u,
  ),
  {
    name: "a binding whose name no ServiceAccount in reach has",
    object: bindingOf(roles(webRole), { name: "w".repeat(64) }),
    server: /metadata\.name is longer than 63/u,
    ours: /metadata\.name is longer than 63/u,
  },
];

const grant = (more: Json): Json => ({
  ...trustSpec,
  grants: [{ name: "one", namespaces: ["shop"], accounts: [account], ...more }],
});
const without = (key: string): Json =>
  Object.fromEntries(Object.entries(trustSpec).filter(([name]) => name !== key));

const trust = (name: string, value: Json, server: RegExp, ours: RegExp): RefusedCase => ({
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

/** What no grant allows: refused by admission, and once more by `decide` with this reason. */
export interface UngrantedCase {
  readonly name: string;
  readonly object: Json;
  readonly reason: string;
  readonly message: RegExp;
}

type Ungranted = readonly [name: string, value: Json, reason: string, message: RegExp, namespace?: string];

const ungranted = (...[name, value, reason, message, namespace = "shop"]: Ungranted): UngrantedCase => ({
  name,
  object: bindingOf(value, { namespace }),
  reason,
  message,
});

export const ungrantedBindings: readonly UngrantedCase[] = [
  ungranted(
    "a namespace that no grant names",
    roles(webRole),
    "NamespaceNotGranted",
    /for namespace other$/u,
    "other",
  ),
  ungranted(
    "a namespace that only begins as a granted one",
    roles(webRole),
    "NamespaceNotGranted",
    /namespace shop-2/u,
    "shop-2",
  ),
  ungranted(
    "a namespace that lacks the end of a pattern's beginning",
    roles(webRole),
    "NamespaceNotGranted",
    /namespace team/u,
    "team",
  ),
  ungranted(
    "an account of the trust that the grant does not name",
    roles({ ...webRole, account: "444455556666" }),
    "AccountNotGranted",
    /grant shop is not for account 444455556666/u,
  ),
  ungranted(
    "an account that the trust does not have",
    roles({ ...webRole, account: "999988887777" }),
    "AccountUnknown",
    /for account 999988887777, and AWSTrust default has 111122223333, 444455556666/u,
  ),
  ungranted(
    "no account where the trust has two",
    roles({ profile: "default", managed: managed() }),
    "AccountAmbiguous",
    /names no account/u,
  ),
  ungranted(
    "a policy that the grant does not name",
    withManaged({ policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
    "PolicyNotGranted",
    /does not allow the policy arn:aws:iam::aws:policy\/AdministratorAccess/u,
  ),
  ungranted(
    "a policy that is a granted one with more behind it",
    withManaged({ policies: [`${ssm}2`] }),
    "PolicyNotGranted",
    /does not allow the policy/u,
  ),
  ungranted(
    "a policy beside the pattern's folder",
    withManaged({ policies: [`arn:aws:iam::${account}:policy/shopping`] }),
    "PolicyNotGranted",
    /does not allow the policy/u,
  ),
  ungranted(
    "one policy of two that is not granted",
    withManaged({ policies: [ssm, `arn:aws:iam::${account}:policy/x`] }),
    "PolicyNotGranted",
    /policy\/x$/u,
  ),
  ungranted(
    "an inline policy where the grant allows none",
    withManaged({ inline: [{ name: "x", document: policy }] }),
    "InlinePolicyNotGranted",
    /no policies of the role's own/u,
  ),
  ungranted(
    "sessions longer than the grant's",
    withManaged({ maxSessionSeconds: 7200 }),
    "SessionNotGranted",
    /sessions of 3600 s, not of 7200 s/u,
  ),
  ungranted(
    "an existing role that the grant does not name",
    roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/admin` } }),
    "RoleNotGranted",
    /existing role arn:aws:iam::111122223333:role\/admin/u,
  ),
  ungranted(
    "a role to take over that may only be used",
    withManaged({ adopt: `arn:aws:iam::${account}:role/shop/x` }),
    "AdoptionNotGranted",
    /does not let the role .*role\/shop\/x be taken over/u,
  ),
  ungranted(
    "an existing role that may only be taken over",
    roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/legacy-shop` } }),
    "RoleNotGranted",
    /role\/legacy-shop/u,
  ),
  ungranted(
    "a tag that the grant sets to something else",
    withManaged({ tags: [{ key: "team", value: "other" }] }),
    "TagNotGranted",
    /sets the tag team to shop, not to other/u,
  ),
  ungranted(
    "a second profile that is not granted beside a first that is",
    roles(webRole, { ...webRole, profile: "reports", account: "444455556666" }),
    "AccountNotGranted",
    /profile reports/u,
  ),
];

/** What is granted; each by one grant that allows all of it. */
export const grantedBindings: readonly { readonly name: string; readonly object: Json }[] = [
  { name: "a granted policy", object: goodBinding },
  { name: "a policy of a granted folder", object: bindingOf(withManaged({ policies: many(20) })) },
  {
    name: "a tag that the grant sets alike",
    object: bindingOf(withManaged({ tags: [{ key: "team", value: "shop" }] })),
  },
  {
    name: "an existing role of a granted folder, without its account",
    object: bindingOf(
      roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/shop/x` } }),
    ),
  },
  {
    name: "a role to take over",
    object: bindingOf(withManaged({ adopt: `arn:aws:iam::${account}:role/legacy-shop` })),
  },
  {
    name: "inline policies, long sessions and several profiles, by a pattern of namespaces",
    object: bindingOf(
      roles(
        {
          ...webRole,
          managed: managed({ maxSessionSeconds: 7200, inline: [{ name: "x", document: policy }] }),
        },
        { ...webRole, profile: "reports", account: "444455556666" },
      ),
      { namespace: "team-a" },
    ),
  },
];
