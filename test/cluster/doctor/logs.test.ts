/** What containers log is read where a person agreed, and nowhere else: a program on a real kubelet that may not read its token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeChain } from "../../../src/doctor/chain/index.ts";
import { assertSound } from "../../doctor/chain/sound.ts";
import { until } from "../../support/until.ts";
import { pauseImage, podsLeftOut, startCluster } from "../harness/index.ts";
import { place, pod } from "./pods.ts";
import { startClusterStack } from "./world.ts";

const folders = ["usr", "lib", "lib64", "bin"];
const programs = folders.map((name) => ({ name, mountPath: `/${name}`, readOnly: true }));

test(
  "a program's own error is found in its log with consent, and without it no log is read",
  { skip: podsLeftOut() },
  async () => {
    await using stack = await startClusterStack({}, startCluster);
    await place(stack, "shop");
    const container = (name: string, runAsUser: number) => ({
      name,
      image: pauseImage,
      imagePullPolicy: "Never",
      command: ["/bin/sh", "-c", 'cat "$AWS_WEB_IDENTITY_TOKEN_FILE" > /dev/null; exec sleep 3600'],
      securityContext: { runAsUser },
      volumeMounts: programs,
    });
    const token = { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: "token" };
    await pod(stack, "shop", {
      spec: {
        hostNetwork: true,
        terminationGracePeriodSeconds: 0,
        containers: [container("app", 1000), container("beside", 2000)],
        volumes: [
          {
            name: "aws-iam-token",
            projected: { defaultMode: 0o400, sources: [{ serviceAccountToken: token }] },
          },
          ...folders.map((name) => ({ name, hostPath: { path: `/${name}` } })),
        ],
      },
    });
    const logged = await until("the program has said what it lacks", async () => {
      const { text } = await stack.plane.ask("/api/v1/namespaces/shop/pods/web-1/log?container=app");
      return text.includes("ermission denied") ? text : undefined;
    });
    const facts = await stack.gather("shop", { pod: "shop/web-1", logs: true });
    const [text] = facts.texts;
    assert.equal(text?.from, "log of pod shop/web-1, container app");
    const kept = (text.lines[0] ?? "").split(" … ");
    assert.ok(
      kept.every((words) => words !== "" && logged.includes(words)),
      JSON.stringify(text),
    );
    const report = judgeChain(facts);
    assertSound(report, facts, "TokenFileUnreadable");
    assert.equal(report.broken?.reason, "TokenFileUnreadable", JSON.stringify(report.findings));
    assert.deepEqual((await stack.gather("shop", { pod: "shop/web-1" })).texts, []);
  },
);
