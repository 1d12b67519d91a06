import assert from "node:assert/strict";
import {
  type ChildProcessWithoutNullStreams,
  spawn,
  spawnSync,
  type SpawnSyncReturns,
} from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { casesOf } from "../support/runs.ts";
import { links } from "../../src/core/base/index.ts";
import { parseRecording } from "../../tools/cast/recording.ts";
import { linesOf, textOf } from "../../tools/cast/screen.ts";
import { castFile } from "../../tools/cast.ts";
import type { DemoConnections, DemoReport } from "../../src/demo/index.ts";
import { maxWait } from "../support/until.ts";

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-demo-test-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

function demo(...args: string[]): ChildProcessWithoutNullStreams {
  return demoWith({}, ...args);
}

function demoWith(env: NodeJS.ProcessEnv, ...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ["src/cli/main.ts", "demo", ...args], {
    env: {
      ...process.env,
      NO_COLOR: "1",
      TMPDIR: folder,
      // A machine with credentials, a profile and a proxy of its own must see the same.
      AWS_ACCESS_KEY_ID: "AKIAFROMTHEMACHINE",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "us-east-2",
      AWS_PROFILE: "nobody-has-this-profile",
      HTTPS_PROXY: "http://127.0.0.1:1",
      HTTP_PROXY: "http://127.0.0.1:1",
      NODE_USE_ENV_PROXY: "1",
      ...env,
    },
  });
}

/** Resolves with what was said on standard output as soon as it matches; fails when the demo ends before. */
async function until(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const part of child.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += part.toString();
    if (pattern.test(text)) return text;
  }
  throw new Error(`it ended without ${pattern}: ${text}`);
}

async function ended(
  child: ChildProcessWithoutNullStreams,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (said.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said.err += part.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, ...said };
}

test("podtrust demo --keep --json is one object: the whole report, and where everything is", async (t) => {
  const child = demo("--keep", "--json");
  t.after(() => child.kill("SIGKILL"));
  const out = await until(child, /\n\}\n$/u);
  const report = JSON.parse(out) as DemoReport & { readonly connections: DemoConnections };
  assert.deepEqual(
    report.links.map((link) => link.name),
    [...links],
  );
  assert.ok(report.links.every((link) => link.ok && link.detail.length > 0));
  assert.equal(report.identity.arn, "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster");
  assert.deepEqual(report.parameters, ["/demo/database/host", "/demo/database/password", "/demo/greeting"]);
  assert.deepEqual(
    report.refusals.map((refusal) => refusal.code),
    [
      "CredentialsProviderError",
      "AccessDenied",
      "InvalidIdentityToken",
      "InvalidIdentityToken",
      "ExpiredTokenException",
      "AccessDeniedException",
    ],
  );
  assert.equal(report.refusals[1]?.message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  assert.match(
    report.refusals[4]?.message ?? "",
    /^Token expired: current date\/time \d+ must be before the expiration date\/time \d+$/u,
  );
  assert.match(report.refusals[5]?.message ?? "", /with an explicit deny in an identity-based policy$/u);
  assert.ok(report.refusals.every((refusal) => refusal.why.endsWith(".")));
  assert.equal(report.rotation?.refused, 0);
  assert.ok(report.rotation.tokensChecked >= 10, String(report.rotation.tokensChecked));
  assert.deepEqual(report.notShown, []);
  assert.doesNotMatch(out, /eyJ[\w-]+\.eyJ/u, "no usable token in the output");

  const { config, ca, kubeconfig, page, aws } = report.connections;
  assert.ok(existsSync(config) && existsSync(ca) && existsSync(kubeconfig));
  assert.equal(page, `${aws["AWS_ENDPOINT_URL"]}/`);
  assert.equal((await fetch(page, { headers: { accept: "text/html" } })).status, 200);
  child.kill("SIGHUP");
  await once(child, "close");
  assert.ok(!existsSync(config), "the demo's folder is gone");
});

/** A text without its line breaks, and without what is another each time. */
function plain(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, "UUID")
      .replaceAll(/127\.0\.0\.1:\d+/gu, "127.0.0.1:PORT")
      .replaceAll(/good until [\d-]{10}/gu, "good until DATE")
      .replaceAll(/(time|times) \d+/gu, "$1 TIME")
      // Only where the machine was slow enough to be seen waiting.
      .replaceAll(/^ *… waiting up to .*\n/gmu, "")
      .replaceAll(/[\w-]{12}…/gu, "KID…")
      .replaceAll(/asked \d+ times|^\d+\.\d s/gmu, "N")
      .replaceAll(/\s+/gu, " ")
  );
}

/** What the README shows of the demo, between its ellipses. */
function shownByReadme(): readonly string[] {
  const readme = readFileSync("README.md", "utf8");
  const [, sample = ""] = /```\n( {2}✔ [^]*?)```/u.exec(readme) ?? [];
  const parts = sample.split(/^ *…\n/mu).map((part) => plain(part).trim());
  assert.ok(parts.length > 3);
  return parts;
}

