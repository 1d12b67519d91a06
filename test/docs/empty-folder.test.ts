/**
 * The pages that a newcomer follows first, pasted into bash as they stand: in a checkout without a config, with the Node
 * that the machine has. The internet is a proxy whose names lead to stand-ins; no file, option or address helps.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import {
  startSandbox,
  startStandInCloudflare,
  startStandInCluster,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { startCompanyProxy } from "../support/company-proxy.ts";
import { startIssuer } from "../support/issuer-server.ts";
import { emptyFile } from "../support/nowhere.ts";
import { type ProgramRun, runProgram } from "../support/python-venv.ts";
import { account } from "../support/sandbox.ts";
import { blocksOf } from "./pages.ts";

const host = "oidc.example.com";

/** What is not pasted, and why. */
const leftOut: Readonly<Record<string, string>> = {
  "podtrust serve": "needs the ports 443 and 80 and a CA that finds them; the issuer is served by the test",
  "podtrust up": "asks at a terminal: test/docs/commands.test.ts, test/cluster/apply.test.ts",
  "npm run release": "takes minutes: test/tools/release.test.ts",
};

/** What a checkout has that its scripts need. */
const ofCheckout = ["package.json", "src", "node_modules"];

/** What kubectl would do; what it applied is kept. */
const kubectl = `#!/bin/sh
case "$*" in
  apply*) cat > "$HOME/applied.yaml" ;;
  "config view"*certificate-authority-data*) base64 < "$HOME/ca.pem" | tr -d '\\n' ;;
  "create token -n podtrust podtrust-publisher"*) echo TOKEN ;;
  *) echo "kubectl $*" >&2; exit 1 ;;
esac
`;

