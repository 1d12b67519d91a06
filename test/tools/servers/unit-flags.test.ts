/** A server of k3s whose unit names the issuer, as its install line wrote it, and what an adoption makes of that. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { testAtLength } from "../../support/runs.ts";
import { PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import { type ChainFacts, judgeChain } from "../../../src/doctor/chain/index.ts";
import { unitNote } from "../../../src/rules/distribution/index.ts";
import { recorded } from "../../doctor/chain/record.ts";
import { assertSound } from "../../doctor/chain/sound.ts";
import { newStack } from "../../doctor/chain/world.ts";
import { chainYaml } from "../../support/chain-world.ts";
import {
  homeEnvironment,
  installedUnit,
  installK3sWith,
  installStarts,
  k3sProgram,
  type SshHost,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const old = "https://old.example.com";
const ours = "https://oidc.example.com";
const unitPath = "/etc/systemd/system/k3s.service";
const own = "/etc/rancher/k3s/config.yaml.d/50-issuer.yaml";
const argument = (flag: string): string => `--kube-apiserver-arg=${flag}`;
/** The guide's line: `curl … | sh -s - server …`. */
const guide = [
  "--disable=traefik",
  argument(`service-account-issuer=${old}`),
  argument(`service-account-jwks-uri=${old}/openid/v1/jwks`),
];
const accept = { issuers: [old, ours] };
const sign = { issuers: [ours, old], jwksUri: `${ours}/openid/v1/jwks` };

