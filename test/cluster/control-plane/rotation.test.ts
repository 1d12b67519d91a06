/**
 * The signing key of two real API servers is replaced over SSH, beside a publisher and an STS that keeps what it has fetched.
 * Meanwhile every server's tokens are shown to every server and to STS.
 */
import assert from "node:assert/strict";
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test, type TestContext } from "node:test";
import { parseConfig } from "../../../src/config/index.ts";
import { type OpenedRotation, openRotation } from "../../../src/control-plane/rotation/index.ts";
import { openServers } from "../../../src/control-plane/servers/index.ts";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { keysAcross } from "../../../src/rules/rotation/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { isAtLength } from "../../support/runs.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { audience } from "../../support/sandbox.ts";
import { until } from "../../support/until.ts";
import { startChecker } from "./checker.ts";
import { type KubernetesVersion, testedVersions } from "../modules.ts";
import {
  type ControlPlaneMachine,
  type ControlPlaneMachines,
  machinesLeftOut,
  setAhead,
  startMachines,
} from "./machines.ts";
import { cacheMs, type RelyingParty, startRelyingParty } from "./relying-party.ts";

const issuer = "https://oidc.example.com";
const hour = 3_600_000;
const pki = "etc/kubernetes/pki";
/** How often a token is shown to an API server at least. */
const enough = isAtLength ? 1500 : 500;

interface Said {
  readonly keys?: readonly { readonly kid: string; readonly state: string }[];
  readonly rotation?: Said;
  readonly fresh?: string;
  readonly tainted?: readonly { readonly kid: string; readonly why: string }[];
  readonly servers?: Readonly<Record<string, string>>;
  readonly error?: { readonly message: string };
}

