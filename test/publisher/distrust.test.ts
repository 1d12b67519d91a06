import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PodtrustError } from "../../src/core/base/index.ts";
import { distrustKey, publisherStatus, startPublisher, restoreKey } from "../../src/publisher/index.ts";
import { newKey, startTestPublisher } from "../support/publisher.ts";
import { codeOf, kidsOf } from "./support.ts";

test("a key that another process distrusts by the socket is out at once, for good, and on disk", async () => {
  const keys = [newKey(), newKey()];
  const [first, second] = keys.map((key) => key.kid) as [string, string];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  const socket = await stat(join(to.stateDir, "publisher.sock"));
  assert.equal(socket.mode & 0o777, 0o600);
  // Nobody knows which of the two signs.
  assert.equal(await codeOf(distrustKey(to.stateDir, first)), "publisher-key-signs");
  assert.deepEqual(new Set(await kidsOf(to)), new Set([first, second]));
  const outcome = await distrustKey(to.stateDir, first, { force: true });
  assert.deepEqual(outcome, {
    stack: "test",
    kid: first,
    changed: true,
    persisted: true,
    distrusted: [first],
    published: true,
    cachedUntil: to.clock.now() + 60_000,
    forgottenAt: to.clock.now() + 60_000 + 3_600_000,
    refuses: { signs: "perhaps", last: to.clock.now(), until: to.clock.now() + 86_400_000 + 300_000 },
  });
  assert.deepEqual(await kidsOf(to), [second]);
  await to.clock.advance(60_000);
  assert.deepEqual(await kidsOf(to), [second]);
  const status = await publisherStatus(to.stateDir);
  assert.equal(status.issuers[0]?.keys.find((key) => key.kid === first)?.state, "distrusted");
  assert.match(status.issuers[0]?.warnings.join() ?? "", /still shows it/u);
  assert.equal((await distrustKey(to.stateDir, first)).changed, false);
  assert.equal(await codeOf(distrustKey(to.stateDir, "unknown")), "publisher-key-unknown");
  assert.equal(await codeOf(distrustKey(to.stateDir, second, { force: true })), "publisher-last-key");
  await to.publisher.close(0);
  to.cluster.fault = () => {
    throw new Error("down");
  };
  const again = await startPublisher({ ...to.options });
  assert.equal((await publisherStatus(to.stateDir)).issuers[0]?.documents?.from, "disk");
  to.cluster.fault = undefined;
  await again.refresh();
  assert.equal(again.status().issuers[0]?.keys.find((key) => key.kid === first)?.state, "distrusted");
  await again.close(0);
});

test("a distrust is taken back by the socket: published again, and on disk", async () => {
  const keys = [newKey(), newKey()];
  const [first, second] = keys.map((key) => key.kid) as [string, string];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  await distrustKey(to.stateDir, first, { force: true });
  assert.deepEqual(await kidsOf(to), [second]);
  assert.deepEqual(await restoreKey(to.stateDir, first), {
    stack: "test",
    kid: first,
    changed: true,
    persisted: true,
    published: true,
    shown: true,
  });
  assert.deepEqual(new Set(await kidsOf(to)), new Set([first, second]));
  assert.equal((await restoreKey(to.stateDir, first, { stack: "test" })).changed, false);
  assert.equal(await codeOf(restoreKey(to.stateDir, "unknown")), "publisher-key-unknown");
  await to.publisher.close(0);
  const again = await startPublisher(to.options);
  const states = (await publisherStatus(to.stateDir)).issuers[0]?.keys.map(({ state }) => state);
  assert.deepEqual(states, ["current", "current"]);
  await again.close(0);
});

test("a key that cannot be known because the cluster cannot be read says why, and what to do about that", async () => {
  await using to = await startTestPublisher();
  await to.publisher.close(0);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-unread-"));
  to.cluster.fault = () => {
    throw new PodtrustError("cluster-unreachable", "connect ECONNREFUSED", { next: "Start the cluster." });
  };
  const publisher = await startPublisher({ ...to.options, stateDir: folder });
  await publisher.refresh();
  await assert.rejects(publisher.distrust("any"), {
    code: "publisher-key-unknown",
    message: /no key with the kid "any" is known: connect ECONNREFUSED/u,
    next: "Start the cluster.",
  });
  assert.match(
    publisher.status().unready.join(),
    /Nothing can be published yet: connect ECONNREFUSED .*Start the cluster/u,
  );
  await publisher.close(0);
  await rm(folder, { recursive: true });
});
