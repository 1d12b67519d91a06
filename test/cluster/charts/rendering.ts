/** Helm itself on the chart of deploy/chart, and what `podtrust manifests` prints, to compare the two. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { podtrustHere } from "../../support/cli.ts";
import { buildPrograms } from "../harness/index.ts";

const run = promisify(execFile);

export const chart: string = resolve(import.meta.dirname, "../../../deploy/chart");

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}
export type Values = Readonly<Record<string, unknown>>;

/** What a command prints with `--json`. */
export async function printed(args: readonly string[]): Promise<Values> {
  const { code, out, err } = await podtrustHere([...args, "--json"]);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Values;
}

export const valuesOf = (command: readonly string[]): Promise<Values> => printed([...command, "--values"]);

export async function objectsOf(command: readonly string[]): Promise<readonly Manifest[]> {
  return (await printed(command))["items"] as readonly Manifest[];
}

const byName = (objects: readonly Manifest[]): Readonly<Record<string, Manifest>> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind !== "Namespace")
      .map((one) => [`${one.kind} ${one.metadata.name}`, one]),
  );

/** Helm with a folder of its own, which goes with it. */
export class Helm {
  readonly #helm: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "podtrust-chart-"));
  /** Of the cluster that releases go to. */
  kubeconfig = "/nonexistent";

  private constructor(helm: string) {
    this.#helm = helm;
  }

  static async open(): Promise<Helm> {
    return new Helm((await buildPrograms()).helm);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs it. */
  async run(...args: readonly string[]): Promise<string> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.#folder, KUBECONFIG: this.kubeconfig };
    const { stdout, stderr } = await run(this.#helm, args, { env, maxBuffer: 16 * 1024 * 1024 });
    return stdout + stderr;
  }

  /** A file of its folder with this as JSON. */
  file(name: string, content: unknown): string {
    const file = join(this.#folder, name);
    writeFileSync(file, JSON.stringify(content));
    return file;
  }

  valuesFile(values: Values): string {
    return this.file("values.json", values);
  }

  template(values: Values, version = "1.36.3"): Promise<string> {
    const file = this.valuesFile(values);
    const options = ["--namespace=podtrust", `--kube-version=${version}`, `--values=${file}`];
    return this.run("template", "podtrust", chart, ...options);
  }

  /** Renders the values, and expects just these objects. */
  async renders(values: Values, objects: readonly object[], version?: string): Promise<void> {
    const rendered = parseAllDocuments(await this.template(values, version)).map(
      (document) => document.toJSON() as Manifest | null,
    );
    const wanted = JSON.parse(JSON.stringify(objects)) as readonly Manifest[];
    assert.deepEqual(byName(rendered.filter((one) => one !== null)), byName(wanted));
  }
}
