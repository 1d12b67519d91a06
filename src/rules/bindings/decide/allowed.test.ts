import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Grant } from "../objects/objects.ts";
import type { StandingRole } from "../objects/grant-limits.ts";
import { allowedOf, mayRetain } from "./allowed.ts";

const account = "111122223333";
const boundary = `arn:aws:iam::${account}:policy/tenants`;
const web = { namespace: "shop", name: "web" };
const s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const allows = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
const denies = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}';

const grant = (name: string, more: Partial<Grant> = {}): Grant => ({
  name,
  namespaces: ["shop"],
  accounts: [account],
  inline: false,
  retain: false,
  maxSessionSeconds: 3600,
  maxRoles: 500,
  ...more,
});
const standing = (more: Partial<StandingRole> = {}): StandingRole => ({
  account,
  policies: [s3, ssm],
  inline: {},
  boundary: undefined,
  tags: { "kubernetes-namespace": "shop", "kubernetes-service-account": "web" },
  maxSession: 3600,
  ...more,
});
const allowed = (role: StandingRole, grants: readonly Grant[], preferred?: string) =>
  allowedOf(role, web, { grants }, preferred);

describe("what is allowed of an existing role", () => {
  test("is what one grant allows, and never what two allow together", () => {
    const found = allowed(standing(), [
      grant("storage", { policies: [s3] }),
      grant("parameters", { policies: [ssm] }),
    ]);
    assert.deepEqual([found?.grant, found?.policies], ["storage", [s3]]);
  });

  test("is judged by the grant that takes least of it away, wherever that stands among them", () => {
    const found = allowed(standing(), [
      grant("none"),
      grant("both", { policies: ["arn:aws:iam::aws:policy/*"], boundary }),
    ]);
    assert.deepEqual([found?.grant, found?.policies, found?.boundary], ["both", [s3, ssm], boundary]);
  });

  test("keeps policies of the role's own only where the grant has them, though one that only denies costs nothing", () => {
    const inline = { open: allows, closed: denies };
    const withOwn = grant("with-own", { inline: true, boundary });
    assert.deepEqual(allowed(standing({ inline }), [withOwn])?.inline, ["open", "closed"]);
    const without = [grant("without"), withOwn];
    assert.equal(allowed(standing({ inline, policies: [] }), without)?.grant, "with-own");
    assert.equal(allowed(standing({ inline: { closed: denies }, policies: [] }), without)?.grant, "without");
    assert.deepEqual(allowed(standing({ inline: { closed: denies } }), [grant("without")])?.inline, []);
  });

  test("is judged by the grant of before where another allows as much, and not where another allows more", () => {
    const grants = [grant("first"), grant("second")];
    assert.equal(allowed(standing(), grants)?.grant, "first");
    assert.equal(allowed(standing(), grants, "second")?.grant, "second");
    assert.equal(
      allowed(standing(), [...grants, grant("more", { policies: [s3] })], "second")?.grant,
      "more",
    );
  });

  test("is judged, of grants that allow as much, by the one under which least would be another", () => {
    const strict = grant("strict", {
      boundary,
      tags: [{ key: "team", value: "shop" }],
      maxSessionSeconds: 900,
    });
    assert.equal(allowed(standing(), [strict, grant("plain")])?.grant, "plain");
    const role = standing({ boundary, tags: { ...standing().tags, team: "shop" }, maxSession: 900 });
    assert.equal(allowed(role, [grant("other", { boundary: `${boundary}-2` }), strict])?.grant, "strict");
  });

  test("carries the grant's tags, and those that say which ServiceAccount the role is for, over any of the same key", () => {
    const tags = [
      { key: "team", value: "shop" },
      { key: "kubernetes-namespace", value: "payments" },
    ];
    assert.deepEqual(allowed(standing(), [grant("shop", { tags })])?.tags, {
      team: "shop",
      "kubernetes-namespace": "shop",
      "kubernetes-service-account": "web",
    });
  });

  test("is nothing where no grant is for its namespace, its ServiceAccount and its account", () => {
    const others = [
      grant("other-namespace", { namespaces: ["payments"] }),
      grant("other-service-account", { serviceAccounts: ["api"] }),
      grant("other-account", { accounts: ["444455556666"] }),
    ];
    assert.equal(allowed(standing(), others), undefined);
  });

  test("is nothing by a grant whose boundary no role of its account can have, and something by one of AWS's own", () => {
    const elsewhere = grant("elsewhere", { boundary: "arn:aws:iam::444455556666:policy/tenants" });
    assert.equal(allowed(standing(), [elsewhere]), undefined);
    const reads = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    assert.equal(allowed(standing(), [elsewhere, grant("aws", { boundary: reads })])?.boundary, reads);
  });
});

test("roles stay without their binding only by a grant that says so for this namespace and this account", () => {
  const may = (one: Grant): boolean => mayRetain(web, { grants: [one] }, account);
  assert.equal(may(grant("yes", { retain: true })), true);
  assert.equal(may(grant("no")), false);
  assert.equal(may(grant("elsewhere", { retain: true, accounts: ["444455556666"] })), false);
  assert.equal(may(grant("of others", { retain: true, namespaces: ["payments"] })), false);
});
