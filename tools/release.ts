/**
 * Builds the publisher as one file for a machine without Node: `npm run release -- [x64] [arm64] [--level N] [--to FOLDER]`.
 *
 *   release/podtrust-publisher-VERSION-linux-ARCH.zst           compressed by zstd, of level 19 unless told
 *   release/podtrust-publisher-VERSION-linux-ARCH.zst.sha256    of the compressed file and of what is in it
 *
 * Why it is a single executable: docs/adr/0011-release.md.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { constants, zstdCompressSync } from "node:zlib";

const architectures = ["x64", "arm64"] as const;
type Architecture = (typeof architectures)[number];

// By process, so that two builds do not meet; what is fetched is kept.
const cache = join(".cache", "release");
const work = mkdtempSync(join(tmpdir(), "podtrust-release-"));
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };

/** All of the publisher in one file, with its version in it. */
function bundle(): string {
  const outfile = join(work, "publisher.mjs");
  const entry = "src/cli/publisher-program/main.ts";
  const args = [
    entry,
    "--bundle",
    "--platform=node",
    "--format=esm",
    "--target=node26",
    "--minify-syntax",
    "--minify-whitespace",
    "--legal-comments=none",
    `--outfile=${outfile}`,
    `--define:podtrustVersion=${JSON.stringify(manifest.version)}`,
    // Some packages are CommonJS and ask for Node's modules that way.
    '--banner:js=import { createRequire } from "node:module"; const require = createRequire(process.execPath);',
    "--log-level=warning",
    `--metafile=${join(work, "bundle.json")}`,
  ];
  execFileSync(join("node_modules", ".bin", "esbuild"), args, { stdio: "inherit" });
  checkInputs(join(work, "bundle.json"));
  return outfile;
}

/** What a publisher's machine has no use for: one import too many would bring all of it. */
const foreign = /^(?:node_modules\/@aws-sdk|src\/(?:aws|demo|host|sandbox|stack))\//u;

function checkInputs(metafile: string): void {
  const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { readonly inputs: object };
  const found = Object.keys(inputs).filter((input) => foreign.test(input));
  if (found.length > 0) throw new Error(`the publisher's program would hold ${found.slice(0, 5).join(", ")}`);
}

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
}

/** The Node of another architecture, by npm, as package-lock.json pins it. */
function fetchedNode(name: string): string {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Locked;
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? { version: "" };
  const home = join(cache, `${name}-${version}`);
  const program = join(home, "package", "bin", "node");
  if (existsSync(program)) return program;
  mkdirSync(home, { recursive: true });
  execFileSync("npm", ["pack", `${name}@${version}`, "--pack-destination", home], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const archive = join(home, `${name}-${version}.tgz`);
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity) {
    rmSync(home, { recursive: true });
    throw new Error(`${name}@${version} is not what package-lock.json pins: ${found}`);
  }
  execFileSync("tar", ["-xzf", archive, "-C", home, "package/bin/node"]);
  rmSync(archive);
  return program;
}

/** The pinned Node for an architecture: what `npm ci` brought, or the same from the registry. */
function nodeFor(architecture: Architecture): string {
  const name = `node-linux-${architecture}`;
  const installed = join("node_modules", name, "bin", "node");
  return existsSync(installed) ? installed : fetchedNode(name);
}

function executable(main: string, architecture: Architecture): string {
  const output = join(work, `podtrust-publisher-${architecture}`);
  const config = join(work, `sea-${architecture}.json`);
  const wish = {
    main,
    mainFormat: "module",
    executable: resolve(nodeFor(architecture)),
    output,
    disableExperimentalSEAWarning: true,
    // Both are made by running the program, which one architecture cannot do for another.
    useCodeCache: false,
    useSnapshot: false,
    // NODE_OPTIONS of whoever runs it is no business of a service.
    execArgvExtension: "none",
  };
  writeFileSync(config, JSON.stringify(wish));
  execFileSync(process.execPath, ["--build-sea", config], { stdio: ["ignore", "ignore", "inherit"] });
  chmodSync(output, 0o755);
  return output;
}

function compress(file: string, architecture: Architecture): void {
  const program = readFileSync(file);
  const params = {
    [constants.ZSTD_c_compressionLevel]: Number(values.level),
    // So that a host's zstd can say that it was cut short.
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  const packed = zstdCompressSync(program, { params });
  const name = `podtrust-publisher-${manifest.version}-linux-${architecture}`;
  const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(values.to, `${name}.zst`), packed);
  writeFileSync(
    join(values.to, `${name}.zst.sha256`),
    `${sum(packed)}  ${name}.zst\n${sum(program)}  ${name}\n`,
  );
  const size = (bytes: Uint8Array): string => `${(bytes.length / 1e6).toFixed(1)} MB`;
  console.log(`release: ${join(values.to, name)}.zst, ${size(packed)} of ${size(program)}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { level: { type: "string", default: "19" }, to: { type: "string", default: "release" } },
});
const unknown = positionals.find((word) => !architectures.some((one) => one === word));
if (unknown !== undefined)
  throw new TypeError(`no such architecture: ${unknown} (${architectures.join(", ")})`);
mkdirSync(cache, { recursive: true });
mkdirSync(values.to, { recursive: true });
try {
  const main = bundle();
  const wanted = architectures.filter((one) => positionals.length === 0 || positionals.includes(one));
  for (const architecture of wanted) compress(executable(main, architecture), architecture);
} finally {
  rmSync(work, { recursive: true, force: true });
}
