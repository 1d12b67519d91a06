/** Bindings that must be refused, one mistake each: by our own reader and by a real API server alike. */
import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  account,
  bindingOf,
  managed,
  manyPolicies,
  policyDocument,
  roles,
  ssm,
  webRole,
  withManaged,
} from "./objects.ts";

/** What is refused, and by which words: on a real API server, and by our reader. */
export interface RefusedCase {
  readonly name: string;
  readonly object: JsonRecord;
  readonly server: RegExp;
  readonly ours: RegExp;
}

const spec = (name: string, value: JsonRecord, server: RegExp, ours: RegExp): RefusedCase => ({
  name,
  object: bindingOf(value),
  server,
  ours,
});

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
    /managed, existing or a chain/u,
    /managed, existing or a chain/u,
  ),
  spec(
    "a role that is managed and existing",
    roles({ ...webRole, existing: { arn: `arn:aws:iam::${account}:role/shop/x` } }),
    /managed, existing or a chain/u,
    /managed, existing or a chain/u,
  ),
  spec(
    "a role that is a chain and managed",
    roles(webRole, {
      profile: "reports",
      managed: managed(),
      chain: { arn: `arn:aws:iam::${account}:role/x` },
    }),
    /managed, existing or a chain/u,
    /managed, existing or a chain/u,
  ),
  ...["default", "service-account"].map((profile) =>
    spec(
      `a chain of the profile ${profile}, from which chains begin`,
      roles(...(profile === "default" ? [] : [webRole]), {
        profile,
        chain: { arn: `arn:aws:iam::${account}:role/x` },
      }),
      /has a profile of its own/u,
      /has a profile of its own/u,
    ),
  ),
  spec(
    "a chain with an account, which its ARN names",
    roles(webRole, { profile: "reports", account, chain: { arn: `arn:aws:iam::${account}:role/x` } }),
    /and no account/u,
    /and no account/u,
  ),
  spec(
    "an external ID with white space, which would be more than a value in a file",
    roles(webRole, {
      profile: "reports",
      chain: { arn: `arn:aws:iam::${account}:role/x`, externalId: "a\nb" },
    }),
    /externalId.*should match/u,
    /externalId is .* which does not fit/u,
  ),
  spec(
    "an external ID of 1,001 characters, with which no pod would be given the chain",
    roles(webRole, {
      profile: "reports",
      chain: { arn: `arn:aws:iam::${account}:role/x`, externalId: "x".repeat(1001) },
    }),
    /externalId: Too long: may not be (?:more|longer) than 1000/u,
    /externalId is longer than 1000 characters/u,
  ),
  spec(
    "a role without a profile",
    roles({ account, managed: managed() }),
    /profile: Required/u,
    /profile is missing/u,
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
    withManaged({ policies: manyPolicies(21) }),
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
    "two tags whose keys differ in case alone",
    withManaged({ tags: ["Team", "TEAM"].map((key) => ({ key, value: "platform" })) }),
    /keys that differ in case alone/u,
    /keys that differ in case alone/u,
  ),
  spec(
    "a tag's key of other letters than ASCII's",
    withManaged({ tags: [{ key: "Stra\u00DFe", value: "x" }] }),
    /key.*should match/u,
    /key is "Stra\u00DFe", which does not fit/u,
  ),
  spec(
    "a tag's key with the Kelvin sign, which folds to a k",
    withManaged({ tags: [{ key: "\u212Aubernetes-namespace", value: "other" }] }),
    /key.*should match/u,
    /which does not fit/u,
  ),
  spec(
    "an inline policy without a name",
    withManaged({ inline: [{ document: policyDocument }] }),
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