/** A config without its comments: what a page shows of it. */
const bare = (config: string): string =>
  config
    .split("\n")
    .map((line) => line.replace(/(?:^| +)#.*$/u, ""))
    // A random one, which the pages cannot know.
    .map((line) => line.replace(/^identity: "[0-9a-f]{8}"$/u, 'identity: "3f2a91bc"'))
    .filter((line) => line !== "")
    .join("\n")
    .concat("\n");

const shellBlocks = (page: string): readonly string[] =>
  blocksOf(page)
    .filter(({ language }) => language === "sh")
    .map(({ text }) => text.trim());

describe("in an empty folder", () => {
  let home: string;
  let clusterUrl: string;
  let env: Record<string, string>;
  const ends: (() => unknown)[] = [];

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "podtrust-newcomer-"));
    const authority = await testAuthority();
    const cluster = await startStandInCluster({ issuer: `https://${host}` });
    clusterUrl = cluster.url;
    const issuer = await startIssuer(authority, { host });
    const sandbox = await startSandbox({ account, ca: authority.root, connectTo: issuer.connectTo });
    const hetzner = await startStandInHetzner({ mischief: "off" });
    const cloudflare = await startStandInCloudflare({ mischief: "off" });
    // Two services that say who asks them.
    const caller = createServer((_incoming, outgoing) => void outgoing.end("198.51.100.7\n"));
    await new Promise<void>((started) => caller.listen(0, "127.0.0.1", started));
    const callerUrl = `http://127.0.0.1:${(caller.address() as AddressInfo).port}`;
    const proxy = await startCompanyProxy(authority, {
      [host]: issuer.connectTo[0]?.toPort ?? 0,
      "iam.amazonaws.com": sandbox.url,
      "sts.eu-central-1.amazonaws.com": sandbox.url,
      "api.hetzner.cloud": hetzner.url,
      "api.cloudflare.com": cloudflare.url,
      "checkip.amazonaws.com": callerUrl,
      "ipv6.icanhazip.com": callerUrl,
    });
    ends.push(
      ...[proxy, hetzner, cloudflare, sandbox, issuer, cluster].map((one) => () => one.close()),
      () => void caller.close(),
      () => rm(home, { recursive: true }),
    );

    const bin = join(home, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "kubectl"), kubectl);
    await chmod(join(bin, "kubectl"), 0o755);
    await mkdir(join(home, ".kube"));
    await writeFile(join(home, ".kube", "config"), cluster.kubeconfig(), { mode: 0o600 });
    await writeFile(join(home, "ca.pem"), cluster.ca);
    const api = await openKubernetes({ kubeconfig: join(home, ".kube", "config") }, { clock: systemClock });
    const { body } = await api.get("/openid/v1/jwks");
    issuer.publish((JSON.parse(body.toString("utf8")) as { keys: object[] }).keys);
    await writeFile(join(home, "root.pem"), authority.root);
    // Without what npm puts there for its own scripts: the Node that is found is the machine's.
    const path = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.endsWith(".bin"));
    env = {
      PATH: [bin, ...path].join(delimiter),
      HOME: home,
      NO_UPDATE_NOTIFIER: "1",
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: join(home, "root.pem"),
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
      AWS_CONFIG_FILE: emptyFile,
      AWS_SHARED_CREDENTIALS_FILE: emptyFile,
      AWS_EC2_METADATA_DISABLED: "true",
      ITS_HCLOUD_TOKEN: hetzner.tokens.readWrite,
      ITS_CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
    };
  });
  after(async () => {
    for (const end of ends) await end();
  });

  /** A checkout of its own in which nobody has typed anything yet. */
  async function checkout(name: string): Promise<string> {
    const folder = join(home, name);
    await mkdir(folder);
    for (const part of ofCheckout) await symlink(resolve(part), join(folder, part));
    return folder;
  }

  /** Pastes the lines of a page; TOKEN stands for the reader's own. */
  function paste(folder: string, lines: string): Promise<ProgramRun> {
    const own = lines.replaceAll(/\b(\w+)=TOKEN\b/gu, '$1="$$ITS_$1"');
    return runProgram("bash", ["--norc", "-c", `set -eo pipefail\ncd ${folder}\n${own}`], env);
  }

  const isLeftOut = (line: string): boolean =>
    Object.keys(leftOut).some((start) => line.startsWith(`${start} `) || line === start);

  const quickStart = shellBlocks("README.md").filter((text) => text.includes("podtrust "));
  const lines = (blocks: readonly string[]): readonly string[] => blocks.flatMap((text) => text.split("\n"));

  test("README's way with a cluster works, with the config and the lines that init gives", async () => {
    const [first = "", next = ""] = quickStart.filter((text) => !text.startsWith("npm"));
    const folder = await checkout("readme");
    const init = await paste(folder, first);
    assert.equal(init.code, 0, init.err);

    const written = (await readFile(join(folder, "podtrust.yaml"), "utf8")).replace(
      clusterUrl,
      "https://10.0.0.1:6443",
    );
    assert.equal(blocksOf("README.md").find(({ language }) => language === "yaml")?.text, bare(written));
    const [, printed = ""] = /^.*Next:\n((?: {2}.+\n)+)/mu.exec(init.out) ?? [];
    assert.deepEqual(
      next.split("\n").map((line) => line.replace(/ +#.*$/u, "")),
      printed
        .trimEnd()
        .split("\n")
        .map((line) => line.trim()),
    );

    const pasted = lines([next]).filter((line) => !isLeftOut(line));
    const [define = ""] = first.split("\n");
    const rest = await paste(folder, [define, ...pasted].join("\n"));
    assert.equal(rest.code, 0, rest.out + rest.err);
    assert.match(rest.out, /^2 to create\.$/mu);
    assert.match(await readFile(join(home, "applied.yaml"), "utf8"), /nonResourceURLs/u);
    assert.equal(await readFile(join(folder, "token"), "utf8"), "TOKEN\n");
    assert.equal(
      await readFile(join(folder, "cluster-ca.crt"), "utf8"),
      await readFile(join(home, "ca.pem"), "utf8"),
    );

    // A token is among them.
    const made = (await readdir(folder)).filter((name) => !ofCheckout.includes(name));
    assert.deepEqual(made.toSorted(), ["cluster-ca.crt", "podtrust.yaml", "token"]);
    const ignored = await runProgram("git", ["check-ignore", "--no-index", ...made], env);
    assert.deepEqual(ignored.out.trim().split("\n").toSorted(), made.toSorted());
  });

  test("the tutorial from nothing works up to what boots a machine, with the config that init writes", async () => {
    const page = "docs/tutorial/from-nothing.md";
    const folder = await checkout("from-nothing");
    const pasted = lines(shellBlocks(page)).filter((line) => !isLeftOut(line));
    const { code, out, err } = await paste(folder, pasted.join("\n"));
    assert.equal(code, 0, out + err);
    assert.match(out, /Costs \d+\.\d\d EUR a month/u);
    const written = await readFile(join(folder, "podtrust.yaml"), "utf8");
    assert.equal(blocksOf(page).find(({ language }) => language === "yaml")?.text, bare(written));
  });

  test("nothing is left out that no page has", () => {
    const all = lines(["README.md", "docs/tutorial/from-nothing.md"].flatMap(shellBlocks));
    for (const start of Object.keys(leftOut))
      assert.ok(
        all.some((line) => line.startsWith(start)),
        start,
      );
  });
});
