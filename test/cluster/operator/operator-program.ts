/**
 * The operator with bindings as a process of its own, on a clock that its parent moves: driven-operator.ts starts it and
 * talks to it. Its one argument is JSON (`ProgramOptions`); AWS is the environment's, as for `podtrust operator run`.
 * (No test file: its name does not end in .test.ts.)
 */
import { subscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import type { ClientRequest } from "node:http";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { reconcilingBindings } from "../../../src/operator/bindings/index.ts";
import { openLogger, openScreen } from "../../../src/core/terminal/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { listenOperator, Operator, type OperatorOptions } from "../../../src/operator/index.ts";
import { TestClock } from "../../support/clock.ts";
import type { OperatorAnswer, Order, ProgramOptions, Usage } from "./driven-operator.ts";

const { kubeconfig, port, skewMs, ...more } = JSON.parse(process.argv[2] ?? "") as ProgramOptions;
const clock = new TestClock(Date.now() + skewMs);
const ending = new AbortController();

/** Requests that are under way, watches aside: those end when something happens. */
let inFlight = 0;
/** Watches that the server refused to go on with: what they had seen last is gone with a compaction. */
let gone = 0;

subscribe("http.client.request.start", (message) => {
  const { request } = message as { request: ClientRequest };
  if (request.path.includes("watch=true")) return;
  inFlight += 1;
  request.once("close", () => (inFlight -= 1));
});

/** Until nothing is under way for some milliseconds; no longer than that in all. */
async function quiet(atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  for (let still = 0; still < 4 && performance.now() < deadline;) {
    await sleep(1);
    still = inFlight === 0 ? still + 1 : 0;
  }
}

/** What comes until a moment of our clock, as a server ends a watch at the time that was agreed. */
async function* endedAt(body: AsyncIterable<Buffer>, atMs: number): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]();
  let tell = (): void => {};
  const read = new AbortController();
  const over = clock.sleep(atMs - clock.elapsed(), read.signal).then(
    () => tell(),
    () => {},
  );
  try {
    while (clock.elapsed() < atMs) {
      const next = await new Promise<IteratorResult<Buffer> | undefined>((resolve, reject) => {
        tell = () => resolve(undefined);
        pieces.next().then(resolve, reject);
      });
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    read.abort();
    await over;
  }
}

/** The API, whose watches last as long as was agreed by our clock. */
function onOurClock(api: KubernetesApi): KubernetesApi {
  const follow: KubernetesApi["follow"] = async (path, options, consume) => {
    const seconds = Number(/timeoutSeconds=(\d+)/u.exec(path)?.[1]);
    const until = clock.elapsed() + seconds * 1000;
    try {
      return await api.follow(path, options, (body) =>
        consume(Number.isNaN(seconds) ? body : endedAt(body, until)),
      );
    } catch (error) {
      if ((error as { detail?: { status?: unknown } }).detail?.status === 410) gone += 1;
      throw error;
    }
  };
  return new Proxy(api, {
    get(target, key) {
      if (key === "follow") return follow;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** How much all of a kind hold together: `Map(3) {…}`. */
function held(kind: typeof Map | typeof Set): number {
  const all = queryObjects(kind, { format: "summary" });
  return all.reduce((sum, text) => sum + Number(/^\w*\((\d+)\)/u.exec(text)?.[1] ?? 0), 0);
}

function usage(): Usage {
  // What one collection leaves to be finalised the next one takes.
  for (let rounds = 0; rounds < 3; rounds += 1) globalThis.gc?.();
  const resources = process.getActiveResourcesInfo();
  const of = (...names: readonly string[]): number => resources.filter((one) => names.includes(one)).length;
  return {
    heapBytes: process.memoryUsage().heapUsed,
    entries: held(Map) + held(Set),
    signals: queryObjects(AbortSignal, { format: "count" }),
    sleeping: clock.sleeping,
    timers: of("Timeout"),
    sockets: of("TCPSocketWrap", "TLSWrap"),
    listeners: getEventListeners(ending.signal, "abort").length,
  };
}

const host = { env: {}, clock, stdout: process.stdout, stderr: process.stderr };
const logger = openLogger(host, openScreen(host).err, "info");
const options: OperatorOptions = {
  api: onOurClock(await openKubernetes({ kubeconfig }, { clock })),
  working: await openKubernetes({ kubeconfig }, { clock, keepConnections: true }),
  namespace: "podtrust",
  clock,
  logger,
  controllers: reconcilingBindings,
  ...more,
};
const operator = new Operator(options);
const listener = await listenOperator(operator, { host: "127.0.0.1", port }, logger);
const running = operator.run(ending.signal);

/** What ends takes its time by our clock. */
async function moveUntilEnded(): Promise<void> {
  const over = new AbortController();
  const ended = running.finally(() => over.abort());
  for (; !over.signal.aborted; await clock.advance(1000)) await quiet(2000);
  await ended;
}

async function obey(order: Order): Promise<Omit<OperatorAnswer, "id">> {
  switch (order.do) {
    case "move":
      for (let left = order.ms; left > 0; left -= order.stepMs) {
        await clock.advance(Math.min(left, order.stepMs));
        await quiet(order.waitMs);
      }
      return { now: clock.now(), gone };
    case "measure":
      return { now: clock.now(), gone, usage: usage() };
    case "end":
      ending.abort(new Error("the test is over"));
      await moveUntilEnded();
      await listener.close();
      return { now: clock.now(), gone };
  }
}

process.on("message", (order: Order) => {
  void obey(order).then((answer) => {
    process.send?.({ id: order.id, ...answer });
    if (order.do === "end") process.disconnect?.();
  });
});
process.once("disconnect", () => process.exit());
process.send?.({ id: 0, now: clock.now(), gone });
