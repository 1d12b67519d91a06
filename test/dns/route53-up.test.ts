import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { podtrustHere } from "../support/cli.ts";
import { useEnvironment } from "../support/stack-world.ts";
import { startStrictRoute53 } from "../support/strict-route53.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { emptyFile } from "../support/nowhere.ts";

test("up and down keep the issuer's records at Route 53, below a name that their claims remember", async (t) => {
  const api = await startStrictRoute53();
  const cwd = await mkdtemp(join(tmpdir(), "podtrust-route53-"));
  t.after(async () => {
    await api.close();
    await rm(cwd, { recursive: true });
  });
  useEnvironment({
    AWS_ENDPOINT_URL_ROUTE_53: api.url,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "none of anybody's",
    AWS_CONFIG_FILE: emptyFile,
    AWS_SHARED_CREDENTIALS_FILE: emptyFile,
    AWS_EC2_METADATA_DISABLED: "true",
  });
  api.put("example.com", { name: "www.example.com.", type: "A", ttl: 60, values: ["198.51.100.1"] });
  const config =
    'stack: prod\nidentity: 3f2a91bc\nissuer: {zone: example.com}\ndns: {route53: {}, addresses: ["203.0.113.7", "2001:db8::7"]}\n';
  await writeFile(join(cwd, "podtrust.yaml"), config);
  const podtrust = (...args: string[]) => podtrustHere(args, { cwd, clock: new SwiftClock() });
  const up = await podtrust("up", "--yes");
  assert.equal(up.code, 0, up.out + up.err);
  assert.match(up.out, /^zone example\.com at Route 53, as the AWS credentials of the environment$/mu);
  const names = api
    .sets("example.com")
    .map(({ name, type }) => `${type} ${name.replace(/[0-9a-f-]{36}/u, "UUID")}`);
  assert.deepEqual(names.toSorted(), [
    "A UUID.example.com.",
    "A www.example.com.",
    "AAAA UUID.example.com.",
    "TXT _podtrust.UUID.example.com.",
  ]);
  const again = await podtrust("up", "--yes");
  assert.match(again.out, /Nothing to do, 2 unchanged\./u);
  const down = await podtrust("down", "--yes");
  assert.equal(down.code, 0, down.out + down.err);
  assert.deepEqual(
    api.sets("example.com").map(({ name }) => name),
    ["www.example.com."],
  );
});
