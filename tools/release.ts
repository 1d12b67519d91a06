/**
 * Builds what a release consists of into dist-release/, the same bytes for the same checkout:
 *
 *   npm run release -- [PART…] [--level N] [--to FOLDER]
 *
 *   podtrust-VERSION-SYSTEM.tar.zst                  podtrust as one executable: linux-x64, linux-arm64, macos-x64, macos-arm64
 *   podtrust-publisher-VERSION-SYSTEM.zst, .sha256   the publisher alone, for machines: linux-x64, linux-arm64
 *   podtrust-VERSION.tgz                             npm's package podtrust
 *   podtrust-sandbox-VERSION.tgz                     npm's package @podtrust/sandbox, of a version of its own
 *   podtrust-kms-VERSION.tgz, podtrust-pkcs11-…      npm's packages that hold keys for podtrust signer, of versions of their own
 *   podtrust-image-VERSION-linux-ARCH.tar.gz         podtrust's and the sandbox's container images of this machine's architecture, for docker load
 *   podtrust-VERSION.cdx.json, podtrust-sandbox-…    what each package is made of, as CycloneDX
 *   SHA256SUMS                                       of all of them
 *
 * PART: linux-x64 …, publisher-linux-x64 …, package, image, sbom; without one, all. SOURCE_DATE_EPOCH is the one time in
 * any of it; without, the last commit's. Compressed by zstd, of level 19 by default.
 *
 * Why single executables: docs/adr/0011-release.md.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { type TarEntry, writeTar } from "./image/index.ts";
import { type Bundle, bundle, licenceTexts } from "./release/bundle.ts";
import { executable } from "./release/executable.ts";
import { nodeFor, type Target, targets } from "./release/node.ts";
import { billOfMaterials } from "./release/sbom.ts";
import { foreignToPodtrust, holderFolders } from "./package/holders.ts";
import { sandboxFolder } from "./package/sandbox.ts";
import { versionIn } from "./package/support.ts";
import { filesOfRooms } from "./room-files.ts";
import { foreignToPublisher, programs } from "./rooms.ts";

// Before anything is built: a room that was moved is no longer kept out of the publisher's program.
filesOfRooms("foreignToPublisher", foreignToPublisher);

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { level: { type: "string", default: "19" }, to: { type: "string", default: "dist-release" } },
});
const level = Number(values.level);
// By process, so that two builds do not meet.
const work = mkdtempSync(join(tmpdir(), "podtrust-release-"));

const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const size = (bytes: Uint8Array): string => `${(bytes.length / 1e6).toFixed(1)} MB`;

/** zstd (RFC 8878) of the level, with a checksum, so that a host's zstd can say that it was cut short. */
function compress(name: string, bytes: Buffer): Buffer {
  console.log(`release: compresses ${name}, ${size(bytes)}, by zstd of level ${level}: the longest step`);
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

function put(name: string, bytes: Buffer | string): void {
  const content = Buffer.from(bytes);
  writeFileSync(join(values.to, name), content);
  console.log(`release: ${join(values.to, name)}, ${size(content)}`);
}

/** Remembers the value, so that it is made once. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

// What holds keys for the signer is a program of its own: an addon, and one more client of AWS.
const ofHolders = new RegExp(`^(?:packages|node_modules/(?:${foreignToPodtrust.join("|")}))/`, "u");

const whole = once(() =>
  bundle({ entry: programs.whole, name: "podtrust", version, forbidden: ofHolders }, work),
);

const foreign = new RegExp(`^(?:node_modules/@aws-sdk|src/(?:${foreignToPublisher.join("|")}))/`, "u");

const publisher = once(() =>
  bundle({ entry: programs.publisher, name: "podtrust-publisher", version, forbidden: foreign }, work),
);

function tarOf(entries: readonly TarEntry[]): Buffer {
  const file = join(work, "program.tar");
  writeTar(file, entries);
  return readFileSync(file);
}

/** podtrust for everybody, with the names by which kubectl finds it as a plugin. */
function program(of: Bundle, target: Target): void {
  const text = (content: string): { readonly bytes: Buffer } => ({ bytes: Buffer.from(content) });
  const link = { mode: 0o777, content: { link: "podtrust" } };
  const name = `podtrust-${version}-${target}`;
  const packed = compress(
    `${name}.tar`,
    tarOf([
      { path: "podtrust", mode: 0o755, content: { from: executable(of, target, work) } },
      { path: "kubectl-podtrust", ...link },
      { path: "kubectl_complete-podtrust", ...link },
      { path: "LICENSE", mode: 0o644, content: { from: "LICENSE" } },
      { path: "LICENSES.txt", mode: 0o644, content: text(licenceTexts(of, nodeFor(target))) },
    ]),
  );
  put(`${name}.tar.zst`, packed);
}

/** The publisher for a machine: `up` sends the compressed file, and the machine checks both sums. */
function machineProgram(of: Bundle, target: Target): void {
  const bytes = readFileSync(executable(of, target, work));
  const name = `podtrust-publisher-${version}-${target}`;
  const packed = compress(name, bytes);
  put(`${name}.zst`, packed);
  put(`${name}.zst.sha256`, `${sum(packed)}  ${name}.zst\n${sum(bytes)}  ${name}\n`);
}

const buildPackage = once(() => execFileSync(process.execPath, ["tools/build.ts"], { stdio: "inherit" }));

/** The packages of npm: where their manifests stand, and how their files begin. */
const packages = [
  { folder: ".", file: `podtrust-${version}` },
  { folder: sandboxFolder, file: `podtrust-sandbox-${versionIn(sandboxFolder)}` },
  ...holderFolders.map((folder) => ({
    folder,
    file: `podtrust-${basename(folder)}-${versionIn(folder)}`,
  })),
] as const;

/** npm gives every file in them one and the same time. */
function npmPackages(): void {
  buildPackage();
  for (const { folder, file } of packages) {
    // Without the dot, npm takes two words for an address at GitHub.
    const from = folder === "." ? folder : `./${folder}`;
    const args = ["pack", from, "--ignore-scripts", "--loglevel=error", "--pack-destination", values.to];
    execFileSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
    const packed = join(values.to, `${file}.tgz`);
    console.log(`release: ${packed}, ${size(readFileSync(packed))}`);
  }
}

function bills(): void {
  for (const { folder, file } of packages) put(`${file}.cdx.json`, billOfMaterials(folder, epoch()));
}

function image(): void {
  buildPackage();
  const file = join(work, "image.tar");
  execFileSync(process.execPath, ["tools/image.ts", "archive", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Node's gzip names neither a file nor a time.
  put(`podtrust-image-${version}-linux-${process.arch}.tar.gz`, gzipSync(readFileSync(file), { level: 9 }));
}

function epoch(): number {
  const fixed = process.env["SOURCE_DATE_EPOCH"];
  const text = fixed ?? execFileSync("git", ["log", "-1", "--format=%ct"], { encoding: "utf8" });
  const seconds = Number(text);
  if (!Number.isSafeInteger(seconds)) throw new TypeError(`SOURCE_DATE_EPOCH is no time: ${text}`);
  return seconds;
}

const machines = ["linux-x64", "linux-arm64"] as const;
const parts: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(
    (Object.keys(targets) as Target[]).map((target) => [target, () => program(whole(), target)]),
  ),
  ...Object.fromEntries(
    machines.map((target) => [`publisher-${target}`, () => machineProgram(publisher(), target)]),
  ),
  package: npmPackages,
  image,
  sbom: bills,
};

/** Of all of these versions that is there: a part that is built anew keeps the others' sums. */
function writeSums(): void {
  const ofThese = (name: string): boolean =>
    name.includes(version) || packages.some(({ file }) => name.startsWith(`${file}.`));
  const names = readdirSync(values.to).filter((name) => ofThese(name) && !name.endsWith(".sha256"));
  const lines = names.sort().map((name) => `${sum(readFileSync(join(values.to, name)))}  ${name}\n`);
  writeFileSync(join(values.to, "SHA256SUMS"), lines.join(""));
}

const unknown = positionals.find((word) => !Object.hasOwn(parts, word));
if (unknown !== undefined) throw new TypeError(`no such part: ${unknown} (${Object.keys(parts).join(", ")})`);
mkdirSync(values.to, { recursive: true });
try {
  for (const [name, build] of Object.entries(parts)) {
    if (positionals.length === 0 || positionals.includes(name)) build();
  }
  writeSums();
} finally {
  rmSync(work, { recursive: true, force: true });
}
