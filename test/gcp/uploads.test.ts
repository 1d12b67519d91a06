/** A publisher that gives Google the issuer's keys: what is there when, and what it says where that fails. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { recordOf } from "../../src/core/base/index.ts";
import { openUploads } from "../../src/publisher/uploads/relying-parties.ts";
import { parse } from "../support/config-text.ts";
import { MemoryLog, newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { until } from "../support/until.ts";
import { googleWorld, type GoogleWorld, projectNumber } from "./google-world.ts";

const retention = 600_000;
const text = `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.test
gcp: [{project: shop-project, projectNumber: "${projectNumber}"}]
`;

interface World {
  readonly google: GoogleWorld["google"];
  readonly to: TestPublisher;
  /** Kids of what Google has, in their order. */
  readonly uploaded: () => readonly string[];
  /** Waits until Google has just these. */
  has(...kids: readonly string[]): Promise<void>;
  /** What the publisher says is wrong with the upload. */
  trouble(): Promise<string>;
}

/** A provider of podtrust with the key `first`, which the cluster does not have, and a publisher beside it. */
async function world(
  t: TestContext,
  credentials?: (google: GoogleWorld["google"], folder: string) => Promise<object>,
): Promise<World> {
  const made = await googleWorld(t);
  const { google } = made;
  const { failed } = await made.up();
  assert.deepEqual(failed, []);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-uploads-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "credentials.json");
  await writeFile(file, JSON.stringify((await credentials?.(google, folder)) ?? google.credentials()));
  const env = { GOOGLE_APPLICATION_CREDENTIALS: file, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url };
  const deps = { env, clock: new SwiftClock(), logger: new MemoryLog() };
  const uploads = await openUploads(await parse(text), deps);
  const to = await startTestPublisher({ issuerOptions: { stack: "prod", uploads, keyRetention: retention } });
  t.after(() => to[Symbol.asyncDispose]());
  const uploaded = (): readonly string[] => {
    const oidc = recordOf(google.iam.provider("prod", "prod")?.fields["oidc"]);
    const { keys } = JSON.parse(String(oidc["jwksJson"])) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid).sort();
  };
  const degraded = (): string => to.publisher.status().degraded.join("\n");
  return {
    google,
    to,
    uploaded,
    async has(...kids) {
      const wanted = kids.toSorted().join(" ");
      const isSo = (): boolean => uploaded().join(" ") === wanted && to.clock.sleeping >= 2;
      // Both loops sleep: no look is under way that a later one would join.
      await until(`Google has ${wanted}`, isSo, {
        everyMs: 2,
        detail: () => `${uploaded().join(" ")}\n${degraded()}`,
      });
    },
    trouble: () => until("the publisher says what is wrong", () => degraded() || undefined, { everyMs: 2 }),
  };
}

const kidsOf = ({ to }: World): readonly string[] => to.cluster.keys.map(({ kid }) => kid);

/** Moves time, and waits until both loops have seen it. */
async function pass({ to }: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 60_000) {
    await until("both loops sleep", () => to.clock.sleeping >= 2, { everyMs: 2 });
    await to.clock.advance(Math.min(left, 60_000));
  }
  await until("both loops sleep", () => to.clock.sleeping >= 2, { everyMs: 2 });
}

