import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { until } from "../support/until.ts";

interface Said {
  readonly url: string;
  readonly google: {
    readonly url: string;
    readonly project: string;
    readonly projectNumber: string;
    readonly admin: string;
  };
}

/** Runs `podtrust sandbox --json ARGS` until it is there; gives what it said. */
async function running(t: TestContext, ...args: readonly string[]): Promise<Said> {
  const ending = new AbortController();
  let out = "";
  let failed: string | undefined;
  const ports = ["--port", "0", "--front-port", "0"];
  const done = podtrustHere(["sandbox", ...ports, "--json", ...args], {
    signal: ending.signal,
    clock: systemClock,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (failed = text) },
  });
  t.after(async () => {
    ending.abort();
    await done;
  });
  await until("the sandbox says where it is", () => {
    if (failed !== undefined) throw new Error(failed);
    return /^\}\n/mu.test(out);
  });
  return JSON.parse(out) as Said;
}

describe("podtrust sandbox --for gcp", () => {
  test("runs Google's stand-in, and writes its administrator's token into a file of its own", async (t) => {
    const project = ["--gcp-project", "shop-prod", "--gcp-project-number", "42"];
    const unknown = ["--gcp-unknown", "newKey=ours", "--gcp-unknown", "issuerCache=1h"];
    const more = [...project, "--gcp-delay", "grant=0s", ...unknown];
    const { google } = await running(t, "--for", "aws,gcp", ...more);
    assert.deepEqual([google.project, google.projectNumber], ["shop-prod", "42"]);
    assert.equal((await stat(google.admin)).mode & 0o777, 0o600);
    const file = await readFile(google.admin, "utf8");
    const token = /^export GOOGLE_OAUTH_ACCESS_TOKEN=(\S+)$/mu.exec(file)?.[1];
    const asked = await fetch(`${google.url}/v1/projects/shop-prod`, {
      headers: { authorization: `Bearer ${token ?? ""}` },
    });
    assert.equal(asked.status, 200);
  });

  test("says for each language what leads its clients through the front, and for which project", async (t) => {
    const { url } = await running(t, "--for", "gcp");
    const variables = async (language: string) => {
      const args = ["sandbox", "env", "--for", "gcp", "--language", language, "--url", url, "--json"];
      const { code, out, err } = await podtrustHere(args);
      assert.equal(code, 0, err);
      return (JSON.parse(out) as { environment: Record<string, string> }).environment;
    };
    const { HTTPS_PROXY: proxy = "", SSL_CERT_FILE: ca = "", ...python } = await variables("python");
    assert.match(proxy, /^http:\/\/127\.0\.0\.1:\d+$/u);
    assert.ok(new X509Certificate(await readFile(ca)).ca);
    assert.deepEqual(python, {
      REQUESTS_CA_BUNDLE: ca,
      GOOGLE_CLOUD_PROJECT: "podtrust-sandbox",
    });
    for (const language of ["node", "go", "java"])
      assert.equal((await variables(language))["GOOGLE_CLOUD_PROJECT"], "podtrust-sandbox", language);
  });

  test("is used wrongly with what cannot be", async () => {
    const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [["--for", "oracle"], /--for oracle is none of aws, azure, gcp/u],
      [["--gcp-project", "x"], /options of Google Cloud were given without --for gcp/u],
      [["--for", "gcp", "--gcp-project", "x"], /project "x" is not a project's id/u],
      [["--for", "gcp", "--gcp-delay", "grant"], /--gcp-delay grant is not NAME=VALUE/u],
      [["--for", "gcp", "--gcp-delay", "grant=soon"], /--gcp-delay soon is not a time/u],
      [["--for", "gcp", "--gcp-unknown", "all=ours"], /--gcp-unknown all is none of checkOrder/u],
      [
        ["--for", "gcp", "--gcp-unknown", "checkOrder=mine"],
        /checkOrder "mine" is neither ours nor keys-first/u,
      ],
    ];
    for (const [args, said] of wrong) {
      const { code, err } = await podtrustHere(["sandbox", "--port", "0", "--front-port", "0", ...args]);
      assert.deepEqual([code, said.test(err)], [2, true], err);
    }
  });
});
