/** What Argo CD would see: its own engine's comparison of what a repository has with what an API server has. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { buildProgram } from "./build.ts";
import type { ControlPlane } from "./harness/index.ts";

/** Argo CD's ways to compare: by what was applied last, by whose field is whose, and by a dry run of the API server. */
export const comparisonForms = ["three-way", "structured-merge", "server-side"] as const;
export type ComparisonForm = (typeof comparisonForms)[number];

const manager = "--field-manager=argocd-controller";
const serverSide = ["--server-side", "--force-conflicts"];

/** As Argo CD applies it: with its mark, and where it is asked to on the server's side. */
export async function syncAsArgo(
  { kubectl }: ControlPlane,
  objects: readonly JsonRecord[],
  isServerSide: boolean,
): Promise<void> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects.map(tracked) });
  await kubectl(["apply", manager, ...(isServerSide ? serverSide : []), "-f", "-"], list);
}

/** An object with the annotation by which Argo CD knows its own. */
function tracked(object: JsonRecord): JsonRecord {
  const metadata = recordOf(object["metadata"]);
  const { namespace = "", name } = metadata as { readonly namespace?: string; readonly name: string };
  const { apiVersion, kind } = object as { readonly apiVersion: string; readonly kind: string };
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const id = `podtrust:${group}/${kind}:${namespace}/${name}`;
  const annotations = { ...recordOf(metadata["annotations"]), "argocd.argoproj.io/tracking-id": id };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** The paths where two values differ, each with both, for a person to read. */
function differences(live: unknown, predicted: unknown, path = ""): readonly string[] {
  if (JSON.stringify(live) === JSON.stringify(predicted)) return [];
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
  if (!isObject(live) || !isObject(predicted))
    return [`${path}: ${JSON.stringify(live)} is to be ${JSON.stringify(predicted)}`];
  const [one, other] = [live as JsonRecord, predicted as JsonRecord];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differences(one[key], other[key], `${path}/${key}`));
}

/**
 * What Argo CD calls OutOfSync of these objects, by a line for each field: `Kind name /path: … is to be …`. Empty: Synced.
 */
export async function outOfSync(
  plane: ControlPlane,
  objects: readonly JsonRecord[],
  form: ComparisonForm,
): Promise<readonly string[]> {
  const schema = join(plane.folder, "openapi.json");
  writeFileSync(schema, (await plane.ask("/openapi/v2")).text);
  const configs = objects.map(tracked);
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: configs });
  const answers = async (...args: readonly string[]): Promise<readonly JsonRecord[]> => {
    const show = ["--show-managed-fields", "-o", "json", "-f", "-"];
    return recordsOf(recordOf(JSON.parse(await plane.kubectl([...args, ...show], list)))["items"]);
  };
  const found = await answers("get");
  const dryRun = ["apply", manager, ...serverSide, "--dry-run=server"];
  const foretold = form === "server-side" ? await answers(...dryRun) : [];
  const comparisons = configs.map((config, index) => ({
    form,
    config,
    live: found[index],
    predicted: foretold[index] ?? {},
  }));
  const running = promisify(execFile)(await buildProgram("argo-diff"), [schema], {
    maxBuffer: 64 * 1024 * 1024,
  });
  running.child.stdin?.end(JSON.stringify(comparisons));
  const outcomes = JSON.parse((await running).stdout) as readonly {
    readonly synced: boolean;
    readonly live: unknown;
    readonly predicted: unknown;
  }[];
  return outcomes.flatMap(({ synced, live, predicted }, index) => {
    if (synced) return [];
    const { kind, metadata } = objects[index] ?? {};
    const name = `${String(kind)} ${String(recordOf(metadata)["name"])}`;
    const paths = differences(live, predicted);
    return (paths.length === 0 ? [": differs"] : paths).map((path) => `${name} ${path}`);
  });
}
