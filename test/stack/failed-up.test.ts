/** What `up` leaves where something of the same run fails: who was let in before still is, and nobody else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetOpenIDConnectProviderCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { account } from "../support/sandbox.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { configText, stackWorld } from "../support/stack-world.ts";

const idOf = (host: string): string => `aws/${account}/oidc-provider/${host}`;

describe("a run of up in which something fails", () => {
  test("leaves the OIDC provider of the issuer of before where the new issuer cannot be read, and deletes the role that the config no longer has", async (t) => {
    const world = await stackWorld(t);
    const before = configText(world.issuer.issuer);
    const kept = before.replace("- name: demo", "- name: kept");
    const role = before.slice(before.indexOf("      - name: demo"));
    await world.config(kept + role);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const next = kept.replace(world.issuer.issuer, "https://unreached.example.test");
    await world.config(next);
    const up = await world.json(["up", "--yes", "--allow-replace"]);
    assert.equal(up.code, 1);
    assert.deepEqual(
      up.result.failed.map(({ id, error }) => [id, error.code]),
      [[idOf("unreached.example.test"), "issuer-unreached"]],
    );
    assert.deepEqual(
      up.result.done.map(({ id, kind }) => `${kind} ${id}`),
      [`delete aws/${account}/role/demo`],
    );
    assert.deepEqual(
      up.result.skipped.map(({ id }) => id),
      [`aws/${account}/role/kept`, idOf("oidc.example.test")],
    );
    const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/oidc.example.test`;
    await world.iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    const { Roles = [] } = await world.iam.send(new ListRolesCommand({}));
    const trusting = Roles.filter(({ AssumeRolePolicyDocument = "" }) =>
      decodeURIComponent(AssumeRolePolicyDocument).includes(OpenIDConnectProviderArn),
    );
    assert.deepEqual(
      trusting.map(({ RoleName }) => RoleName),
      ["kept"],
    );
    const { err } = await world.podtrust(["up", "--yes", "--allow-replace"]);
    const line = `skipped: ${idOf("oidc.example.test")}, waits for the next run, since ${idOf("unreached.example.test")} was not done`;
    assert.ok(err.includes(line), err);
  });

  test("leaves the records of the name of before where Cloudflare refuses those of the new one, and takes them in the next run", async (t) => {
    const world = await dnsCliWorld(t);
    const text = (host: string): string =>
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://${host}\ndns: {cloudflare: {}, addresses: ["203.0.113.7", "2001:db8::7"]}\n`;
    const names = (): readonly string[] => [...new Set(world.records().map(({ name }) => name))].toSorted();
    await world.config(text("a.example.com"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    // A zone of the Free plan holds 200 records at the most.
    const path = `/zones/${await world.zoneId()}/dns_records`;
    const filler = (index: number): object => ({ name: `n${index}`, type: "A", content: "198.51.100.1" });
    for (let index = world.records().length; index < 200; index += 1)
      await world.byHand("POST", path, filler(index));
    await world.config(text("b.example.com"));
    const up = await world.podtrust(["up", "--yes", "--allow-replace"]);
    assert.equal(up.code, 1, up.out);
    assert.match(up.out, /^0 done, 2 failed, 2 skipped\.$/mu);
    assert.match(up.err, /^skipped: dns\/a\.example\.com\/AAAA, waits for the next run, since /mu);
    const issuers = (): readonly string[] => names().filter((name) => /^[ab]\./u.test(name));
    assert.deepEqual(issuers(), ["a.example.com"]);
    for (const { id, name } of world.records())
      if (/^n\d/u.test(name)) await world.byHand("DELETE", `${path}/${id}`);
    assert.equal((await world.podtrust(["up", "--yes", "--allow-replace"])).code, 0);
    assert.deepEqual(issuers(), ["b.example.com"]);
  });
});