describe(
  "a server of k3s whose unit names the issuer",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;
    let files: RancherFiles;

    before(async () => {
      host = await startSshHost();
      await standInForK3s(host);
      folder = await mkdtemp(join(tmpdir(), "podtrust-unit-flags-"));
      const { port, user, keyFile, hostKey } = host;
      const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
      const [env, alias] = [homeEnvironment(folder), "podtrust-test"];
      const state = new StateFolder(join(folder, "s"));
      const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
      session = openSession({ env, clock: systemClock, target, knownHosts, alias });
      files = new RancherFiles(new ServerMachine(session), "k3s", "adopt");
    });
    after(async () => {
      await session?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    const put = async (path: string, text: string, mode = 0o600): Promise<void> => {
      await mkdir(join(host.root, dirname(path)), { recursive: true });
      await writeFile(join(host.root, path), text, { mode });
    };
    /** Runs the install line with these words. */
    const install = async (words: readonly string[]): Promise<void> => {
      await installK3sWith(host, words);
      await session.run(installStarts, { timeoutMs: 60_000 });
    };
    const isActive = async (): Promise<boolean> => (await host.file("/run/stand-in/active")) === "active\n";
    /** The issuers of the API server that runs, by its log. */
    const issuers = async (): Promise<readonly string[]> => {
      const log = (await host.file("/run/stand-in/journal")) ?? "";
      return [...log.matchAll(/--service-account-issuer=(\S+)/gu)].map(([, one = ""]) => one);
    };
    const note = async (): Promise<string | undefined> => {
      const { unit } = await files.whatRuns(signal);
      return unit === undefined ? undefined : unitNote("cp-1", unit);
    };

    beforeEach(async () => {
      for (const path of ["/etc/rancher", "/var/lib/rancher", "/run/stand-in", "/etc/systemd"])
        await rm(join(host.root, path), { recursive: true, force: true });
      await put("/usr/local/bin/k3s", k3sProgram("v1.36.4+k3s1"), 0o755);
      await put("/etc/rancher/k3s/registries.yaml", "");
      await install(guide);
    });

    test("starts with both issuers in the order that is meant, and its unit with what its install line writes without them", async () => {
      await files.change(accept, signal);
      assert.ok(await isActive());
      assert.deepEqual(await issuers(), [old, ours]);
      const text = (await host.file(unitPath)) ?? "";
      assert.equal(text.replace(/^# podtrust moved .*\n/mu, ""), installedUnit(["--disable=traefik"]));
      await files.change(sign, signal);
      assert.deepEqual(await issuers(), [ours, old]);
      assert.equal((await files.whatRuns(signal)).starts.jwksUri, sign.jwksUri);
    });

    test("gets its unit back byte for byte with its mode, beside its files", async () => {
      await files.change(accept, signal);
      await files.change(sign, signal);
      const { kept } = await files.restoreFiles(signal);
      assert.equal(kept, undefined);
      assert.equal(await host.file(unitPath), installedUnit(guide));
      assert.equal((await stat(join(host.root, unitPath))).mode & 0o777, 0o644);
      assert.equal(await host.file(own), undefined);
      assert.deepEqual([await isActive(), await issuers()], [true, [old]]);
    });

    testAtLength(
      "goes back to the step before, unit and files together, where the API server does not come back",
      {},
      async () => {
        await files.change(accept, signal);
        await files.beginPutBack(signal);
        await files.putBack(signal);
        await files.endPutBack(signal);
        assert.equal(await host.file(unitPath), installedUnit(guide));
        assert.deepEqual([await isActive(), await issuers()], [true, [old]]);
      },
    );

    test("does not start after the old install line's next run; the step back and the next change take its flags out again", async () => {
      await files.change(accept, signal);
      await files.change(sign, signal);
      await install(guide);
      assert.equal(await isActive(), false);
      assert.match((await note()) ?? "", /^cp-1: k3s\.service gives .* behind what its files say/u);
      // `adopt undo --without-api`
      await files.putBack(signal);
      assert.deepEqual([await isActive(), await issuers()], [true, [old, ours]]);
      await install(guide);
      await files.change(sign, signal);
      assert.deepEqual([await isActive(), await issuers()], [true, [ours, old]]);
      await files.restoreFiles(signal);
      assert.equal(await host.file(unitPath), installedUnit(guide));
    });

    test("is named by doctor once an install line gave the flags back, while it runs and where it does not start", async () => {
      await files.change(accept, signal);
      await files.change(sign, signal);
      await installK3sWith(host, [...guide, "--token=s3cret"]);
      await session.run("systemctl daemon-reload", { timeoutMs: 60_000 });
      await using world = await newStack();
      const { issuer, folder: place } = world.chain;
      const { port, user, keyFile, hostKey } = host;
      const machine = `machine: {ssh: {address: 127.0.0.1, port: ${port}, user: ${user}, hostKey: "${hostKey}"}, sshKey: ${keyFile}}\n`;
      const config = await world.chain.configOf(
        `${chainYaml(issuer.issuer, join(place, "kubeconfig"))}${machine}`,
      );
      const env = { ...homeEnvironment(folder), AWS_ENDPOINT_URL: "https://sts.invalid" };
      const look = async (): Promise<ChainFacts> =>
        recorded("IssuerGivenTwice", await world.gather({ config, env }));
      const facts = await look();
      assertSound(judgeChain(facts), facts, "IssuerGivenTwice");
      const { broken, findings } = judgeChain(facts);
      assert.equal(broken, undefined, JSON.stringify(findings));
      const [found, ...others] = findings.filter(({ verdict }) => verdict !== "unseen");
      const { reason, number, seen = "", next = "" } = found ?? {};
      assert.deepEqual([reason, number, others], ["IssuerGivenTwice", "PT714", []]);
      assert.match(
        seen,
        /^127\.0\.0\.1: k3s\.service gives service-account-issuer=\S+ and \S+ on its command line, behind what its files say: its API server would be given the issuer \S+ twice, .* and does not start so$/u,
      );
      assert.match(next, /^podtrust adopt run moves them into a file\. .* --token="\$\{TOKEN:\?\}"$/u);
      assert.doesNotMatch(JSON.stringify(facts), /s3cret/u);
      await session.run("systemctl restart --no-block k3s.service", { timeoutMs: 60_000 });
      assert.equal(await isActive(), false);
      const later = judgeChain(await world.gather({ config, env })).findings;
      assert.ok(
        later.some((one) => one.reason === "IssuerGivenTwice"),
        JSON.stringify(later),
      );
    });

    test("keeps its flags in a file after the changed install line, which is shown until it was run", async () => {
      await files.change(sign, signal);
      const shown = (await note()) ?? "";
      assert.match(shown, /: curl -sfL https:\/\/get\.k3s\.io \| sh -s - server --disable=traefik$/u);
      await install(["--disable=traefik"]);
      assert.equal(await note(), undefined);
      assert.deepEqual([await isActive(), await issuers()], [true, [ours, old]]);
    });

    testAtLength(
      "whose unit an install of another release wrote anew since loses the new issuer's flags alone, and keeps that unit",
      {},
      async () => {
        await files.change(sign, signal);
        await install(["--disable=traefik", "--write-kubeconfig-mode=600"]);
        const { flags, kept } = await files.restoreFiles(signal);
        assert.deepEqual([flags.issuers, kept?.isEdited], [[old], true]);
        assert.equal(
          await host.file(unitPath),
          installedUnit(["--disable=traefik", "--write-kubeconfig-mode=600"]),
        );
        assert.deepEqual([await isActive(), await issuers()], [true, [old]]);
      },
    );

    test("is refused and nothing is written where its unit is of another form, with the line to change", async () => {
      const text = installedUnit(guide).replace("ExecStart=", "ExecStart=-");
      await put(unitPath, text, 0o644);
      await session.run(installStarts, { timeoutMs: 60_000 });
      await assert.rejects(files.change(accept, signal), (error) => {
        assert.ok(error instanceof PodtrustError && error.code === "server-start");
        assert.match(error.message, /is not written in a form that podtrust changes/u);
        return true;
      });
      assert.deepEqual([await host.file(unitPath), await host.file(own)], [text, undefined]);
    });

    test("is refused where somebody else than root may write its unit", async () => {
      await session.run(`chmod 0666 ${unitPath}`, { timeoutMs: 60_000 });
      await assert.rejects(files.change(accept, signal), (error) => {
        assert.ok(error instanceof PodtrustError && error.code === "host-path-refused");
        return true;
      });
      assert.equal(await host.file(unitPath), installedUnit(guide));
    });
  },
);
