/** What a real Prometheus makes of the chart's monitors and rules, and of the text of each listener. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { defined, type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { listenOperator } from "../../src/operator/index.ts";
import { startTestPublisher } from "../support/publisher.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";
import { until } from "../support/until.ts";
import { buildPrograms, freePorts, leftOut } from "./harness/index.ts";
import { startOperator, startWebhookWorld, webPod } from "./operator/webhook-world.ts";

const chart = resolve(import.meta.dirname, "../../deploy/chart");
const monitoring = resolve(import.meta.dirname, "../../deploy/monitoring");
/** Each pod has an address of its own, as in a cluster. */
const podAddresses = { "podtrust-publisher": "127.53.1.1", "podtrust-operator": "127.53.1.2" } as const;
type Part = keyof typeof podAddresses;
const parts = Object.keys(podAddresses) as readonly Part[];
const known: Readonly<Record<Part, string>> = {
  "podtrust-publisher": "podtrust_ready",
  "podtrust-operator": "podtrust_operator_ready",
};

function whyNot(): string | false {
  const missing = ["/usr/bin/prometheus", "/usr/bin/promtool"].filter((program) => !existsSync(program));
  if (missing.length === 0) return leftOut();
  const reason = `Debian's package prometheus is not installed: ${missing.join(", ")}`;
  if (process.env["CI"] === "true") throw new Error(reason);
  return `left out: ${reason}`;
}

/** Runs promtool, whose complaint is the error's. */
async function promtool(args: readonly string[], input = ""): Promise<void> {
  const running = promisify(execFile)("promtool", args);
  running.child.stdin?.end(input);
  try {
    await running;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`promtool ${args.join(" ")}: ${stdout}${stderr}`, { cause: error });
  }
}

const keysWithin = (value: JsonRecord, allowed: readonly string[]): void =>
  assert.deepEqual(
    Object.keys(value).filter((key) => !allowed.includes(key)),
    [],
  );

/** The first of a list of objects by the name of each. */
const named = (list: unknown, name: unknown): JsonRecord =>
  recordOf(recordsOf(list).find((one) => one["name"] === name));

/** The pod template that a monitor selects: exactly one Deployment of its namespace has its labels. */
function selected(monitor: JsonRecord, objects: readonly JsonRecord[]): JsonRecord {
  const { matchLabels } = recordOf(recordOf(monitor["spec"])["selector"]);
  const templates = objects
    .filter(({ kind }) => kind === "Deployment")
    .filter(({ metadata }) => recordOf(metadata)["namespace"] === recordOf(monitor["metadata"])["namespace"])
    .map(({ spec }) => recordOf(recordOf(spec)["template"]))
    .filter(({ metadata }) => {
      const labels = recordOf(recordOf(metadata)["labels"]);
      return Object.entries(recordOf(matchLabels)).every(([key, value]) => labels[key] === value);
    });
  assert.equal(templates.length, 1);
  return recordOf(templates[0]);
}

interface Scrape {
  readonly config: object;
  /** Where the part has to listen. */
  readonly port: number;
}

/**
 * What Prometheus' operator makes of a PodMonitor and the pod that it selects. Debian builds Prometheus without discovery
 * in Kubernetes, so that the target stands in the config; a key that is not understood here fails the test.
 */
function scrapeOf(monitor: JsonRecord, objects: readonly JsonRecord[]): Scrape {
  const { name, namespace } = recordOf(monitor["metadata"]);
  const spec = recordOf(monitor["spec"]);
  keysWithin(spec, ["selector", "podMetricsEndpoints"]);
  keysWithin(recordOf(spec["selector"]), ["matchLabels"]);
  const [endpoint = {}, ...more] = recordsOf(spec["podMetricsEndpoints"]);
  assert.deepEqual(more, []);
  keysWithin(endpoint, ["port", "path", "scheme", "interval"]);
  const [container = {}] = recordsOf(recordOf(selected(monitor, objects)["spec"])["containers"]);
  const { containerPort } = named(container["ports"], endpoint["port"]);
  assert.equal(typeof containerPort, "number", `no port of the pod is called ${String(endpoint["port"])}`);
  const labels = { namespace, pod: `${String(name)}-0`, container: container["name"] };
  const target = `${podAddresses[name as Part]}:${Number(containerPort)}`;
  const config = {
    job_name: `${String(namespace)}/${String(name)}`,
    metrics_path: endpoint["path"] ?? "/metrics",
    scheme: endpoint["scheme"] ?? "http",
    ...defined({ scrape_interval: endpoint["interval"] }),
    static_configs: [{ targets: [target], labels }],
  };
  return { config, port: Number(containerPort) };
}

