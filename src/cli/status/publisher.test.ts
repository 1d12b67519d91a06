import assert from "node:assert/strict";
import { test } from "node:test";
import { distrustKey } from "../../publisher/index.ts";
import { newKey, startTestPublisher } from "../../../test/support/publisher.ts";
import { publisherFacts } from "./publisher.ts";

type Config = Parameters<typeof publisherFacts>[0];

test("a running publisher says which keys it distrusts, and why it goes on with what it last saw", async () => {
  const keys = [newKey(), newKey()];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  const [{ issuer } = { issuer: "" }] = to.publisher.status().issuers;
  const config = { issuer, publisher: { stateDir: to.stateDir } } as unknown as Config;
  assert.deepEqual(await publisherFacts(config), { distrusted: [] });
  await distrustKey(to.stateDir, keys[0]?.kid ?? "", { force: true });
  assert.deepEqual(await publisherFacts(config), { distrusted: [keys[0]?.kid] });
  to.cluster.fault = () => {
    throw new Error("the cluster is away");
  };
  await to.clock.advance(600_000);
  const blind = (await publisherFacts(config))?.blind;
  assert.ok(blind !== undefined && blind.since > 0 && blind.next !== "");
  assert.equal(await publisherFacts({ ...config, issuer: "https://another.example" }), undefined);
});

test("without a publisher in the config, or with none that runs here, nothing is known of it", async () => {
  const issuer = "https://oidc.example.com";
  assert.equal(await publisherFacts({ issuer }), undefined);
  const publisher = { stateDir: "/nonexistent" };
  assert.equal(await publisherFacts({ issuer, publisher } as unknown as Config), undefined);
});
