import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { until } from "../support/until.ts";

/** What `podtrust sandbox --json` says once it is there. */
interface Introduction {
  readonly url: string;
  readonly frontUrl: string;
  readonly azureAdmin: string;
}

async function running(t: TestContext, args: readonly string[]): Promise<Introduction> {
  const ending = new AbortController();
  let out = "";
  const done = podtrustHere(["sandbox", "--port", "0", "--front-port", "0", "--json", ...args], {
    signal: ending.signal,
    clock: systemClock,
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => true },
  });
  t.after(async () => {
    ending.abort();
    await done;
  });
  await until("the sandbox says where it is", () => /^\}\n/mu.test(out));
  return JSON.parse(out) as Introduction;
}

/** Answers everything with one JSON value, as something else than a sandbox may. */
async function liar(t: TestContext, answer: object): Promise<string> {
  const server = createServer((_request, response) => void response.end(JSON.stringify(answer)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("podtrust sandbox --for azure", () => {
  test("says where its front is, and keeps the administrator's secret in a file of its own", async (t) => {
    const { frontUrl, azureAdmin } = await running(t, ["--for", "aws,azure"]);
    assert.match(frontUrl, /^http:\/\/127\.0\.0\.1:\d+$/u);
    assert.equal((await stat(azureAdmin)).mode & 0o777, 0o600);
    const lines = (await readFile(azureAdmin, "utf8")).trim().split("\n");
    assert.deepEqual(
      lines.map((line) => /^export (\w+)=/u.exec(line)?.[1]),
      [
        "AZURE_TENANT_ID",
        "AZURE_AUTHORITY_HOST",
        "AZURE_SUBSCRIPTION_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
      ],
    );
  });

  test("leads programs of the language asked to it by `sandbox env`, or of every one", async (t) => {
    const { url, frontUrl } = await running(t, ["--for", "azure", "--azure-propagation", "0s"]);
    const env = async (...args: readonly string[]) => {
      const { code, out, err } = await podtrustHere([
        "sandbox",
        "env",
        "--for",
        "azure",
        "--url",
        url,
        ...args,
      ]);
      assert.equal(code, 0, err);
      return out;
    };
    const python = await env("--language", "python");
    assert.deepEqual(
      python
        .trim()
        .split("\n")
        .map((line) => /^export (\w+)=/u.exec(line)?.[1]),
      [
        "HTTPS_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "AZURE_TENANT_ID",
        "AZURE_AUTHORITY_HOST",
        "AZURE_SUBSCRIPTION_ID",
      ],
    );
    assert.ok(python.includes(`HTTPS_PROXY=${frontUrl}`), python);
    const { environment } = JSON.parse(await env("--json")) as { environment: Record<string, string> };
    assert.match(environment["JAVA_TOOL_OPTIONS"] ?? "", /-Dhttps\.proxyHost=127\.0\.0\.1 .*front-ca\.jks/u);
    const ca = await readFile(environment["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
    assert.match(ca, /^-----BEGIN CERTIFICATE-----/u);
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
    [
      "a cloud that it does not know",
      ["--for", "azur"],
      /--for azur is none of aws, azure\b[^]*Did you mean azure\?/u,
    ],
    [
      "a time that is none",
      ["--for", "azure", "--azure-propagation", "soon"],
      /--azure-propagation soon is not a time/u,
    ],
    ["options of Azure without it", ["--azure-new-issuer", "0s"], /without --for azure/u],
    ["a front's port that is none", ["--front-port", "x"], /--front-port x is not a port/u],
    [
      "another language",
      ["env", "--for", "azure", "--language", "jav"],
      /--language jav is none of[^]*Did you mean java\?/u,
    ],
    ["a cloud without a front", ["env", "--for", "aws"], /--for aws is none of azure/u],
    [
      "the address of another machine",
      ["env", "--for", "azure", "--url", "http://192.0.2.1:4580"],
      /not a sandbox's address on this machine/u,
    ],
    [
      "an address that is none",
      ["env", "--for", "azure", "--url", "x"],
      /not a sandbox's address on this machine/u,
    ],
  ];
  for (const [what, args, said] of wrong) {
    test(`refuses ${what}`, async () => {
      const { code, err } = await podtrustHere(["sandbox", ...args]);
      assert.equal(code, 2);
      assert.match(err, said);
    });
  }

  test("says that a sandbox for AWS alone has no front", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const { code, err } = await podtrustHere(["sandbox", "env", "--for", "azure", "--url", sandbox.url]);
    assert.equal(code, 2);
    assert.match(err, /has no front[^]*Start it with --for azure/u);
  });

  test("prints nothing but its own variables, and no proxy elsewhere, whatever listens at the port", async (t) => {
    const files = { caFile: "/tmp/$(id)", trustStore: "/tmp/a.jks" };
    const environment = { azure: { LD_PRELOAD: "/tmp/x.so", AZURE_TENANT_ID: "a'b;id", PATH: "/tmp" } };
    const url = await liar(t, { url: "http://127.0.0.1:1", ...files, environment });
    const { code, out } = await podtrustHere([
      "sandbox",
      "env",
      "--for",
      "azure",
      "--language",
      "go",
      "--url",
      url,
    ]);
    assert.equal(code, 0);
    assert.equal(
      out,
      "export HTTPS_PROXY=http://127.0.0.1:1\nexport SSL_CERT_FILE='/tmp/$(id)'\nexport AZURE_TENANT_ID='a'\\''b;id'\n",
    );
    const away = await liar(t, { url: "http://192.0.2.1:8080", ...files, environment });
    const refused = await podtrustHere(["sandbox", "env", "--for", "azure", "--url", away]);
    assert.deepEqual([refused.code, refused.out], [2, ""]);
  });
});
