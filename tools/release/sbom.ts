import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";

interface Bom {
  serialNumber: string;
  metadata: { timestamp: string };
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

/**
 * What podtrust is made of, as CycloneDX by npm: the packages that a user installs. npm gives each run another number and
 * the time; here both come from what it is about. `epoch`: seconds.
 */
export function billOfMaterials(epoch: number): string {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"];
  const bom = JSON.parse(execFileSync("npm", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })) as Bom;
  bom.metadata.timestamp = new Date(epoch * 1000).toISOString();
  bom.serialNumber = "";
  bom.serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bom))}`;
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}
