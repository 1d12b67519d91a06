import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openBackups } from "../../src/cli/options/bucket.ts";
import { TestClock } from "../support/clock.ts";
import type { CommandContext } from "../../src/cli/context.ts";

const issuer = "https://oidc.example.com";
const bucket = { bucket: "backups", region: "eu-central-1", prefix: "" };

describe("credentials for backups", () => {
  test("by a token of the issuer that is backed up are refused; those of another issuer or of a profile are not", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-credentials-"));
    t.after(() => rm(folder, { recursive: true }));
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const tokenOf = async (iss: string): Promise<string> => {
      const file = join(folder, encodeURIComponent(iss));
      await writeFile(file, `${part({ alg: "RS256" })}.${part({ iss })}.c2ln\n`);
      return file;
    };
    const contextOf = (env: Readonly<Record<string, string>>) =>
      ({ clock: new TestClock(), env }) as unknown as CommandContext;
    const own = { AWS_WEB_IDENTITY_TOKEN_FILE: await tokenOf(issuer) };
    await assert.rejects(openBackups(bucket, issuer, contextOf(own)), { code: "backup-credentials" });
    const other = { AWS_WEB_IDENTITY_TOKEN_FILE: await tokenOf("https://eks.example.com") };
    for (const [place, env] of [
      [bucket, other],
      [bucket, {}],
      [{ ...bucket, profile: "backup" }, own],
    ] as const)
      (await openBackups(place, issuer, contextOf(env))).close?.();
  });
});
