import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../support/until.ts";
import { backupWorld } from "./world.ts";

describe("a publisher whose machine is gone", () => {
  test("comes back from config, backup and identity alone: same JWKS, accounts and certificate, distrust in force", async (t) => {
    const { home, ca, cluster, identity, route, machine, done, podtrust, recipient, jwks, publishes } =
      await backupWorld(t);
    const [first] = cluster.keys.list();
    const old = first?.kid ?? "";
    const before = await machine("first");
    const running = await before.serve();
    // One key signs, one is retained since the cluster dropped it, one is distrusted.
    const signs = (await cluster.keys.create()).kid;
    const stolen = (await cluster.keys.create()).kid;
    await publishes([old, signs, stolen]);
    cluster.keys.promote(signs);
    cluster.keys.drop(old);
    await done("rotate", "distrust", stolen, "--force", "--state", before.stateDir);
    const published = await publishes([old, signs]);
    const [issued, accounts] = [ca.issued().length, ca.accounts()];
    assert.deepEqual([issued, accounts.length], [1, 1]);

    const to = await recipient();
    const backup = join(home, "prod.age");
    await done("backup", "-f", before.config, "--recipient", to, "--output", backup);
    assert.equal(statSync(backup).mode & 0o777, 0o600);
    const open = ["-f", before.config, "--identity", identity];
    assert.match(
      await done("backup", "verify", backup, ...open, ...route),
      /The same as what https:.*publishes/u,
    );
    assert.doesNotMatch(readFileSync(backup, "latin1"), /PRIVATE KEY|oidc\.example/u);
    // Nothing is restored below a publisher that runs.
    const refused = await podtrust("restore", backup, ...open, "--yes");
    assert.deepEqual([refused.code, /publisher-running/u.test(refused.err)], [1, true], refused.err);
    await running.close();
    await before.lose();

    const backups = join(home, "backups");
    const after = await machine("second", { backup: { recipients: [to], folder: backups } });
    // Before the cluster answers at all.
    cluster.misbehave("gone");
    const restore = ["restore", backup, "-f", after.config, "--identity", identity, "--yes", ...route];
    // Nothing vouches for a key: neither cluster nor name answers, and anyone may have written the backup.
    const left = await podtrust(...restore, "--json");
    const ids = (JSON.parse(left.out) as { left: { id: string }[] }).left.map(({ id }) => id);
    assert.deepEqual(new Set(ids), new Set([old, signs]));
    await done(...restore, ...ids.flatMap((id) => ["--key", id]));
    const again = await after.serve();
    assert.equal(await jwks(), published);
    assert.doesNotMatch(published, new RegExp(stolen, "u"));
    cluster.misbehave(undefined);
    await publishes([old, signs]);
    const status = await done("rotate", "status", "--state", after.stateDir);
    assert.match(status, new RegExp(`${stolen}.*distrusted`, "u"));
    assert.match(again.log(), /every stack is published/u);
    assert.deepEqual([ca.issued().length, ca.accounts()], [issued, accounts]);
    // From now on it backs itself up.
    await until("a backup of its own", () => existsSync(backups) && readdirSync(backups).length > 0);
    const [own = ""] = readdirSync(backups);
    const here = ["-f", after.config, "--identity", identity, ...route];
    const verified = await podtrust("backup", "verify", join(backups, own), ...here);
    assert.equal(verified.code, 0, verified.out + verified.err);
    assert.match(verified.out, /The same as the state in/u);
    assert.equal(execFileSync("ls", ["-A", after.stateDir]).includes("restoring"), false);
  });
});
