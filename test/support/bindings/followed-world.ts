/** A binding on its whole way: from the watch event that shows it to the status that says it is Ready. */
import { PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import { bindingControllers } from "../../../src/operator/bindings/aws.ts";
import { ClusterView } from "../../../src/operator/bindings/cluster-view.ts";
import { followedBy } from "../../../src/operator/bindings/controllers.ts";
import { type Controller, ControllerRunner } from "../../../src/operator/controller/index.ts";
import type { ControllerTools } from "../../../src/operator/index.ts";
import { type KubernetesApi, Mirror } from "../../../src/providers/kubernetes/index.ts";
import { rememberingLogger } from "../remembering-logger.ts";
import { account, ssm } from "./objects.ts";
import { passWorld } from "./pass-world.ts";

/** The answer of a server to a list and watch of a kind: what is there, and then what is written on. */
class Watch {
  readonly body = new PassThrough();
  #version = 1;

  constructor() {
    const ends = { annotations: { "k8s.io/initial-events-end": "true" } };
    this.says("BOOKMARK", { metadata: ends });
  }

  says(type: string, object: JsonRecord): void {
    const metadata = { ...recordOf(object["metadata"]), resourceVersion: String((this.#version += 1)) };
    this.body.write(`${JSON.stringify({ type, object: { ...object, metadata } })}\n`);
  }
}

/** Gives what has a binding made by a team, and resolves when its status says that STS accepts its ServiceAccount. */
export async function followedBinding(t: TestContext): Promise<() => Promise<void>> {
  // The sandbox shares rooms with the operator: in this process its functions would count as the operator's.
  const { clients, clock, objects, bind, trust, sandbox } = await passWorld(t, { inOwnProcess: true });
  trust({
    stack: "prod",
    issuer: sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] }],
  });
  const watches = new Map<string, Watch>();
  const ending = new AbortController();
  const ready = Promise.withResolvers<void>();
  const api: Pick<KubernetesApi, "server" | "follow"> & typeof clients.cluster = {
    ...clients.cluster,
    follow(path, _options, consume) {
      const watch = new Watch();
      watches.set(path.split("?")[0]?.split("/").at(-1) ?? "", watch);
      return consume(watch.body);
    },
    async apply(object, options) {
      const written = await clients.cluster.apply(object, options);
      if (object.kind === "AWSRoleBinding") watches.get("awsrolebindings")?.says("MODIFIED", written);
      if (JSON.stringify(written["status"] ?? "").includes("StsAccepted")) ready.resolve();
      return written;
    },
  };
  /** An attempt that is due in seconds comes at once, and not where a limit of minutes is waited for. */
  const swift = {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    sleep(ms: number, signal?: AbortSignal): Promise<void> {
      if (ms < 30_000) clock.move(ms);
      return clock.sleep(ms < 30_000 ? 0 : ms, signal);
    },
  };
  const [logger, mirrors] = [rememberingLogger(), [] as Mirror<unknown>[]];
  const follow: ControllerTools["follow"] = (what) => {
    const mirror = new Mirror({ api, clock, logger, ...what, indexes: {} });
    mirrors.push(mirror as unknown as Mirror<unknown>);
    return mirror;
  };
  const accounts = follow({ kind: "ServiceAccount", keep: (object) => object });
  const events = { record: () => Promise.resolve() };
  const tools = { api, clock, logger, accounts, events, follow } as unknown as ControllerTools;
  const followed = followedBy(tools, "aws", new ClusterView(api, clock));
  const [controller] = bindingControllers({ ...followed, aws: clients.aws }) as [Controller];
  const runner = new ControllerRunner({ controller, clock: swift, logger });
  const running = [
    ...mirrors.map((mirror) => mirror.run(ending.signal)),
    runner.lead({ held: true }, ending.signal),
  ];
  t.after(async () => {
    ending.abort();
    for (const { body } of watches.values()) body.end();
    await Promise.allSettled(running);
  });
  await Promise.all(mirrors.map((mirror) => mirror.untilSynced(ending.signal)));
  return async () => {
    bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
    const binding = objects.get("AWSRoleBinding shop/web");
    if (binding === undefined) throw new Error("there is no binding");
    watches.get("awsrolebindings")?.says("ADDED", binding);
    await ready.promise;
  };
}
