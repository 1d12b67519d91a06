/** The policy that `manifests openbao-policy` prints, as OpenBao's own server holds a token to it. */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { openbaoProgram } from "../support/openbao-server.ts";
import { drifts, openbaoWorld, type OpenBaoWorld, publicKey } from "../support/openbao-world.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

describe("manifests openbao-policy", { skip: missing ?? false }, () => {
  let world: OpenBaoWorld;
  before(async () => {
    world = await openbaoWorld();
  });
  beforeEach(() => world.reset());
  after(() => world?.close());

  /** A token that has exactly the policy that podtrust prints for the config. */
  async function leastToken(): Promise<string> {
    const { code, out, err } = await world.podtrust(["manifests", "openbao-policy", "--ca", "root.pem"]);
    assert.equal(code, 0, err);
    const written = await world.bao.admin("PUT", "sys/policies/acl/podtrust", { policy: out });
    assert.ok(written.status < 300, `${out}\n${written.errors.join()}`);
    return world.bao.token({ policies: ["podtrust"], no_default_policy: true });
  }

  test("is planned, made, mended and taken down under exactly the policy that is printed", async () => {
    const host = { env: world.env(await leastToken()) };
    await world.must(["plan"], host);
    await world.must(["up", "--yes"], host);
    for (const [what, path, body] of drifts) {
      await world.change(path, body);
      assert.equal((await world.podtrust(["plan", "--check", "--allow-replace"], host)).code, 3, what);
    }
    const former = { description: "podtrust stack=prod format=1" };
    await world.bao.admin("POST", "sys/auth/podtrust/tune", former);
    await world.bao.admin("DELETE", "auth/podtrust/role/jobs");
    const theirs = { role_type: "jwt", user_claim: "sub", bound_audiences: ["x"] };
    await world.bao.admin("POST", "auth/podtrust/role/theirs", theirs);
    await world.must(["up", "--yes", "--allow-replace"], host);
    await world.must(["plan", "--check"], host);
    await world.must(["down", "--yes"], host);
    assert.deepEqual(await world.standing(), []);
  });

  test("the policy opens nothing else: no other mount, type, mark, issuer, subject or policy", async () => {
    const token = await leastToken();
    await world.must(["up", "--yes"]);
    const { data: found } = await world.bao.admin("GET", "auth/podtrust/role/web");
    const role = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
    const denied: readonly (readonly [what: string, method: string, path: string, body?: object])[] = [
      ["another mount", "POST", "sys/auth/other", { type: "jwt" }],
      ["another type", "POST", "sys/auth/podtrust", { type: "userpass" }],
      ["another mark", "POST", "sys/auth/podtrust", { type: "jwt", description: "x" }],
      [
        "another mark on our mount",
        "POST",
        "sys/mounts/auth/podtrust/tune",
        { description: "podtrust stack=dev format=1" },
      ],
      ["longer leases of our mount", "POST", "sys/mounts/auth/podtrust/tune", { max_lease_ttl: "87600h" }],
      ["the list of mounts", "GET", "sys/auth"],
      ["taking another's mount away", "DELETE", "sys/auth/token"],
      ["another issuer", "POST", "auth/podtrust/config", { bound_issuer: "https://other.example" }],
      ["keys of somebody", "POST", "auth/podtrust/config", { jwt_validation_pubkeys: [publicKey] }],
      ["a role of another name", "POST", "auth/podtrust/role/more", role],
      ["another policy", "POST", "auth/podtrust/role/web", { token_policies: ["admin"] }],
      ["another policy by its old name", "POST", "auth/podtrust/role/web", { policies: ["admin"] }],
      ["another subject", "POST", "auth/podtrust/role/web", { bound_subject: "x" }],
      ["more subjects", "POST", "auth/podtrust/role/jobs", { bound_claims: { sub: ["x"] } }],
      ["a token without an end", "POST", "auth/podtrust/role/web", { token_period: "24h" }],
      ["a policy of its own", "PUT", "sys/policies/acl/podtrust", { policy: "" }],
      ["a token of its own", "POST", "auth/token/create", {}],
      ["a secret", "GET", "secret/data/web"],
    ];
    for (const [what, method, path, body] of denied) {
      const { status, errors } = await world.bao.admin(method, path, body, token);
      assert.equal(status, 403, `${what}: ${errors.join()}`);
    }
  });
});
