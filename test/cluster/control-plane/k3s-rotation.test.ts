/**
 * The signing key of servers of k3s' form, and of RKE2's, is replaced by k3s' own command, over SSH, beside a publisher and an STS that keeps what it
 * has fetched. Real API servers are started by the stand-in for k3s, which keeps k3s' rules of the datastore; neither of them was run.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { startChecker } from "./checker.ts";
import { type RancherProduct, startK3sMachines, tlsFolder } from "./k3s-machines.ts";
import { type ControlPlaneMachines, machinesLeftOut, setAhead } from "./machines.ts";
import { cacheMs, type RelyingParty, startRelyingParty } from "./relying-party.ts";

const issuer = "https://oidc.example.com";
const hour = 3_600_000;

interface Said {
  readonly keys?: readonly { readonly kid: string; readonly state: string }[];
  readonly rotation?: Said;
}

function suite(names: readonly string[], product: RancherProduct): void {
  let world: ControlPlaneMachines;
  let party: RelyingParty;
  let ahead = 0;
  const clock: Clock = {
    now: () => systemClock.now() + ahead,
    elapsed: () => systemClock.elapsed(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const isUntried = names.length > 1 || product === "rke2";
  const untried = isUntried ? ["--untried"] : [];

  before(async () => {
    world = await startK3sMachines({ names, issuer, product });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "web" } };
    const path = "/api/v1/namespaces/default/serviceaccounts";
    const made = await world.machines[0]?.ask(path, { method: "POST", body: account });
    assert.equal(made?.status, 201, made?.text ?? "");
    party = await startRelyingParty(world, issuer);
  });
  after(async () => {
    await party?.close();
    await world?.stop();
  });

  /** `podtrust rotate`, as somebody types it; gives what `--json` says. */
  async function podtrust(...words: string[]): Promise<{ code: number | null; said: Said; err: string }> {
    const [file, ca] = [join(world.folder, "podtrust.yaml"), join(world.folder, "issuer.pem")];
    await writeFile(
      file,
      `stack: prod
issuer: ${issuer}
cluster: {kubeconfig: ${world.kubeconfig}, ${world.serversText}}
publisher:
  stateDir: ${join(world.folder, "publisher")}
  pollInterval: 1s
  cacheControl: "public, max-age=${cacheMs / 1000}"
  relyingPartyCache: ${cacheMs}ms
  https: {certificateFile: tls.crt, keyFile: tls.key}
`,
    );
    await writeFile(ca, party.route.ca);
    const [{ toPort } = { toPort: 0 }] = party.route.connectTo;
    const route = ["--connect-to", `${new URL(issuer).host}:443:127.0.0.1:${toPort}`, "--ca", ca];
    const { code, out, err } = await podtrustHere(["rotate", ...words, "-f", file, ...route, "--json"], {
      env: homeEnvironment(world.folder),
      cwd: world.folder,
      clock,
    });
    return { code, said: (out.startsWith("{") ? JSON.parse(out) : {}) as Said, err: err + out };
  }

  const move = async (...words: string[]): Promise<Said> => {
    const { code, said, err } = await podtrust(...words, "--yes", "--copied", ...untried);
    assert.equal(code, 0, `${words.join(" ")}: ${err}`);
    return said;
  };
  const currentKey = async (): Promise<string> => {
    const { said, err } = await podtrust("status");
    const found = said.rotation?.keys?.find(({ state }) => state === "current");
    return found?.kid ?? assert.fail(err);
  };
  const keyFile = (name: string): readonly string[] =>
    world.machines.map(({ host }) => readFileSync(join(host.root, tlsFolder(product), name), "utf8"));

  test("is refused before a word of it is done where nobody has tried it, or no copy was made", async () => {
    const bare = await podtrust("prepare", "--yes");
    assert.notEqual(bare.code, 0);
    const said = JSON.stringify(bare.said) + bare.err;
    assert.match(said, isUntried ? /"reason": ?"untried"/u : /"reason": ?"not-copied"/u);
  });

  test("refuses no token on the way from RSA to ES256, and every server takes the list from the datastore again at its next start", async (t) => {
    const old = await currentKey();
    const checker = startChecker(t, world.machines, "default", "web");
    const endCheck = party.check();
    await move("prepare", "--algorithm", "ES256");
    await until("the next key may sign", async () => {
      const { code, err } = await podtrust("promote", "--yes", "--copied", ...untried);
      assert.ok(code === 0 || /too-young/u.test(err), err);
      return code === 0;
    });
    await until("more was asked", () => checker.asked() > 60);
    const [api, sts] = [await checker.end(), await endCheck()];
    t.diagnostic(`API servers asked ${api.asked}, STS ${sts.asked} times`);
    assert.deepEqual([api.refused, sts.refused], [[], []]);
    const kid = await currentKey();
    assert.notEqual(kid, old);
    ahead += hour;
    await setAhead(world.machines, ahead);
    await move("finish", "publication");
    await move("finish", "verifiers", "--accept-loss", old, "--accept-loss", "default/web");
    for (const name of ["service.key", "service.current.key"])
      for (const text of keyFile(name)) assert.match(text, /^-----BEGIN EC PRIVATE KEY-----/u);
    let stored = 0;
    for (const { host, ask, name } of world.machines) {
      const journals = join(host.root, "run/stand-in/all");
      assert.doesNotMatch(readFileSync(journals, "utf8"), /newer than datastore/u);
      const starts = readFileSync(join(host.root, "run/stand-in/invocation"), "utf8");
      await writeFile(join(host.root, "run/stand-in/ask-restart"), "");
      await until(`${name} started anew`, async () => {
        if (readFileSync(join(host.root, "run/stand-in/invocation"), "utf8") === starts) return false;
        const jwks = await ask("/openid/v1/jwks").catch(() => undefined);
        return jwks?.status === 200 && jwks.text.includes(kid) && !jwks.text.includes(old);
      });
      stored += readFileSync(journals, "utf8").split("Authority data has been updated").length - 1;
    }
    // Each move once, on one server: prepare, promote, and the old key's end.
    assert.equal(stored, 3);
  });
}

const suites: readonly (readonly [string, readonly string[], RancherProduct])[] = [
  ["on one server", ["cp-1"], "k3s"],
  ["on three servers that share a datastore", ["cp-1", "cp-2", "cp-3"], "k3s"],
  ["on a server of RKE2, whose API server is a static pod", ["cp-1"], "rke2"],
];
for (const [where, names, product] of suites) {
  describe(`a rotation by k3s' own command, ${where}`, { skip: machinesLeftOut(), timeout: 1_500_000 }, () =>
    suite(names, product),
  );
}