describe("a real Prometheus", { skip: whyNot() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-prometheus-"));
  const ends = new AsyncDisposableStack();
  const rules = join(folder, "rules.yaml");
  const texts = new Map<Part, string>();
  let objects: readonly JsonRecord[];
  let url: string;

  before(async () => {
    const { helm } = await buildPrograms();
    const values = `--values=${join(chart, "ci/both-values.yaml")}`;
    const { stdout } = await promisify(execFile)(
      helm,
      ["template", "podtrust", chart, "--namespace=podtrust", "--kube-version=1.36.3", values],
      { env: { PATH: process.env["PATH"], HOME: folder }, maxBuffer: 16 * 1024 * 1024 },
    );
    objects = parseAllDocuments(stdout).map((one) => recordOf(one.toJSON()));
    const scrapes = new Map(
      parts.map((part) => [part, scrapeOf(ofKind("PodMonitor", part), objects)] as const),
    );
    const groups = [...parts, "podtrust-signer"].flatMap(
      (part) => recordOf(ofKind("PrometheusRule", part)["spec"])["groups"],
    );
    writeFileSync(rules, JSON.stringify({ groups }));
    await startParts((part) => ({ host: podAddresses[part], port: scrapes.get(part)?.port ?? 0 }));
    for (const part of parts) {
      const answer = await fetch(`http://${podAddresses[part]}:${scrapes.get(part)?.port}/metrics`);
      texts.set(part, await answer.text());
    }
    url = await startPrometheus([...scrapes.values()].map(({ config }) => config));
  });
  after(async () => {
    await ends.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  function ofKind(kind: string, name: string): JsonRecord {
    const found = objects.find((one) => one["kind"] === kind && recordOf(one["metadata"])["name"] === name);
    assert.ok(found !== undefined, `the chart renders no ${kind} ${name}`);
    return found;
  }

  /** A publisher, and an operator whose webhook has been asked by a real API server. */
  async function startParts(where: (part: Part) => { readonly host: string; readonly port: number }) {
    const listen = { https: [{ host: "127.0.0.1", port: 0 }], admin: where("podtrust-publisher") };
    const { publisher } = ends.use(await startTestPublisher({ options: { listen } }));
    await publisher.ready();
    const world = await startWebhookWorld("Fail");
    ends.defer(() => world.plane.stop());
    const { operator } = ends.use(await startOperator(world));
    await world.untilInjecting();
    await world.makePod("default", webPod());
    const listener = await listenOperator(operator, where("podtrust-operator"), rememberingLogger());
    ends.defer(() => listener.close());
  }

  /** The URL of a Prometheus with this config. */
  async function startPrometheus(scrapes: readonly object[]): Promise<string> {
    const [port = 0] = await freePorts(1);
    const file = join(folder, "prometheus.yml");
    const global = { scrape_interval: "1s", evaluation_interval: "1s" };
    writeFileSync(file, JSON.stringify({ global, rule_files: [rules], scrape_configs: scrapes }));
    await promtool(["check", "config", file]);
    const own = [`--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`];
    const child = spawn("prometheus", [`--config.file=${file}`, ...own], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    ends.defer(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    });
    const isReady = async (): Promise<boolean> => {
      assert.equal(child.exitCode, null, log);
      return fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await until("Prometheus is ready", isReady, { detail: () => log });
    return `http://127.0.0.1:${port}`;
  }

  async function api(path: string): Promise<JsonRecord> {
    const { status, data, error } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as JsonRecord;
    assert.equal(status, "success", String(error));
    return recordOf(data);
  }
  const query = async (expression: string): Promise<readonly JsonRecord[]> =>
    recordsOf((await api(`query?query=${encodeURIComponent(expression)}`))["result"]);
  const valueOf = (series: JsonRecord | undefined): unknown => (series?.["value"] as unknown[])?.[1];

  for (const part of parts)
    test(`scrapes the ${part.replace("podtrust-", "")} where its PodMonitor of the chart says, and holds a series of it`, async () => {
      const up = `up{job="podtrust/${part}"} == 1`;
      await until("it is up", async () => (await query(up)).length === 1, {
        detail: async () => JSON.stringify(await api("targets")),
      });
      const [series, ...more] = await query(`${known[part]}{namespace="podtrust",pod="${part}-0"}`);
      assert.deepEqual([valueOf(series), more], ["1", []]);
    });

  test("finds nothing to complain of in the metrics of publisher, operator and webhook", async () => {
    assert.match(texts.get("podtrust-operator") ?? "", /podtrust_operator_webhook_review_seconds_bucket/u);
    for (const text of texts.values()) await promtool(["check", "metrics"], text);
    await assert.rejects(promtool(["check", "metrics"], "# TYPE a_total gauge\na_total 1\n"), /help/u);
  });

  test("takes the alerts of chart and deploy/monitoring as rules, and evaluates each", async () => {
    const plain = join(folder, "plain.yaml");
    const documents = parseAllDocuments(readFileSync(join(monitoring, "alerts.yaml"), "utf8"));
    const groups = documents.flatMap((one) => recordOf(recordOf(one.toJSON())["spec"])["groups"]);
    writeFileSync(plain, JSON.stringify({ groups }));
    for (const file of [rules, plain]) await promtool(["check", "rules", file]);
    const healths = async (): Promise<readonly unknown[]> =>
      recordsOf((await api("rules"))["groups"])
        .flatMap((group) => recordsOf(group["rules"]))
        .map(({ health, lastError }) => lastError ?? health);
    const isEvaluated = async (): Promise<boolean> => !(await healths()).includes("unknown");
    await until("every rule was evaluated", isEvaluated);
    const all = await healths();
    assert.ok(all.length > 10);
    assert.deepEqual([...new Set(all)], ["ok"]);
  });

  test("answers every query of the dashboards", async () => {
    for (const name of ["operator", "publisher", "signer"]) {
      const board = readFileSync(join(monitoring, `dashboard-${name}.json`), "utf8");
      const expressions = [...board.matchAll(/"expr": ("[^\n]*"),?$/gmu)].map(
        ([, text = ""]) => JSON.parse(text) as string,
      );
      assert.ok(expressions.length > 5);
      for (const expression of expressions) await query(expression);
    }
  });
});
