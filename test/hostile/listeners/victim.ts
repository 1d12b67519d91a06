/**
 * The operator's webhook and its port for probes, as a process of its own: what it follows is one ServiceAccount, and the
 * API server that it asks has no other. Prints where it listens as a line of JSON.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { answerAt, line, localServer } from "../../../src/core/admin/index.ts";
import { silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { Roles } from "../../../src/operator/roles.ts";
import { Around } from "../../../src/operator/webhook/around.ts";
import { makeAuthority, signServing } from "../../../src/operator/webhook/certificates.ts";
import { answerReview } from "../../../src/operator/webhook/review.ts";
import { ReviewServer } from "../../../src/operator/webhook/server.ts";
import { ReviewTallies } from "../../../src/operator/webhook/tallies.ts";

const view = (annotations: Record<string, string>) => ({ metadata: { annotations } });
const followed = (name: string, annotations: Record<string, string>) => ({
  synced: true,
  status: { resource: "", synced: true, objects: 1, lists: 1, events: 0 },
  get: (key: string) => (key === name ? view(annotations) : undefined),
});
const role = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web" };
const around = new Around({
  api: {
    async read({ kind, name: asked }) {
      await sleep(100);
      if (!asked.startsWith("new-")) return undefined;
      return { apiVersion: "v1", kind, metadata: { name: asked, annotations: role } };
    },
  },
  accounts: followed("shop/web", role),
  namespaces: followed("shop", {}),
  roles: new Roles(undefined),
});
const name = "podtrust-webhook.podtrust.svc";
const webhook = new ReviewServer({
  listen: { host: "127.0.0.1", port: 0 },
  answer: (read, client) => answerReview(read, (namespace, account) => around.of(namespace, account, client)),
  tallies: new ReviewTallies(),
  clock: systemClock,
  logger: silentLogger,
});
const validity = { now: Date.now(), life: 3_600_000 };
const authority = await makeAuthority(validity);
webhook.use(await signServing(authority, [name], validity));
await webhook.listen();
const probes = localServer(
  ({ incoming }) => answerAt({ "/readyz": () => line("ok") }, "127.0.0.1", incoming),
  () => line("failed", 500),
);
probes.listen(0, "127.0.0.1", () => {
  const address = probes.address();
  const port = typeof address === "object" ? address?.port : 0;
  console.log(
    JSON.stringify({ webhook: webhook.address?.port, probes: port, name, root: authority.certificate }),
  );
});
process.on("SIGTERM", () => process.exit());
