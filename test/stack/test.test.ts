import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import { testXml, type TestOptions, type TestReport, testStack } from "../../src/stack/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { settle, TestClock } from "../support/clock.ts";
import { demoAccount, chainYaml, type ChainWorld, startChainWorld } from "../support/chain-world.ts";
import { sandboxEnvironment, useEnvironment } from "../support/stack-world.ts";
import { until } from "../support/until.ts";

describe("test", () => {
  let clock: TestClock;
  let world: ChainWorld;

  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    await world.up();
  });

  after(() => world.close());

  async function run(options: Partial<TestOptions> = {}): Promise<TestReport> {
    const { config, api, open } = world;
    const { signal } = new AbortController();
    return testStack({ config, env: {}, cluster: api, open, clock, signal, ...options });
  }

  const verdicts = ({ cases }: TestReport): readonly string[] => cases.map(({ verdict }) => verdict);

  test("whom the role names gets in, everybody else is refused for the right reason", async () => {
    const report = await run();
    assert.deepEqual(
      verdicts(report),
      ["passed", "passed", "passed", "passed", "left-out"],
      JSON.stringify(report, undefined, 1),
    );
    assert.deepEqual([report.ok, report.passed, report.failed, report.leftOut], [true, 4, 0, 1]);
    assert.match(report.cases[0]?.got ?? "", /assumed-role\/k3s-demo-app\/k3s-cluster$/u);
    assert.match(report.cases[1]?.got ?? "", /^AccessDenied/u);
    assert.match(report.cases[4]?.got ?? "", /--wait-expiry/u);
    assert.doesNotMatch(JSON.stringify(report), /eyJ[\w-]{20}/u);
  });

  test("a role that lets everybody in fails, and so does one that lets nobody in", async () => {
    const iam = await world.open({ region: "eu-central-1" }).iam();
    const provider = `arn:aws:iam::111122223333:oidc-provider/${world.issuer.host}`;
    const trust = (effect: string): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: effect,
            Principal: { Federated: provider },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { [`${world.issuer.host}:aud`]: "sts.amazonaws.com" } },
          },
        ],
      });
    const set = (effect: string) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({ RoleName: "k3s-demo-app", PolicyDocument: trust(effect) }),
      );
    await set("Allow");
    const open = await run();
    assert.equal(open.ok, false);
    assert.equal(open.cases[1]?.verdict, "failed");
    assert.match(open.cases[1].got, /^was authorized as /u);
    await set("Deny");
    const shut = await run();
    assert.equal(shut.ok, false);
    assert.equal(shut.cases[0]?.verdict, "failed");
    iam.destroy();
    await world.up();
    assert.equal((await run()).ok, true);
  });

  test("where nobody gets in because of the issuer, the issuer is read and what is wrong with it is said", async () => {
    const { pages } = world.issuer;
    const served = new Map(pages);
    pages.clear();
    clock.jump(5000);
    const report = await run({ route: world.route });
    for (const [path, page] of served) pages.set(path, page);
    assert.equal(report.cases[0]?.verdict, "failed");
    assert.equal(report.issuerFault?.reason, "UnexpectedStatus");
    assert.match(report.issuerFault.seen, /openid-configuration answers with status 404$/u);
    assert.equal((await run({ route: world.route })).issuerFault, undefined);
  });

  test("a refusal for another reason is no success", async () => {
    world.issuer.pages.clear();
    // Past what the sandbox keeps in its cache.
    clock.jump(5000);
    const report = await run();
    await world.publish();
    assert.equal(report.ok, false);
    // The other audience is refused before any document is fetched; the stranger is not, and not for its own reason.
    assert.equal(report.cases[1]?.verdict, "failed");
    assert.match(report.cases[1].got, /IDPCommunicationError|InvalidIdentityToken/u);
  });

  test("a stranger that is not there, or is trusted, is left out and says how to name one", async () => {
    const absent = await run({ other: "aws-test/nobody" });
    assert.equal(absent.cases[1]?.verdict, "left-out");
    assert.match(absent.cases[1].got, /--other/u);
    const trusted = await run({ other: demoAccount });
    assert.match(trusted.cases[1]?.got ?? "", /the role trusts/u);
    await assert.rejects(run({ other: "nobody" }), { code: "subject-invalid" });
  });

  test("a cluster that mints no token proves nothing, and is no failure of the roles", async () => {
    world.cluster.misbehave("gone");
    const report = await run();
    world.cluster.misbehave(undefined);
    assert.deepEqual([report.ok, report.failed, report.notAsked], [false, 0, 3]);
    assert.match(report.cases[0]?.got ?? "", /no token could be created/u);
  });

  test("an STS that does not answer is told as what could not be asked, not as eight refusals", async () => {
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint: "http://127.0.0.1:9", credentials: world.sandbox.admin, attempts: 1 });
    const report = await run({ open });
    assert.deepEqual([report.ok, report.passed, report.failed, report.notAsked], [false, 0, 0, 4]);
    assert.match(report.cases[3]?.got ?? "", /^STS could not be asked: /u);
    const xml = testXml(report, 0);
    assert.match(xml, /failures="0" errors="4" skipped="1"/u);
    assert.match(xml, /<error message="STS could not be asked/u);
  });

  test("the exit code tells what failed (1) from what could not be asked (3)", async () => {
    const cli = async (url: string): Promise<readonly unknown[]> => {
      useEnvironment(sandboxEnvironment(url, world.sandbox.admin));
      const { code, out } = await podtrustHere(["test", "-f", world.file], { cwd: world.folder, clock });
      useEnvironment({});
      return [code, /4 as expected, 0 not, 1 skipped/u.test(out), /4 could not be asked/u.test(out)];
    };
    assert.deepEqual(await cli(world.sandbox.url), [0, true, false]);
    assert.deepEqual(await cli("http://127.0.0.1:9"), [3, false, true]);
  });

  test("no ServiceAccount anywhere is not ok, a role of another name is an error", async () => {
    const text = chainYaml(world.issuer.issuer, `${world.folder}/kubeconfig`);
    const patterns = text.replace(/serviceAccounts: .*\n/u, 'subjectPatterns: ["aws-test/*"]\n');
    const report = await run({ config: await world.configOf(patterns) });
    assert.deepEqual([report.cases.length, report.ok], [0, false]);
    await assert.rejects(run({ only: ["demo"] }), { code: "usage", next: "Its roles: k3s-demo-app." });
  });

  test("JUnit XML is well-formed whatever AWS said, and counts the same", async () => {
    const report = await run();
    const odd = { ...report.cases[1]!, verdict: "failed" as const, got: 'a <b> & "c" \u0000\u001B\uD800 é' };
    const xml = testXml({ ...report, cases: [...report.cases, odd], failed: 1 }, 0);
    assert.equal(XMLValidator.validate(xml), true);
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(xml) as {
      testsuites: {
        testsuite: { "@_tests": string; "@_skipped": string; testcase: Record<string, unknown>[] };
      };
    };
    const { testsuite } = parsed.testsuites;
    assert.deepEqual([testsuite["@_tests"], testsuite["@_skipped"]], ["6", "1"]);
    assert.ok("skipped" in testsuite.testcase[4]!);
    assert.match(
      (testsuite.testcase[5]!["failure"] as { "@_message": string })["@_message"],
      /^a <b> & "c" \\u0000\\u001b\\ud800 é expected:/u,
    );
  });

  // The last one: afterwards the SDK, which signs by the machine's clock, is out of step with the sandbox.
  test("an expired token is waited for and refused", async () => {
    const waits: string[] = [];
    const start = clock.now();
    const over = new AbortController();
    const running = run({ waitExpiry: true, onWait: (reason) => waits.push(reason) }).finally(() =>
      over.abort(),
    );
    await until("the command waits", () => clock.sleeping > 0, { everyMs: 5 });
    while (!over.signal.aborted && clock.now() < start + 1_200_000) {
      await clock.advance(60_000);
      await settle(50);
    }
    const report = await running;
    assert.equal(report.cases[4]?.verdict, "passed", JSON.stringify(report.cases[4]));
    assert.equal(report.leftOut, 0);
    assert.equal(waits.length, 1);
    // Ten minutes of life, and the five that AWS allows a clock.
    assert.ok((report.cases[4]?.seconds ?? 0) > 900);
  });
});
