import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Readable } from "node:stream";
import type { Host } from "../../src/cli/index.ts";
import { policyText } from "../../src/rules/trust/index.ts";
import {
  type Conditions,
  discovery,
  issuer,
  now,
  roleArn,
  sign,
  signer,
  texts,
  trust,
  unsigned,
} from "../conformance/fixture.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import {
  account,
  issuerRoot,
  startTestSandbox,
  type TestSandbox,
  webIdentityTrust,
} from "../support/sandbox.ts";

let folder = "";
const clock = new TestClock(now * 1000);
const files = { discovery: "discovery.json", jwks: "jwks.json", trust: "trust.json", token: "token" };

function explain(args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> {
  return podtrustHere(["explain", ...args], { cwd: folder, clock, ...host });
}

const offline = ["--discovery", files.discovery, "--jwks", files.jwks, "--trust-policy", files.trust];

async function explainToken(token: string, ...more: string[]): Promise<CliResult> {
  await writeFile(join(folder, "other"), token);
  return explain(["--token", "other", "--role", roleArn, ...offline, ...more]);
}

/** No run of characters that could be a part of a token; nothing else here has sixty without a break. */
function saysNoToken({ out, err }: CliResult): void {
  assert.doesNotMatch(out + err, /[\w-]{60}/u);
}

describe("podtrust explain", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-explain-"));
    await writeFile(join(folder, files.discovery), discovery());
    await writeFile(join(folder, files.jwks), JSON.stringify({ keys: [signer.jwk] }));
    await writeFile(join(folder, files.trust), policyText(trust()));
    await writeFile(join(folder, files.token), await sign());
  });

  after(() => rm(folder, { recursive: true }));

  describe("with files, without a network", () => {
    test("a good token: the verdict and how many rules passed, exit 0", async () => {
      const said = await explain(["--token", files.token, "--role", roleArn, ...offline]);
      assert.deepEqual([said.code, said.err], [0, ""]);
      assert.match(said.out, /^role {3}arn:aws:iam::111122223333:role\/demo\n/u);
      assert.match(
        said.out,
        /\n\nAWS would accept the token for role demo\.\n\n42 of 42 rules passed; --all shows each\.\n/u,
      );
      assert.match(said.out, /note: IAM was not asked/u);
      saysNoToken(said);
    });

    const github = "token.actions.githubusercontent.com";

    /** What it says of a workflow's token for a role with these conditions. */
    async function explainWorkflow(conditions: Conditions): Promise<CliResult> {
      const principal = { Federated: `arn:aws:iam::${account}:oidc-provider/${github}` };
      const claims = {
        iss: `https://${github}`,
        sub: "repo:o/r:environment:prod",
        repository: "o/r",
        run_id: "7",
      };
      const documents = { issuer: `https://${github}`, jwks_uri: `https://${github}/.well-known/jwks` };
      await writeFile(join(folder, "github.json"), policyText(trust(conditions, { principal })));
      await writeFile(join(folder, "github-discovery.json"), discovery(documents));
      await writeFile(join(folder, "workflow"), await sign({ claims }));
      const given = [
        "--discovery",
        "github-discovery.json",
        "--jwks",
        "jwks.json",
        "--trust-policy",
        "github.json",
      ];
      return explain(["--token", "workflow", "--role", roleArn, ...given]);
    }

    test("a workflow's token is judged by GitHub's claims, and a claim that AWS does not map is named as one", async () => {
      const mapped = await explainWorkflow({
        StringEquals: { [`${github}:aud`]: "sts.amazonaws.com", [`${github}:repository`]: "o/r" },
        StringLike: { [`${github}:sub`]: "repo:o/r:*" },
      });
      assert.equal(mapped.code, 0, mapped.out);
      assert.doesNotMatch(mapped.out, /warning/u);
      const other = await explainWorkflow({ StringEquals: { [`${github}:run_id`]: "7" } });
      assert.equal(other.code, 3);
      assert.match(
        other.out.replaceAll(/\s+/gu, " "),
        /AWS makes no condition key of it\. The keys of token\.actions\.githubusercontent\.com are :aud,/u,
      );
      assert.doesNotMatch(other.out, /it has \S+:oaud/u);
    });

    test("a trust policy that lets all of GitHub in is named as one that IAM refuses to keep", async () => {
      const { out } = await explainWorkflow({ StringEquals: { [`${github}:aud`]: "sts.amazonaws.com" } });
      const said = out.replaceAll(/\s+/gu, " ");
      assert.match(
        said,
        /every workflow of every repository on GitHub may assume the role; IAM refuses to keep/u,
      );
      assert.doesNotMatch(said, /ServiceAccount/u);
    });

    test("with --all every rule is shown, behind the verdict", async () => {
      const said = await explain(["--token", files.token, "--role", roleArn, ...offline, "--all"]);
      assert.equal(said.out.match(/^✔ /gmu)?.length, 42);
      assert.ok(said.out.indexOf("AWS would accept") < said.out.indexOf("✔ "));
      assert.doesNotMatch(said.out, /--all/u);
    });

    test("a denial fits a small terminal: the verdict, its rule, and what to do, before anything else", async () => {
      const said = await explainToken(await sign({ claims: { aud: "other" } }));
      const lines = said.out.split("\n");
      assert.match(lines[4] ?? "", /^AWS would deny it, by the rule audience-registered\.$/u);
      assert.equal(lines[5], "After that it would deny it by trust-policy.");
      assert.match(lines[7] ?? "", /^✖ audience-registered /u);
      assert.ok(lines.length < 24, said.out);
      assert.match(said.out, /^40 of 42 rules passed; --all shows each\.$/mu);
    });

    test("a refusal: AWS's words of both generations, why, what to do, exit 3", async () => {
      const said = await explainToken(await sign({ claims: { aud: "other" } }));
      assert.equal(said.code, 3);
      assert.match(
        said.out,
        /^✖ audience-registered +the token is for "other", and .*"sts\.amazonaws\.com"$/mu,
      );
      assert.ok(
        said.out.includes(`AWS answers InvalidIdentityToken (400), 2026: ${texts.couldNotBeValidated}`),
      );
      assert.ok(
        said.out.includes("AWS answers InvalidIdentityToken (400), legacy: Incorrect token audience"),
      );
      assert.match(said.out, /next: Ask for a token with the audience "sts\.amazonaws\.com"/u);
      assert.match(said.out, /AWS would deny it, by the rule audience-registered/u);
      saysNoToken(said);
    });

    test("all faults are reported at once, in AWS's order", async () => {
      const said = await explainToken(await sign({ claims: { exp: now - 9999, sub: "nobody" } }), "--json");
      const story = JSON.parse(said.out) as {
        accepted: boolean;
        refusal: { rule: string; messages: Record<string, string> };
        rules: { rule: string; outcome: string }[];
      };
      assert.deepEqual([said.code, story.accepted, story.refusal.rule], [3, false, "not-expired"]);
      assert.match(story.refusal.messages["2026"] ?? "", /^Token expired: /u);
      const refused = story.rules.filter((one) => one.outcome === "refused").map((one) => one.rule);
      assert.deepEqual(refused, ["not-expired", "trust-policy"]);
      saysNoToken(said);
    });

    test("another issuer than the trust policy's differs by its slash", async () => {
      const said = await explainToken(await sign({ claims: { iss: `${issuer}/` } }), "--all");
      assert.equal(said.code, 3);
      assert.match(said.out, /✖ issuer-registered .*ends in a slash and the other does not/u);
      assert.match(said.out, /^· signature/mu);
    });

    test("tokens with alg none are tokens, which AWS refuses", async () => {
      const said = await explainToken(unsigned({ alg: "none" }));
      assert.deepEqual([said.code, said.out.includes("✖ token-algorithm")], [3, true]);
    });

    test("another time, another length of session, other client IDs", async () => {
      const late = await explainToken(await sign(), "--at", "2030-01-01T00:00:00Z");
      assert.match(late.out, /at {5}2030-01-01T00:00:00Z, in \d+ days[\s\S]*✖ not-expired/u);
      assert.equal((await explainToken(await sign(), "--at", String(now + 100))).code, 0);
      assert.match((await explainToken(await sign(), "--duration", "13h")).out, /✖ duration-bounds/u);
      const other = await explainToken(
        await sign({ claims: { aud: "a" } }),
        "--client-id",
        "a",
        "--client-id",
        "b",
        "--all",
      );
      assert.match(other.out, /✔ audience-registered/u);
    });

    test("a token on standard input; a line break after it is said", async () => {
      const stdin = Readable.from([Buffer.from(await sign()), "\n"]);
      const said = await explain(["--token", "-", "--role", roleArn, ...offline], { stdin });
      assert.equal(said.code, 0);
      assert.match(said.out, /note: The token's file ends in a line break/u);
    });

    test("what a token says cannot command the terminal", async () => {
      const hostile = "https://a.test/\u001B[2J\u009B31m\u202E";
      const { out } = await explainToken(
        await sign({ claims: { iss: hostile, sub: hostile, aud: hostile } }),
      );
      for (const control of ["\u001B", "\u009B", "\u202E"]) assert.ok(!out.includes(control));
      assert.match(out, /\\u001b\[2J/u);
    });
  });

  describe("bad input gets one clear error", () => {
    const good = ["--token", files.token, "--role", roleArn, ...offline];
    const changed = (option: string, value: string): string[] =>
      good.map((one, index) => (good[index - 1] === option ? value : one));
    const cases: [string, () => Promise<string[]> | string[], number, string, RegExp][] = [
      [
        "no file",
        () => changed("--token", "absent"),
        1,
        "file-unreadable",
        /--token absent: .*no such file/u,
      ],
      ["a folder", () => changed("--token", "."), 1, "file-unreadable", /EISDIR/u],
      [
        "a file that is not a token",
        () => changed("--token", files.trust),
        1,
        "token-invalid",
        /three parts/u,
      ],
      [
        "a huge file",
        async () => {
          await writeFile(join(folder, "huge"), "x".repeat(70_000));
          return changed("--token", "huge");
        },
        1,
        "file-unreadable",
        /larger than 65536 bytes/u,
      ],
      [
        "a user's ARN",
        () => changed("--role", "arn:aws:iam::111122223333:user/me"),
        2,
        "usage",
        /not the ARN of a role/u,
      ],
      ["a role's name", () => changed("--role", "demo"), 2, "usage", /--role demo is not the ARN/u],
      [
        "a trust policy that is none",
        () => changed("--trust-policy", files.jwks),
        1,
        "policy-malformed",
        /Syntax error in policy/u,
      ],
      [
        "no trust policy",
        () => changed("--trust-policy", "absent"),
        1,
        "file-unreadable",
        /--trust-policy absent/u,
      ],
      [
        "discovery without jwks",
        () => ["--token", files.token, "--role", roleArn, "--discovery", "x"],
        2,
        "usage",
        /go together/u,
      ],
      [
        "client IDs without a trust policy",
        () => ["--token", files.token, "--role", roleArn, "--client-id", "x"],
        2,
        "usage",
        /goes with/u,
      ],
      ["a time that is none", () => [...good, "--at", "tomorrow"], 2, "usage", /--at tomorrow/u],
      ["a day that is none", () => [...good, "--at", "2026-13-45T00:00:00Z"], 2, "usage", /is not a time/u],
      ["a duration that is none", () => [...good, "--duration", "long"], 2, "usage", /--duration long/u],
      ["no role", () => ["--token", files.token], 2, "usage", /--role/u],
    ];
    for (const [name, args, code, errorCode, text] of cases) {
      test(name, async () => {
        const said = await explain(await args());
        assert.deepEqual([said.code, said.out], [code, ""]);
        assert.match(said.err, text);
        assert.match(said.err, new RegExp(`^code: {2}${errorCode}$`, "mu"));
        saysNoToken(said);
      });
    }

    test("a token in the place of the file's name is not repeated", async () => {
      const said = await explain(changed("--token", await sign()));
      assert.equal(said.code, 2);
      assert.match(said.err, /takes a file/u);
      saysNoToken(said);
    });
  });

  describe("against an account", () => {
    let world: TestSandbox;
    let role = "";
    const ca = "ca.pem";

    type Change = Readonly<Partial<Record<"arn" | "ca" | "connectTo", string>>>;
    async function ask(token: string, change: Change = {}): Promise<CliResult> {
      await writeFile(join(folder, "job-token"), token);
      const { host, port, address, toPort } = world.issuer.connectTo[0] ?? assert.fail("no rule");
      const rule = change.connectTo ?? `${host}:${port}:${address}:${toPort}`;
      const { accessKeyId, secretAccessKey } = world.sandbox.admin;
      const env = {
        AWS_ENDPOINT_URL: world.sandbox.url,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: "eu-central-1",
      };
      const args = ["--token", "job-token", "--role", change.arn ?? role];
      args.push("--connect-to", rule, "--ca", change.ca ?? ca);
      return explain(args, { env, clock: world.clock });
    }

    before(async () => {
      const authority = await testAuthority("Another Authority");
      world = await startTestSandbox();
      role = await world.role("demo");
      await writeFile(join(folder, ca), issuerRoot);
      await writeFile(join(folder, "another.pem"), authority.root);
    });

    after(() => world.close());

    test("says what the sandbox's STS decides", async () => {
      const token = await world.token();
      const said = await ask(token);
      assert.deepEqual([said.code, said.err], [0, ""], said.out);
      assert.match(said.out, /AWS would accept/u);
      assert.match(
        said.out.replaceAll(/\s+/gu, " "),
        /If that is a private CA, AWS refuses the token: none of the/u,
      );
      await world.assume({ role, token });
      saysNoToken(said);
      const wrong = await world.token({ aud: "other" });
      const refused = await ask(wrong);
      assert.equal(refused.code, 3);
      await assert.rejects(world.assume({ role, token: wrong }), (error: Error) =>
        refused.out.includes(error.message),
      );
    });

    test("an issuer whose certificate no root signed", async () => {
      const said = await ask(await world.token(), { ca: "another.pem" });
      assert.equal(said.code, 3);
      assert.match(said.out, /✖ issuer-certificate .*\n.*doesn't match configured thumbprint/u);
    });

    test("an issuer that cannot be reached", async () => {
      const said = await ask(await world.token(), { connectTo: `${world.issuer.host}:443:127.0.0.1:1` });
      assert.equal(said.code, 3);
      assert.match(
        said.out,
        /✖ documents-reachable +the issuer's discovery document cannot be had: .*no connection/u,
      );
    });

    test("a role that does not exist, and one of another account", async () => {
      const missing = await ask(await world.token(), { arn: role.replace("demo", "absent") });
      assert.equal(missing.code, 3);
      assert.match(missing.out, /✖ role-exists/u);
      const other = await ask(await world.token(), { arn: role.replace(account, "999900001111") });
      assert.equal(other.code, 1);
      assert.match(
        other.err,
        /role is of account 999900001111, and the credentials are of account 111122223333/u,
      );
      assert.match(other.err, /^code: {2}aws-wrong-account$/mu);
    });

    test("a trust policy that is too wide is warned about", async () => {
      const wide = webIdentityTrust(world.providerArn) as { Statement: { Condition: object }[] };
      const [statement] = wide.Statement;
      const trustAll = { ...wide, Statement: [{ ...statement, Condition: undefined }] };
      const arn = await world.role("wide", { trust: trustAll });
      const said = await ask(await world.token(), { arn });
      assert.equal(said.code, 0);
      assert.match(said.out, /warning: statement 1: no condition on :sub/u);
    });
  });
});
