import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** A program as few modules, and what went into them. */
export interface Bundle {
  readonly name: string;
  /** What an executable begins with; see loader.ts. */
  readonly loader: string;
  /** Files by the names under which they import one another; `main.mjs` is the program. */
  readonly modules: Readonly<Record<string, string>>;
  /** Paths of source files, below the checkout. */
  readonly inputs: readonly string[];
}

const esbuild = (args: readonly string[]): void => {
  execFileSync(join("node_modules", ".bin", "esbuild"), [...args, "--log-level=warning"], {
    stdio: "inherit",
  });
};

interface Metafile {
  readonly inputs: object;
  readonly outputs: Readonly<
    Record<string, { readonly entryPoint?: string; readonly exports: readonly string[] }>
  >;
}

/**
 * Gives those that import a CommonJS package later its names, as Node does: where such a package becomes a file of its own,
 * esbuild has the file export them as properties of its default alone.
 */
function nameExports(modules: string, outputs: Metafile["outputs"]): void {
  const common = Object.entries(outputs).flatMap(([file, { entryPoint, exports }]) =>
    entryPoint?.includes("node_modules/") === true && exports.join(",") === "default" ? [basename(file)] : [],
  );
  for (const name of readdirSync(modules)) {
    const file = join(modules, name);
    const before = readFileSync(file, "utf8");
    const after = common.reduce(
      (text, one) => text.replaceAll(`import("./${one}")`, `import("./${one}").then(({default:all})=>all)`),
      before,
    );
    if (after !== before) writeFileSync(file, after);
  }
}

/**
 * Joins a program's modules, what is imported only later into files of its own, with the version in them. `entry` is a
 * main.ts; `forbidden` are inputs that it must not have.
 */
export function bundle(
  spec: {
    readonly entry: string;
    readonly name: string;
    readonly version: string;
    readonly forbidden?: RegExp;
  },
  folder: string,
): Bundle {
  const { entry, name, version, forbidden } = spec;
  console.log(`release: joins the modules of ${name}`);
  const modules = join(folder, name);
  const loader = join(folder, "loader.mjs");
  const metafile = join(folder, `${name}.json`);
  esbuild([join("tools", "release", "loader.ts"), "--format=esm", `--outfile=${loader}`]);
  esbuild([
    entry,
    "--bundle",
    "--splitting",
    "--platform=node",
    "--format=esm",
    "--target=node26",
    "--minify-syntax",
    "--minify-whitespace",
    // Licences stand beside the program, whole.
    "--legal-comments=none",
    `--outdir=${modules}`,
    "--out-extension:.js=.mjs",
    `--define:podtrustVersion=${JSON.stringify(version)}`,
    // Some packages are CommonJS and ask for Node's modules that way.
    '--banner:js=import { createRequire } from "node:module"; const require = createRequire(process.execPath);',
    `--metafile=${metafile}`,
  ]);
  const { inputs, outputs } = JSON.parse(readFileSync(metafile, "utf8")) as Metafile;
  nameExports(modules, outputs);
  const found = Object.keys(inputs).filter((input) => forbidden?.test(input) === true);
  if (found.length > 0) throw new Error(`${name} would hold ${found.slice(0, 5).join(", ")}`);
  const files = readdirSync(modules).sort();
  return {
    name,
    loader,
    modules: Object.fromEntries(files.map((file) => [file, join(modules, file)])),
    inputs: Object.keys(inputs),
  };
}

const packageForm = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//u;

/** The licences of the packages that went into a program, and of Node, as each package brings them. */
export function licenceTexts({ inputs }: Bundle, node: string): string {
  const folders = new Map<string, string>([["node", resolve(node, "..", "..")]]);
  for (const input of inputs) {
    const name = packageForm.exec(input)?.[1];
    if (name !== undefined)
      folders.set(name, input.slice(0, input.lastIndexOf(`/${name}/`) + name.length + 1));
  }
  const texts = [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, folder]) => {
      const { version = "", license = "" } = JSON.parse(
        readFileSync(join(folder, "package.json"), "utf8"),
      ) as {
        version?: string;
        license?: string;
      };
      const [file] = globSync("{LICENSE,LICENCE,License,license,COPYING}*", { cwd: folder }).sort();
      const text =
        file === undefined || !existsSync(join(folder, file)) ? "" : readFileSync(join(folder, file), "utf8");
      return `== ${name} ${version} (${license})\n\n${text.trim()}\n`;
    });
  return texts.join("\n");
}
