/** What `up` and `down` write at each provider of DNS: records, and the marks that say whose they are. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { podtrustHere } from "../support/cli.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { hetznerWorld } from "../support/hetzner-world.ts";
import { emptyFile } from "../support/nowhere.ts";
import { useEnvironment } from "../support/stack-world.ts";
import { startStrictRoute53 } from "../support/strict-route53.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { Recording } from "./recording.ts";
import { hold, type Steps, type StoryOfStack } from "./story.ts";

const config = (dns: string, addresses: string, issuer = "https://oidc.example.com"): string =>
  `stack: prod\nissuer: ${issuer}\ndns: {${dns}, addresses: ${addresses}}\n`;

/** A name that is given, then one that podtrust chooses below the zone. */
const steps = (dns: string): Steps => [
  { config: config(dns, '["203.0.113.7", "2001:db8::7"]') },
  "plan",
  "up --yes",
  "up --yes",
  { config: config(dns, '["203.0.113.8"]') },
  "plan --check",
  "up --yes",
  "export opentofu",
  "down --yes",
  { config: config(dns, '["203.0.113.7"]', "{zone: example.com}") },
  "up --yes",
  "output",
  "down --yes",
];

async function cloudflare(t: TestContext): Promise<Omit<StoryOfStack, "name">> {
  const world = await dnsCliWorld(t);
  const recording = new Recording(t);
  const env = await recording.environment("cloudflare", world.env);
  return { recording, config: (text) => world.config(text), run: (args) => world.podtrust(args, { env }) };
}

async function hetzner(t: TestContext): Promise<Omit<StoryOfStack, "name">> {
  const world = await hetznerWorld(t, { zones: [{ name: "example.com" }] });
  const recording = new Recording(t);
  const env = await recording.environment("hetzner", world.env);
  const run: StoryOfStack["run"] = (args) =>
    podtrustHere(args, { cwd: world.folder, clock: world.clock, env });
  return { recording, config: (text) => world.config(text), run };
}

async function route53(t: TestContext): Promise<Omit<StoryOfStack, "name">> {
  const api = await startStrictRoute53();
  const cwd = await mkdtemp(join(tmpdir(), "podtrust-route53-"));
  t.after(async () => {
    await api.close();
    await rm(cwd, { recursive: true });
  });
  const recording = new Recording(t);
  useEnvironment({
    AWS_ENDPOINT_URL_ROUTE_53: await recording.before("route53", api.url),
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "none of anybody's",
    AWS_CONFIG_FILE: emptyFile,
    AWS_SHARED_CREDENTIALS_FILE: emptyFile,
    AWS_EC2_METADATA_DISABLED: "true",
  });
  return {
    recording,
    config: (text) => writeFile(join(cwd, "podtrust.yaml"), text),
    run: (args) => podtrustHere(args, { cwd, clock: new SwiftClock() }),
  };
}

describe("the golden records of the issuer's name", () => {
  for (const [name, start] of Object.entries({ cloudflare, hetzner, route53 }))
    test(`at ${name}, of a name that is given and of one that is chosen`, async (t) => {
      await hold({ name: `dns-${name}`, ...(await start(t)) }, steps(`${name}: {}`));
    });
});
