import { isRecord } from "../../core/base/index.ts";
import { keyText, type KeyPath } from "../mistakes/problem.ts";
import { type ConfigRule, textAt, valueAt } from "../mistakes/rule.ts";
import { newestCilium, newestK3s } from "./releases.ts";

/** Where a machine may come from. */
const places = ["hetzner", "ssh"];

const onePlace: ConfigRule = (document) => {
  const section = valueAt(document.value, ["machine"]);
  if (!isRecord(section)) return [];
  const named = places.filter((key) => key in section);
  const base = {
    key: "machine",
    ...document.positionOf(["machine"]),
    accepted: `one of ${places.join(", ")}`,
  };
  if (named.length === 0) return [{ ...base, message: "does not say where the machine is" }];
  return named.length === 1 ? [] : [{ ...base, message: `has both ${named.join(" and ")}` }];
};

const releaseHasChecksums: ConfigRule = (document) => {
  const path: KeyPath = ["machine", "k3s"];
  const version = textAt(document, [...path, "version"]);
  if (version === undefined || version === newestK3s.version) return [];
  const sums = valueAt(document.value, [...path, "sha256"]);
  if (isRecord(sums) && Object.keys(sums).length > 0) return [];
  const message = `is ${version}, whose checksums are not known here`;
  const next = `Add sha256: {amd64: …, arm64: …} from sha256sum-amd64.txt and sha256sum-arm64.txt of that release, or leave version out for ${newestK3s.version}.`;
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const chartHasChecksum: ConfigRule = (document) => {
  const path: KeyPath = ["machine", "cilium"];
  const version = textAt(document, [...path, "version"]);
  if (version === undefined || version === newestCilium.version) return [];
  if (textAt(document, [...path, "sha256"]) !== undefined) return [];
  const message = `is ${version}, whose checksum is not known here`;
  const next = `Add sha256, the digest of that chart in the index of helm.cilium.io, or leave version out for ${newestCilium.version}.`;
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const cliHasChecksums: ConfigRule = (document) => {
  const path: KeyPath = ["machine", "cilium", "cli"];
  const version = textAt(document, [...path, "version"]);
  const sums = valueAt(document.value, [...path, "sha256"]);
  if (version === undefined || (isRecord(sums) && Object.keys(sums).length > 0)) return [];
  const message = `is ${version}, whose checksums are not known here`;
  const next =
    "Add sha256: {amd64: …, arm64: …} from cilium-linux-amd64.tar.gz.sha256sum and cilium-linux-arm64.tar.gz.sha256sum of that release.";
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const cliHasCilium: ConfigRule = (document) => {
  const path: KeyPath = ["machine", "cilium", "cli"];
  const isAsked = valueAt(document.value, path) !== undefined;
  if (!isAsked || textAt(document, ["machine", "cni"]) !== "flannel") return [];
  const message = "asks for the cilium command where flannel makes the pods' network";
  const next = "Leave it out, or take cni: cilium.";
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const hasAddress: ConfigRule = (document) => {
  const path: KeyPath = ["machine", "hetzner"];
  if (["ipv4", "ipv6"].some((family) => valueAt(document.value, [...path, family]) !== false)) return [];
  const message = "has neither ipv4 nor ipv6: the machine could not be reached";
  return [{ key: keyText(path), ...document.positionOf(path), message, accepted: "one of the two at least" }];
};

/** What has to fit together in the machine's section. */
export const machineRules: readonly ConfigRule[] = [
  onePlace,
  hasAddress,
  releaseHasChecksums,
  chartHasChecksum,
  cliHasChecksums,
  cliHasCilium,
];
