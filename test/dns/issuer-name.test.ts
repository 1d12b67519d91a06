import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { account } from "../support/sandbox.ts";
import { stackWorld, useEnvironment } from "../support/stack-world.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { emptyFile } from "../support/nowhere.ts";

const config = `stack: prod
identity: 3f2a91bc
issuer: {zone: example.com}
dns: {cloudflare: {}, addresses: ["203.0.113.7"]}
`;

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/u;
const mark = "podtrust stack=prod format=1 id=3f2a91bc";

const nameIn = (text: string): string => uuid.exec(text)?.[0] ?? assert.fail(`no name in ${text}`);

describe("an issuer whose config names only a zone", () => {
  test("plan and up choose a random name and show it; once its records stand, every command knows it", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(config);
    const planned = await world.podtrust(["plan"]);
    assert.equal(planned.code, 0, planned.err);
    const shown = nameIn(planned.out);
    assert.match(planned.err, new RegExp(`the name ${shown}\\.example\\.com was chosen`, "u"));
    assert.match(planned.out, new RegExp(`^stack prod, issuer https://${shown}\\.example\\.com$`, "mu"));
    const up = await world.podtrust(["up", "--yes"]);
    const chosen = nameIn(up.out);
    assert.notEqual(chosen, shown, "a plan that is not saved binds nobody");
    assert.deepEqual(
      world.records().map(({ name }) => name),
      [`${chosen}.example.com`],
    );
    const again = await world.podtrust(["up", "--yes"]);
    assert.equal(nameIn(again.out), chosen);
    assert.match(again.out, /Nothing to do, 1 unchanged\./u);
    assert.equal(again.err, "");
    const status = await world.podtrust(["status", "--only", "trust"]);
    assert.match(status.out, new RegExp(`${chosen}\\.example\\.com`, "u"));
  });

  test("a saved plan keeps the name that it showed, and is refused once the stack has another", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(config);
    const name = nameIn((await world.podtrust(["plan", "-o", "one.json"])).out);
    await world.podtrust(["plan", "-o", "two.json"]);
    const up = await world.podtrust(["up", "one.json"]);
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual(
      world.records().map((record) => record.name),
      [`${name}.example.com`],
    );
    const late = await world.podtrust(["up", "two.json"]);
    assert.equal(late.code, 1);
    assert.match(
      late.err,
      new RegExp(`has the name ${name}\\.example\\.com by now, and the plan was made for`, "u"),
    );
    assert.match(late.err, /code: {2}plan-changed/u);
    assert.equal(world.records().length, 1);
  });

  test("commands that make nothing say that there is no name yet", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(config);
    for (const args of [["status"], ["test"], ["serve"], ["manifests", "demo"], ["import", "A", "--yes"]]) {
      const { code, out, err } = await world.podtrust(args);
      assert.equal(code, 1, args.join(" "));
      assert.match(out + err, /stack prod has no name below example\.com yet/u);
      assert.match(err, /Run podtrust up: it chooses a name/u);
    }
    const down = await world.podtrust(["down", "--yes"]);
    assert.equal(down.code, 0, down.err);
    assert.match(down.out, /Nothing to do\./u);
    assert.match(down.out, /^stack prod, without a name below example\.com$/mu);
    assert.doesNotMatch(down.out + down.err, /no-name-yet/u);
    assert.doesNotMatch((await world.podtrust(["down", "--yes", "--json"])).out, /no-name-yet/u);
  });

  test("two names that the stack's marks remember are an error that names both, and down takes both", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(config);
    const path = `/zones/${await world.zoneId()}/dns_records`;
    for (const name of ["one", "two"])
      await world.byHand("POST", path, { name, type: "A", content: "203.0.113.7", ttl: 60, comment: mark });
    await world.byHand("POST", path, { name: "three", type: "A", content: "203.0.113.7" });
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 1);
    assert.match(err, /remember 2 names below example\.com: one\.example\.com and two\.example\.com/u);
    assert.match(err, /code: {2}issuer-names-differ/u);
    // The way out that the error names.
    await world.config(config.replace("{zone: example.com}", "https://two.example.com"));
    await world.podtrust(["up", "--yes", "--allow-replace"]);
    assert.deepEqual(
      world
        .records()
        .map(({ name }) => name)
        .sort(),
      ["three.example.com", "two.example.com"],
    );
    await world.config(config);
    assert.match((await world.podtrust(["plan"])).out, /issuer https:\/\/two\.example\.com/u);
    await world.byHand("POST", path, { name: "one", type: "A", content: "203.0.113.7", comment: mark });
    const down = await world.podtrust(["down", "--yes"]);
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(
      world.records().map(({ name }) => name),
      ["three.example.com"],
    );
  });

  test("a name whose records somebody deleted is known by the OIDC provider that stands for it", async (t) => {
    const world = await dnsCliWorld(t);
    const aws = await stackWorld(t);
    const accounts = `aws: [{account: "${account}", region: eu-central-1}]\n`;
    await world.config(config + accounts);
    const host = "3f2b8a52-6f0e-4a43-9a51-0a5b2c4d6e7f.example.com";
    const tag = (Key: string, Value: string): { Key: string; Value: string } => ({ Key, Value });
    const other = new CreateOpenIDConnectProviderCommand({
      Url: "https://0f2b8a52-6f0e-4a43-9a51-0a5b2c4d6e7f.example.com",
      ThumbprintList: ["0".repeat(40)],
      Tags: [tag("podtrust:stack", "dev"), tag("podtrust:format", "1")],
    });
    const own = new CreateOpenIDConnectProviderCommand({
      Url: `https://${host}`,
      ThumbprintList: ["0".repeat(40)],
      Tags: [tag("podtrust:stack", "prod"), tag("podtrust:format", "1")],
    });
    await aws.iam.send(other);
    await aws.iam.send(own);
    const up = await world.podtrust(["up", "--yes", "--only", "dns"]);
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual(
      world.records().map(({ name }) => name),
      [host],
    );
    await world.byHand("DELETE", `/zones/${await world.zoneId()}/dns_records/${world.records()[0]?.id}`);
    useEnvironment({
      AWS_CONFIG_FILE: emptyFile,
      AWS_SHARED_CREDENTIALS_FILE: emptyFile,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    const blind = await world.podtrust(["up", "--yes", "--only", "dns"]);
    assert.match(blind.err, /code: {2}aws-no-credentials/u, "who cannot ask chooses no other name");
    assert.deepEqual(world.records(), []);
    assert.match((await world.podtrust(["status"])).err, /has no name below example\.com yet/u);
  });

  test("up that is ended before or after its only write is finished under one name", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(config);
    const ending = new AbortController();
    world.onWrite = () => ending.abort();
    await world.podtrust(["up", "--yes"], { signal: ending.signal });
    const [made] = world.records();
    const { code, out } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 0, out);
    assert.deepEqual(
      world.records().map(({ name }) => name),
      [made?.name],
    );
  });

  test("a zone without a provider, and a zone that is none, are mistakes of the config", async (t) => {
    const world = await dnsCliWorld(t);
    const cases: readonly [string, RegExp][] = [
      ["stack: prod\nissuer: {zone: example.com}\n", /issuer\.zone: needs a DNS provider for the zone/u],
      ["stack: prod\nissuer: {zone: Example.com}\ndns: cloudflare\n", /issuer\.zone: ?.*lower case/u],
      ["stack: prod\nissuer: {zon: example.com}\ndns: cloudflare\n", /zone/u],
      ["stack: prod\nissuer: http://oidc.example.com\n", /AWS takes https:\/\/ only/u],
    ];
    for (const [text, message] of cases) {
      await world.config(text);
      const { code, err } = await world.podtrust(["plan"]);
      assert.equal(code, 2);
      assert.match(err, message);
    }
  });
});
