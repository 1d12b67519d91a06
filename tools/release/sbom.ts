import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Component {
  "bom-ref": string;
  name: string;
  version: string;
  description: string;
  purl: string;
}

interface Bom {
  serialNumber: string;
  metadata: { timestamp: string; component: Component };
  components: readonly Component[];
  dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** What a package's manifest says of it, as far as a bill of materials does. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A UUID of version 8 (RFC 9562 §5.8) that the same text always has. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** The components that some of them need, and those themselves. */
function neededBy(refs: readonly string[], { dependencies }: Bom): ReadonlySet<string> {
  const needed = new Set<string>();
  const waiting = [...refs];
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    if (needed.has(ref)) continue;
    needed.add(ref);
    waiting.push(...(dependencies.find((one) => one.ref === ref)?.dependsOn ?? []));
  }
  return needed;
}

/**
 * What the package in a folder is made of, as CycloneDX by npm: what a user of it installs. Its dependencies are among
 * podtrust's, unless a lock file stands beside its manifest. npm gives each run another number and the time, and calls the package as the checkout's folder is called; here
 * all three come from what it is about. `epoch`: seconds.
 */
export function billOfMaterials(folder: string, epoch: number): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const args = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"];
  const cwd = existsSync(join(folder, "package-lock.json")) ? folder : ".";
  const options = { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  const bom = JSON.parse(execFileSync("npm", args, options)) as Bom;
  const { name, version, description } = manifest;
  const ref = `${name}@${version}`;
  const direct = Object.entries(manifest.dependencies).map(([one, pinned]) => `${one}@${pinned}`);
  const needed = neededBy(direct, bom);
  Object.assign(bom.metadata.component, {
    "bom-ref": ref,
    name,
    version,
    description,
    purl: `pkg:npm/${ref.replace(/^@/u, "%40")}`,
  });
  bom.components = bom.components.filter((one) => needed.has(one["bom-ref"]));
  bom.dependencies = [{ ref, dependsOn: direct }, ...bom.dependencies.filter((one) => needed.has(one.ref))];
  bom.metadata.timestamp = new Date(epoch * 1000).toISOString();
  bom.serialNumber = "";
  bom.serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bom))}`;
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}
