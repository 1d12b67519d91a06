import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isRecord, type JsonRecord, PodtrustError, recordsOf } from "../../core/base/index.ts";
import { readCredentialFile, replaceText } from "../../core/files/index.ts";
import { readYaml, yamlText } from "../../core/yaml/index.ts";
import { kubeconfigBounds } from "./kubeconfig.ts";

const lists = ["clusters", "users", "contexts"] as const;

async function present(file: string): Promise<JsonRecord> {
  let text: string;
  try {
    ({ text } = await readCredentialFile("kubeconfig", file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { apiVersion: "v1", kind: "Config" };
    throw error;
  }
  const read = readYaml(text, kubeconfigBounds);
  if (!("problems" in read) && isRecord(read.value)) return read.value;
  throw new PodtrustError(
    "kubeconfig-invalid",
    `kubeconfig ${file} is not one that can be added to; nothing was written`,
  );
}

const authority = (entry: JsonRecord | undefined): unknown =>
  isRecord(entry?.["cluster"]) ? entry["cluster"]["certificate-authority-data"] : undefined;

/**
 * Puts the one context of `added` into a kubeconfig, with its cluster and user: what has the same names is replaced,
 * where it is of the same cluster by its CA, or of none. The file's current context stays, unless it has none. Throws
 * `kubeconfig-invalid` where the name is another cluster's; then nothing is written.
 */
export async function mergeKubeconfig(file: string, added: JsonRecord): Promise<void> {
  const found = await present(file);
  const [ours] = recordsOf(added["clusters"]);
  const theirs = recordsOf(found["clusters"]).find(({ name }) => name === ours?.["name"]);
  if (theirs !== undefined && authority(theirs) !== authority(ours)) {
    const sentence = `kubeconfig ${file} has a cluster ${String(theirs["name"])} already, which is another one; nothing was written`;
    throw new PodtrustError("kubeconfig-invalid", sentence, {
      next: "Rename that one (kubectl config rename-context, and its cluster), or do without --merge.",
    });
  }
  const merged: Record<string, unknown> = { ...found };
  for (const list of lists) {
    const entries = recordsOf(added[list]);
    const names = new Set(entries.map(({ name }) => name));
    merged[list] = [...recordsOf(found[list]).filter(({ name }) => !names.has(name)), ...entries];
  }
  if (typeof found["current-context"] !== "string" || found["current-context"] === "") {
    merged["current-context"] = added["current-context"];
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceText(file, yamlText(merged));
}
