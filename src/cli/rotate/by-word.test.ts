import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { podtrustHost } from "../../../test/support/cli.ts";
import { RotationCluster } from "../../../test/support/rotation-cluster.ts";
import { parseConfig } from "../../config/index.ts";
import { TheftsRecord } from "../../control-plane/record/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { createContext } from "../../core/command-line/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { answeredByWord } from "./by-word.ts";

const { signal } = new AbortController();
const text = `stack: prod
issuer: https://oidc.example.com
cluster: {server: "https://127.0.0.1:1", caFile: ca.pem, tokenFile: token}
publisher: {https: {acme: {}}}
`;

/** A cluster whose next key was stolen, and the command as a person gives it, who says yes or no. */
async function spareStolen(t: TestContext) {
  const world = await RotationCluster.start();
  t.after(() => world.close());
  await world.rotation().prepare("ES256");
  const kid = world.servers[0]?.running.verify[1] ?? "";
  const config = await parseConfig(text, "podtrust.yaml", {});
  const context = createContext(
    { ...podtrustHost(), stdout: { write: () => true }, stderr: { write: () => true } },
    { json: false, verbose: false },
  );
  const thefts = new TheftsRecord(world.servers);
  const given = (isYes: boolean) =>
    answeredByWord(
      { context, config, route: {} },
      { rotation: world.rotation(), cluster: {} as KubernetesApi, thefts },
      {},
      {
        kid,
        agree: () =>
          isYes ? Promise.resolve() : Promise.reject(new PodtrustError("interrupted", "the answer was no")),
      },
    );
  return { world, kid, thefts, given };
}

describe("an answer that rests on a person's word", () => {
  test("writes nothing down before the person has agreed", async (t) => {
    const { world, kid, thefts, given } = await spareStolen(t);
    const before = world.servers.map(({ record, files }) => [record.text, files]);
    await assert.rejects(given(false), { code: "interrupted" });
    assert.deepEqual(
      world.servers.map(({ record, files }) => [record.text, files]),
      before,
    );
    await given(true);
    const [theft] = (await thefts.read(signal)).thefts;
    assert.deepEqual([theft?.stolen, theft?.way], [kid, "thief-reaches-no-api"]);
  });

  test("is refused, with its name, while an answer at once is not at its end, which stays what it was", async (t) => {
    const { world, kid, thefts, given } = await spareStolen(t);
    const underWay = { stolen: kid, way: "at-once", fresh: "f", tainted: [], servers: {} } as const;
    await thefts.keep(underWay, signal);
    await assert.rejects(given(true), {
      code: "rotation-refused",
      message: new RegExp(`^${kid} was stolen`, "u"),
    });
    assert.deepEqual((await thefts.read(signal)).thefts, [underWay]);
    await thefts.keep({ ...underWay, endedAt: world.clock.now() }, signal);
    await given(true);
    assert.equal((await thefts.read(signal)).thefts[0]?.way, "at-once");
  });
});