/** What README's moving picture shows, from the demo's first line to the last that is alike with --keep. */
function shownByCast(): string {
  const [command, ...lines] = textOf(linesOf(parseRecording(readFileSync(castFile, "utf8")))).split("\n");
  assert.equal(command, "$ npm run demo");
  const [text, ...others] = lines.join("\n").split(/^\d+\.\d s\. podtrust demo --keep/mu);
  assert.equal(others.length, 1);
  return plain(text ?? "");
}

/** Runs a line of what was printed for another shell, there, behind the exports that were printed with it. */
function pastedFrom(out: string): (line: RegExp) => SpawnSyncReturns<string> {
  const lines = out.split("\n").map((line) => line.trim());
  const exports = lines.filter((line) => /^(?:export |podtrust\(\))/u.test(line));
  return (wanted) => {
    const line = lines.find((one) => wanted.test(one)) ?? `no line ${wanted.source}`;
    const script = [...exports, line].join("\n");
    const env = { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" };
    return spawnSync("bash", ["-c", script], { cwd: folder, env, encoding: "utf8", timeout: maxWait });
  };
}

test("podtrust demo --keep leaves everything running, says how to reach it, and ends it all on Ctrl-C", async (t) => {
  const child = demo("--keep");
  t.after(() => child.kill("SIGKILL"));
  const out = await until(child, /a browser at .*\n/u);
  assert.match(out, /✔ permission/u);
  // With --keep, the hint about --keep is left out.
  const withoutHint = (part: string): string =>
    part.replace(/ podtrust demo --keep leaves it all running.*$/u, "");
  assert.deepEqual(
    shownByReadme().filter((part) => !plain(out).includes(withoutHint(part))),
    [],
    "the README shows something else",
  );
  assert.equal(
    plain(out).slice(0, shownByCast().length),
    shownByCast(),
    "the demo prints something else than the picture shows: npm run docs:cast",
  );
  assert.ok(!out.includes("\u001B["), "no colour with NO_COLOR");
  const page = /a browser at (\S+)/u.exec(out)?.[1] ?? "";
  const environment = /--cacert (\S+)\/root\.pem/u.exec(out)?.[1] ?? "";
  assert.match(await (await fetch(page, { headers: { accept: "text/html" } })).text(), /k3s-demo-app/u);
  assert.ok(existsSync(environment));
  const pasted = pastedFrom(out);
  const said: readonly [RegExp, RegExp][] = [
    [/^podtrust status/u, /No link is broken|Every link holds/u],
    [/^podtrust test/u, /, 0 not,/u],
    [/^podtrust plan/u, /Nothing to do/u],
    [/^podtrust rotate status/u, /current/u],
    [/^podtrust token .*yaml$/u, /system:serviceaccount:default:demo-service-account/u],
    [/^podtrust token .*\| podtrust explain/u, /^AWS would accept/mu],
  ];
  for (const [line, wanted] of said) {
    await t.test(`a line to paste goes on with what the demo made: ${line.source.slice(1)}`, () => {
      const answer = pasted(line);
      assert.equal(answer.status, 0, answer.stdout + answer.stderr);
      assert.match(answer.stdout, wanted, answer.stderr);
    });
  }
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 0);
  await assert.rejects(fetch(page));
  assert.ok(!existsSync(environment), "the demo's folder is gone");
});

test("a kubeconfig that is not there is said as such, and nothing else happens", async () => {
  const { code, out } = await ended(demo("--kubeconfig", "no-such-file", "--json"));
  assert.equal(code, 1);
  const { error } = JSON.parse(out) as { error: { code: string; message: string; next: string } };
  assert.match(error.message, /no-such-file/u);
  assert.ok(error.next.length > 0);
});

const moments = [
  ["before the first link", /link by link/u],
  ["while attempts are denied and the key is rotated", /Every other attempt/u],
] as const;
for (const [moment, pattern] of casesOf(moments.toReversed(), 2)) {
  test(`Ctrl-C ${moment} ends the demo and leaves no file`, async () => {
    const child = demo();
    await until(child, pattern);
    child.kill("SIGINT");
    const { code, err } = await ended(child);
    assert.equal(code, 130);
    assert.match(err, /^error: the demo was interrupted\nnext: {2}Nothing of it is left/u);
    assert.deepEqual(await readdir(folder), []);
  });
}

test("a folder for temporary files that is not there is named, not met as a fault of ours", async () => {
  const { code, err } = await ended(demoWith({ TMPDIR: join(folder, "absent") }));
  assert.equal(code, 1);
  assert.match(err, /absent\/podtrust-demo-\S* cannot be written: ENOENT[^]*code: {2}file-unwritable/u);
});

test("--context without a kubeconfig is used wrongly: the stand-in has none to choose from", async () => {
  const { code, out, err } = await ended(demo("--context", "prod"));
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /--context prod goes with --kubeconfig/u);
});

for (const [words, said] of [
  [["--yes"], /--yes and --watch-rotation go with --cluster/u],
  [["--cluster", "--keep"], /--cluster does not go with --keep/u],
  [["--cluster", "--from-nothing"], /--cluster does not go with --from-nothing/u],
  [["--cluster", "--watch-rotation", "soon"], /--watch-rotation soon is not a time/u],
] as const)
  test(`${words.join(" ")} is used wrongly, and nothing is started for it`, async () => {
    const { code, out, err } = await ended(demo(...words));
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
  });
