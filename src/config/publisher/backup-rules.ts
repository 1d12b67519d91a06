import { isRecord } from "../../core/base/index.ts";
import { type ConfigProblem, keyText, type KeyPath, valueText } from "../mistakes/problem.ts";
import { type ConfigRule, textAt, valueAt } from "../mistakes/rule.ts";

const backupsGoToOnePlace: ConfigRule = (document) => {
  const path: KeyPath = ["publisher", "backup"];
  const section = valueAt(document.value, path);
  if (!isRecord(section)) return [];
  const places = ["folder", "s3"].filter((key) => key in section);
  const base = { key: keyText(path), ...document.positionOf(path) };
  if (places.length !== 1) {
    const message = places.length === 0 ? "does not say where backups go" : "has both folder and s3";
    return [{ ...base, message, accepted: "folder or s3" }];
  }
  if ("keep" in section && !("folder" in section)) {
    const message = "has keep beside s3, and the publisher has no right to delete there";
    return [{ ...base, message, next: "Leave keep out, and give the bucket a lifecycle rule." }];
  }
  if ("otherFileSystem" in section && !("folder" in section))
    return [
      { ...base, message: "has otherFileSystem beside s3", next: "Leave it out: it is about a folder." },
    ];
  const both = ["profile", "credentialsFile"].every(
    (key) => valueAt(document.value, [...path, "s3", key]) !== undefined,
  );
  if (both)
    return [{ ...base, message: "has both s3.profile and s3.credentialsFile", accepted: "one of them" }];
  const bucket = textAt(document, [...path, "s3", "bucket"]);
  if (bucket === undefined || bucket !== textAt(document, ["publisher", "s3", "bucket"])) return [];
  const message = "is the bucket that the documents are published in";
  const place: KeyPath = [...path, "s3", "bucket"];
  const next =
    "Use another bucket: one without readers, where no right to publish is a right to write backups.";
  return [{ key: keyText(place), ...document.positionOf(place), value: valueText(bucket), message, next }];
};

/** Paths that can go into a systemd unit unescaped: no space, quote, `%`, `$` or backslash. */
const plainPath = /^(?:\/[\w+@-][\w.+@-]*)+$/u;

/**
 * Folders that the publisher's service sees differently, that are lost at a restart, or that `podtrust down` deletes.
 */
const notForBackups = [
  "/dev",
  "/etc/podtrust",
  "/home",
  "/opt/podtrust",
  "/proc",
  "/root",
  "/run",
  "/sys",
  "/tmp",
  "/var/lib/private",
  "/var/lib/podtrust-publisher",
  "/var/lib/podtrust-publisher-token",
  "/var/run",
  "/var/tmp",
];

const example = "such as /mnt/backups/podtrust, below where the disk or share is mounted";

function machineFolderProblem(folder: string): Pick<ConfigProblem, "message" | "next"> | undefined {
  if (!folder.startsWith("/"))
    return {
      message: "is no absolute path, and it is about the machine's disks",
      next: `Name an absolute path, ${example}.`,
    };
  if (!plainPath.test(folder.replace(/\/$/u, "")))
    return {
      message: "has more in it than letters, digits and . _ + @ - between its slashes",
      next: `Name a folder ${example}.`,
    };
  const taken = notForBackups.find((one) => folder === one || folder.startsWith(`${one}/`));
  if (taken === undefined) return undefined;
  return {
    message: `lies in ${taken}, where backups on a machine do not last or its service does not come`,
    next: `Name a folder ${example}.`,
  };
}

const machineFolderIsItsOwn: ConfigRule = (document) => {
  const path: KeyPath = ["publisher", "backup", "folder"];
  const folder = textAt(document, path);
  if (folder === undefined || valueAt(document.value, ["machine"]) === undefined) return [];
  const problem = machineFolderProblem(folder);
  if (problem === undefined) return [];
  return [{ key: keyText(path), ...document.positionOf(path), value: valueText(folder), ...problem }];
};

/** What has to fit together in `publisher.backup`. */
export const backupRules: readonly ConfigRule[] = [backupsGoToOnePlace, machineFolderIsItsOwn];
