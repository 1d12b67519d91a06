/** GCPServiceAccountBindings and GCPTrusts, each with what a reader, a decision and an API server say of it. */

import type { JsonRecord } from "../../../src/core/base/index.ts";

const apiVersion = "podtrust.dev/v1alpha1";
const project = "@shop-project.iam.gserviceaccount.com";

/** Characters that make a namespace and a name too long together, and not each by itself. */
export const longNamespace: string = "n".repeat(63);
const longName = "w".repeat(42);

export const googleTrustSpec: JsonRecord = {
  issuer: "https://oidc.example.test",
  projectNumber: "123456789012",
  pool: "bindings",
  provider: "cluster",
  grants: [
    { name: "shop", namespaces: ["shop"], emails: [`web-*${project}`, `report${project}`] },
    { name: "direct", namespaces: ["team-*"], serviceAccounts: ["api"], direct: true },
    { name: "long", namespaces: [longNamespace], direct: true },
  ],
};

export function googleTrust(spec: JsonRecord = {}, name = "default"): JsonRecord {
  return { apiVersion, kind: "GCPTrust", metadata: { name }, spec: { ...googleTrustSpec, ...spec } };
}

export function googleBinding(
  spec: JsonRecord,
  whose: { namespace?: string; name?: string } = {},
): JsonRecord {
  const metadata = { namespace: "shop", name: "web", ...whose };
  return { apiVersion, kind: "GCPServiceAccountBinding", metadata, spec };
}

const email = `web-front${project}`;

/** Objects that nobody takes; `says`: what both say of them. */
export const malformedGoogle: readonly {
  name: string;
  object: JsonRecord;
  reader: RegExp;
  server: RegExp;
}[] = [
  {
    name: "a binding of nothing",
    object: googleBinding({}),
    reader: /exactly one of email and direct/u,
    server: /exactly one of email and direct/u,
  },
  {
    name: "a binding of an address and direct access",
    object: googleBinding({ email, direct: true }),
    reader: /exactly one of email and direct/u,
    server: /exactly one of email and direct/u,
  },
  {
    name: "an address that is none of Google's",
    object: googleBinding({ email: "web@example.com" }),
    reader: /^spec\.email .*does not fit/u,
    server: /spec\.email/u,
  },
  {
    name: "a pattern in place of an address",
    object: googleBinding({ email: `*${project}` }),
    reader: /^spec\.email .*does not fit/u,
    server: /spec\.email/u,
  },
  {
    name: "a project's id for its number",
    object: googleTrust({ projectNumber: "shop-project" }),
    reader: /^spec\.projectNumber .*does not fit/u,
    server: /spec\.projectNumber/u,
  },
  {
    name: "an issuer over plain http",
    object: googleTrust({ issuer: "http://oidc.example.test" }),
    reader: /issuer has to be an https URL/u,
    server: /issuer has to be an https URL/u,
  },
  {
    name: "a pattern that reaches into other projects",
    object: googleTrust({ grants: [{ name: "all", namespaces: ["shop"], emails: ["web-*"] }] }),
    reader: /^spec\.grants\[0\]\.emails\[0\] .*does not fit/u,
    server: /spec\.grants\[0\]\.emails\[0\]/u,
  },
  {
    name: "a pattern for accounts that all projects have in one domain",
    object: googleTrust({
      grants: [{ name: "all", namespaces: ["shop"], emails: ["*@developer.gserviceaccount.com"] }],
    }),
    reader: /^spec\.grants\[0\]\.emails\[0\] .*does not fit/u,
    server: /spec\.grants\[0\]\.emails\[0\]/u,
  },
];

/** Bindings that no grant of the trust allows, with the reason, and what admission says. */
export const ungrantedGoogle: readonly {
  name: string;
  object: JsonRecord;
  reason: string;
  server: RegExp;
}[] = [
  {
    name: "of a namespace that no grant names",
    object: googleBinding({ email }, { namespace: "other" }),
    reason: "NamespaceNotGranted",
    server: /no grant of GCPTrust default is for ServiceAccount web of namespace other/u,
  },
  {
    name: "of a ServiceAccount that the grant does not name",
    object: googleBinding({ direct: true }, { namespace: "team-a", name: "web" }),
    reason: "NamespaceNotGranted",
    server: /no grant of GCPTrust default is for ServiceAccount web of namespace team-a/u,
  },
  {
    name: "of another service account of the project",
    object: googleBinding({ email: `admin${project}` }),
    reason: "EmailNotGranted",
    server: /grant shop does not name in emails admin@shop-project/u,
  },
  {
    name: "of a service account of that name in another project",
    object: googleBinding({ email: "web-front@shop-project-2.iam.gserviceaccount.com" }),
    reason: "EmailNotGranted",
    server: /grant shop does not name in emails web-front@shop-project-2/u,
  },
  {
    name: "of direct access where the grant has none",
    object: googleBinding({ direct: true }),
    reason: "DirectNotGranted",
    server: /grant shop has no direct: true/u,
  },
  {
    name: "of names that make too long a subject",
    object: googleBinding({ direct: true }, { namespace: longNamespace, name: longName }),
    reason: "SubjectTooLong",
    server: /more than 104 characters, which Google takes/u,
  },
];

export const grantedGoogle: readonly { name: string; object: JsonRecord; grant: string }[] = [
  { name: "an address that fits a pattern", object: googleBinding({ email }), grant: "shop" },
  {
    name: "an address that a grant names",
    object: googleBinding({ email: `report${project}` }),
    grant: "shop",
  },
  {
    name: "direct access",
    object: googleBinding({ direct: true }, { namespace: "team-a", name: "api" }),
    grant: "direct",
  },
  {
    name: "a subject of 127 bytes",
    object: googleBinding({ direct: true }, { namespace: longNamespace, name: longName.slice(1) }),
    grant: "long",
  },
];