function suite(version: KubernetesVersion): void {
  let world: ControlPlaneMachines;
  let party: RelyingParty;
  /** Milliseconds by which the rotation's time of day is ahead: for the ends of tokens, which nobody waits for here. */
  let ahead = 0;
  const clock: Clock = {
    now: () => systemClock.now() + ahead,
    elapsed: () => systemClock.elapsed(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const opened: { close(): Promise<void> }[] = [];

  before(async () => {
    world = await startMachines({
      version,
      issuers: [issuer],
      extraArgs: [`service-account-jwks-uri=${issuer}/openid/v1/jwks`],
    });
    const post = async (path: string, body: unknown): Promise<void> => {
      const answer = await world.machines[0]?.ask(path, { method: "POST", body });
      assert.equal(answer?.status, 201);
    };
    for (const name of ["default", "web"]) {
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
      await post("/api/v1/namespaces/default/serviceaccounts", account);
    }
    const serviceAccountToken = { path: "token", audience, expirationSeconds: 600 };
    await post("/api/v1/namespaces/default/pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web" },
      spec: {
        serviceAccountName: "web",
        containers: [{ name: "web", image: "web" }],
        volumes: [{ name: "aws", projected: { sources: [{ serviceAccountToken }] } }],
      },
    });
    party = await startRelyingParty(world, issuer);
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  after(async () => {
    await party?.close();
    await world?.stop();
  });

  const configText = (servers = world.serversText): string => `stack: prod
issuer: ${issuer}
cluster: {kubeconfig: ${world.kubeconfig}, ${servers}}
publisher:
  stateDir: ${join(world.folder, "publisher")}
  pollInterval: 1s
  cacheControl: "public, max-age=${cacheMs / 1000}"
  relyingPartyCache: ${cacheMs}ms
  https: {certificateFile: tls.crt, keyFile: tls.key}
`;
  const file = (): string => join(world.folder, "podtrust.yaml");
  const configOf = () => parseConfig(configText(), file(), homeEnvironment(world.folder));

  /** `podtrust rotate`, as somebody types it; gives what `--json` says. */
  async function podtrust(...words: string[]): Promise<{ code: number | null; said: Said; err: string }> {
    const ca = join(world.folder, "issuer.pem");
    // A third control plane node of the config is gone, where it is said to be.
    const gone = `servers: [{ssh: {address: 127.0.0.1, port: 1, user: root, hostKey: "${world.machines[0]?.host.hostKey}"}}, `;
    const listed = words.includes("127.0.0.1:1") ? gone : "servers: [";
    await writeFile(file(), configText(world.serversText.replace("servers: [", listed)));
    await writeFile(ca, party.route.ca);
    const [{ toPort } = { toPort: 0 }] = party.route.connectTo;
    const route = ["--connect-to", `${new URL(issuer).host}:443:127.0.0.1:${toPort}`, "--ca", ca];
    const { code, out, err } = await podtrustHere(["rotate", ...words, "-f", file(), ...route, "--json"], {
      env: homeEnvironment(world.folder),
      cwd: world.folder,
      clock,
    });
    return { code, said: (out === "" ? {} : JSON.parse(out)) as Said, err };
  }

  /** As a command on some machine opens it; `onStep` may end it. */
  async function open(
    onStep: (text: string) => void,
    signal = new AbortController().signal,
  ): Promise<OpenedRotation> {
    const rotation = await openRotation({
      config: await configOf(),
      route: party.route,
      stateDir: join(world.folder, "state"),
      publisherCache: cacheMs,
      env: homeEnvironment(world.folder),
      clock,
      signal,
      consent: () => Promise.resolve(true),
      notice: () => {},
      withdraw: async (kid) => {
        await party.publisher.distrust(kid, { force: true });
      },
      onStep,
      onWait: () => {},
    });
    opened.push(rotation);
    return rotation;
  }

  /**
   * Does a move that is cut off after its steps, each time by another process, until one has nothing left to cut: after
   * its first step in the gate, after every step by night.
   */
  async function cutAndDone(move: (rotation: OpenedRotation["rotation"]) => Promise<void>): Promise<number> {
    for (let cuts = 0; ; cuts += 1) {
      const ending = new AbortController();
      const cut = (): void => {
        if (isAtLength || cuts === 0) ending.abort(new Error("cut off"));
      };
      const opening = await open(cut, ending.signal);
      try {
        await move(opening.rotation);
        return cuts;
      } catch (error) {
        if (!ending.signal.aborted) throw error;
      } finally {
        await opening.close();
      }
    }
  }

  const states = async (): Promise<readonly (readonly string[])[]> => {
    const { rotation } = await open(() => {});
    const { facts } = await rotation.look();
    return keysAcross(facts).map(({ kid, state }) => [state, kid]);
  };

  /** Time goes on for podtrust: here, and on the machines. */
  async function later(ms: number): Promise<void> {
    ahead += ms;
    await setAhead(world.machines, ahead);
  }

  /** What each API server says of a token for it. */
  const reviewed = (token: string): Promise<readonly boolean[]> =>
    Promise.all(
      world.machines.map(async ({ ask }) => {
        const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } };
        const answer = await ask("/apis/authentication.k8s.io/v1/tokenreviews", { method: "POST", body });
        const { status } = JSON.parse(answer.text) as { status: { authenticated?: boolean } };
        return status.authenticated === true;
      }),
    );

  /** A thief who has read these keys: he signs tokens of default/web for the API by each of them. */
  async function forger(
    { ask, host }: ControlPlaneMachine,
    kids: readonly string[],
  ): Promise<(kid: string) => string> {
    const keys = new Map<string, KeyObject>();
    for (const kid of kids)
      keys.set(kid, createPrivateKey(await readFile(join(host.root, pki, `podtrust-sa-${kid}.key`))));
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const path = "/api/v1/namespaces/default/serviceaccounts/web/token";
    const { status } = JSON.parse((await ask(path, { method: "POST", body })).text) as {
      status: { token: string };
    };
    const [, claims = ""] = status.token.split(".");
    return (kid) => {
      const key = keys.get(kid) ?? assert.fail();
      const alg = key.asymmetricKeyType === "ec" ? "ES256" : "RS256";
      const header = Buffer.from(JSON.stringify({ alg, kid })).toString("base64url");
      const input = `${header}.${claims}`;
      const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
      return `${input}.${signature.toString("base64url")}`;
    };
  }

  /** Shows every server's tokens to every server and to STS until it is ended, at the latest with its test. */
  function startCheckers(t: TestContext) {
    const checker = startChecker(t, world.machines, "default", "web");
    const endCheck = party.check();
    const end = async () => ({ api: await checker.end(), sts: await endCheck() });
    t.after(end);
    return { asked: () => checker.asked(), end };
  }

  test("from RSA to ES256 refuses no token, cut off and run again; then the old key leaves one place after the other", async (t) => {
    const [[, old = ""] = []] = await states();
    const checkers = startCheckers(t);
    const prepared = await cutAndDone((rotation) => rotation.prepare("ES256"));
    const promoted = await cutAndDone((rotation) => rotation.promoteInTime());
    await until("more was asked", () => checkers.asked() > enough);
    const { api, sts } = await checkers.end();
    t.diagnostic(
      `cut ${prepared} and ${promoted} times; API servers asked ${api.asked}, STS ${sts.asked} times`,
    );
    assert.deepEqual([api.refused, sts.refused], [[], []]);
    const [min, more] = isAtLength ? [3, 2] : [1, 1];
    assert.ok(prepared >= min && promoted >= more, `${prepared} and ${promoted} cuts`);
    const [[state, kid = ""] = []] = await states();
    assert.equal(state, "current");
    assert.notEqual(kid, old);

    const { rotation } = await open(() => {});
    await assert.rejects(rotation.finishPublication(), {
      code: "rotation-refused",
      message: /of pod default\/web; allowed from/u,
    });
    await later(hour);
    assert.equal(await rotation.finishPublication(), old);
    await assert.rejects(rotation.finishVerifiers(), {
      code: "rotation-refused",
      message: /API tokens live up to 365d/u,
    });
    assert.equal(await rotation.finishVerifiers(undefined, new Set([old, "default/web"])), old);
    for (const machine of world.machines) {
      const { keys } = JSON.parse((await machine.ask("/openid/v1/jwks")).text) as {
        keys: { kid: string }[];
      };
      assert.deepEqual(
        keys.map((key) => key.kid),
        [kid],
      );
    }
    const { code, said, err } = await podtrust("status");
    assert.equal(code, 0, err);
    assert.deepEqual(
      said.rotation?.keys?.map((key) => [key.kid, key.state]),
      [[kid, "current"]],
    );
  });

  test("after a theft every server has a fresh key alone, and what the thief forged or fetched is refused everywhere", async () => {
    const [[, stolen = ""] = []] = await states();
    const port = world.machines[1]?.host.port;
    const answers = await podtrust("prepare", "--yes", "--without", `127.0.0.1:${port}`);
    assert.match(JSON.stringify(answers), /server-answers.*the machine answers SSH/u);
    const prepared = await podtrust("prepare", "--yes", "--without", "127.0.0.1:1");
    assert.equal(prepared.code, 0, prepared.err + JSON.stringify(prepared.said));
    const spare = prepared.said.keys?.find((key) => key.state === "next")?.kid ?? "";
    const [first] = world.machines;
    assert.ok(first !== undefined);
    const thief = (await party.mint(first)) ?? "";
    assert.equal(await party.assumes(thief), true);
    const forge = await forger(first, [stolen, spare]);
    for (const kid of [stolen, spare]) assert.deepEqual(await reviewed(forge(kid)), [true, true]);

    const answered = await podtrust("stolen", stolen, "--at-once", "--yes", "--without", "127.0.0.1:1");
    assert.equal(answered.code, 0, answered.err + JSON.stringify(answered.said));
    const distrusted = systemClock.elapsed();
    const { fresh = "", tainted = [], servers = {} } = answered.said;
    assert.deepEqual(
      tainted.map(({ kid, why }) => [kid, why]),
      [
        [stolen, "stolen"],
        [spare, "beside"],
      ],
    );
    assert.deepEqual(Object.values(servers), ["tokens", "tokens"]);
    assert.deepEqual(await states(), [["current", fresh]]);
    for (const kid of [stolen, spare]) assert.deepEqual(await reviewed(forge(kid)), [false, false]);
    const token = (await party.mint(first)) ?? "";
    assert.equal(await party.assumes(token), true);
    await until("the thief is refused by STS", async () => !(await party.assumes(thief)));
    const within = systemClock.elapsed() - distrusted;
    assert.ok(within <= 2 * cacheMs + 5000, `${within} ms`);
    // Nothing that kubeadm copies or podtrust kept brings a key back.
    for (const { host } of world.machines) {
      const left = await readdir(join(host.root, pki));
      assert.ok(!left.some((name) => name.includes(stolen) || name.includes(spare)), left.join(" "));
    }
  });

  if (isAtLength)
    test("from ES256 back to RSA refuses no token either, cut off after every step", async (t) => {
      const [[, old = ""] = []] = await states();
      const checkers = startCheckers(t);
      const prepared = await cutAndDone((rotation) => rotation.prepare("RS256"));
      const promoted = await cutAndDone((rotation) => rotation.promoteInTime());
      await until("more was asked", () => checkers.asked() > enough);
      const { api, sts } = await checkers.end();
      t.diagnostic(
        `cut ${prepared} and ${promoted} times; API servers asked ${api.asked}, STS ${sts.asked} times`,
      );
      assert.deepEqual([api.refused, sts.refused], [[], []]);
      const [[state, kid = ""] = []] = await states();
      assert.equal(state, "current");
      await later(hour);
      const { rotation } = await open(() => {});
      assert.equal(await rotation.finishPublication(old), old);
      assert.equal(await rotation.finishVerifiers(old, new Set([old, "default/web"])), old);
      for (const machine of world.machines) {
        const { keys } = JSON.parse((await machine.ask("/openid/v1/jwks")).text) as {
          keys: { kid: string; kty: string }[];
        };
        assert.equal(keys.find((key) => key.kid === kid)?.kty, "RSA");
        assert.ok(!keys.some((key) => key.kid === old));
      }
    });

  // A fault that is not ours: what rotate keeps people from.
  if (isAtLength)
    test("in the order that k3s documents, the new key first, has other servers and STS refuse tokens", async (t) => {
      const { signal } = new AbortController();
      const config = await configOf();
      const servers = await openServers({
        cluster: config.cluster ?? { inCluster: true },
        servers: config.servers ?? [],
        stateDir: join(world.folder, "state"),
        purpose: "rotate",
        env: homeEnvironment(world.folder),
        clock,
        signal,
      });
      opened.push(servers);
      const [first] = servers.all;
      assert.ok(first !== undefined);
      // It has read the documents before the switch, and reads them again long after this test.
      const keeping = await startRelyingParty(world, issuer, { maxAgeMs: hour, folder: "keeping" });
      opened.push(keeping);
      const early = await keeping.mint(world.machines[0] ?? assert.fail());
      assert.ok(await keeping.assumes(early ?? assert.fail()));
      const checker = startChecker(t, world.machines, "default", "web");
      const made = await first.machineKeys.make("ES256", signal);
      const { verifiers } = await first.files.readKeys(signal);
      const held = await first.machineKeys.list(signal);
      const others = verifiers.flatMap(({ kid }) => held.filter((key) => key.kid === kid));
      const pems = [made, ...others].map(({ publicKey }) => publicKey);
      await first.files.writeKeys({ verifiers: pems, signerThere: made }, signal);
      const signed = await until("the first server signs with it", async () => {
        const token = (await party.mint(world.machines[0] ?? assert.fail())) ?? "";
        const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
        return header.includes(made.kid) && token;
      });
      assert.equal(await keeping.assumes(signed), false);
      await until("the other server refuses one of its tokens", () =>
        checker.refused().some((one) => one.startsWith("cp-2 refuses a token of cp-1")),
      );
    });
}

for (const version of testedVersions) {
  describe(
    `a rotation over the API servers of a running cluster, of Kubernetes ${version}`,
    { skip: machinesLeftOut(version), timeout: 1_500_000 },
    () => suite(version),
  );
}