describe("keys that a publisher uploads to Google", () => {
  test("are there at the look that sees them, and beside them for a while what stood there before", async (t) => {
    const at = await world(t);
    await at.has("first", ...kidsOf(at));
    at.to.cluster.keys = [...at.to.cluster.keys, newKey()];
    await at.to.publisher.refresh();
    await at.has("first", ...kidsOf(at));
    const [upload] = at.to.publisher.status().issuers[0]?.uploads ?? [];
    assert.equal(upload?.place, "Google project shop-project, provider prod/prod");
    assert.deepEqual(at.to.publisher.status().degraded, []);
  });

  test("stay while their tokens may live, and then go with all that nobody saw in the cluster", async (t) => {
    const at = await world(t);
    const [gone = ""] = kidsOf(at);
    await at.has("first", gone);
    at.to.cluster.keys = [newKey()];
    await at.to.publisher.refresh();
    await pass(at, retention / 2);
    await at.has("first", gone, ...kidsOf(at));
    await pass(at, retention);
    await at.has(...kidsOf(at));
    const planted = { keys: [{ ...newKey(), kid: "planted" }] };
    const fields = at.google.iam.provider("prod", "prod")?.fields ?? {};
    fields["oidc"] = { ...recordOf(fields["oidc"]), jwksJson: JSON.stringify(planted) };
    await pass(at, 60_000);
    await at.has(...kidsOf(at));
  });

  test("go at once when they are distrusted, whoever uploaded them, and do not come back", async (t) => {
    const at = await world(t);
    await at.has("first", ...kidsOf(at));
    at.to.cluster.keys = [...at.to.cluster.keys, newKey()];
    await at.to.publisher.refresh();
    const [stolen = "", other = ""] = kidsOf(at);
    await at.has("first", stolen, other);
    const { published } = await at.to.publisher.distrust(stolen, { force: true });
    assert.equal(published, true);
    assert.deepEqual(at.uploaded(), ["first", other].toSorted());
    await pass(at, 120_000);
    await at.has("first", other);
  });

  test("that are more than Google takes leave there what stands, and it is told what to do", async (t) => {
    const at = await world(t);
    await at.has("first", ...kidsOf(at));
    const before = at.uploaded();
    at.to.cluster.keys = Array.from({ length: 9 }, () => newKey());
    await at.to.publisher.refresh();
    const trouble = await at.trouble();
    assert.match(trouble, /has 10 keys, and Google takes 8 in an upload: /u);
    assert.match(trouble, /podtrust rotate distrust KID/u);
    assert.deepEqual(at.uploaded(), before);
  });

  test("are uploaded later and later while Google does not answer, and the publisher serves on", async (t) => {
    const at = await world(t);
    await at.has("first", ...kidsOf(at));
    at.google.misbehave("unavailable", /^GET/u, 1000);
    at.to.cluster.keys = [...at.to.cluster.keys, newKey()];
    await at.to.publisher.refresh();
    assert.match(await at.trouble(), /refuses tokens of a key that it does not have/u);
    assert.equal(at.to.publisher.status().ready, true);
    assert.match((await at.to.admin("/status")).text, /"uploads"/u);
  });

  test("by tokens of that very issuer are refused once they lack the key that signs, with the command that helps", async (t) => {
    const at = await world(t, async (google, folder) => {
      const token = join(folder, "token.jwt");
      await writeFile(token, "header.claims.signature");
      google.grantAnswer = {
        status: 400,
        body: {
          error: "invalid_grant",
          error_description: "Error connecting to the given credential's issuer.",
        },
      };
      return {
        type: "external_account",
        audience: `//iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/prod/providers/prod`,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${google.url}/v1/token`,
        credential_source: { file: token },
      };
    });
    const trouble = await at.trouble();
    assert.match(trouble, /the provider prod refuses the token of its own issuer/u);
    assert.match(trouble, /Error connecting to the given credential's issuer/u);
    assert.match(trouble, /then podtrust publish keys/u);
    assert.deepEqual(at.uploaded(), ["first"]);
  });

  test("go to no provider that is somebody else's", async (t) => {
    const at = await world(t);
    await at.has("first", ...kidsOf(at));
    const fields = at.google.iam.provider("prod", "prod")?.fields ?? {};
    fields["description"] = "podtrust stack=other format=1";
    at.to.cluster.keys = [...at.to.cluster.keys, newKey()];
    await at.to.publisher.refresh();
    assert.match(await at.trouble(), /there is no provider prod of stack prod.*podtrust up/u);
  });
});
