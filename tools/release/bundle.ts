import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A program in one file, and what went into it. */
export interface Bundle {
  readonly file: string;
  /** Paths of source files, below the checkout. */
  readonly inputs: readonly string[];
}

/** Joins a program's modules into one file, with the version in it. `forbidden` are inputs that it must not have. */
export function bundle(
  wish: {
    readonly entry: string;
    readonly name: string;
    readonly version: string;
    readonly forbidden?: RegExp;
  },
  folder: string,
): Bundle {
  const { entry, name, version, forbidden } = wish;
  const file = join(folder, `${name}.mjs`);
  const metafile = join(folder, `${name}.json`);
  const args = [
    entry,
    "--bundle",
    "--platform=node",
    "--format=esm",
    "--target=node26",
    "--minify-syntax",
    "--minify-whitespace",
    // Licences stand beside the program, whole.
    "--legal-comments=none",
    `--outfile=${file}`,
    `--define:podtrustVersion=${JSON.stringify(version)}`,
    // Some packages are CommonJS and ask for Node's modules that way.
    '--banner:js=import { createRequire } from "node:module"; const require = createRequire(process.execPath);',
    "--log-level=warning",
    `--metafile=${metafile}`,
  ];
  execFileSync(join("node_modules", ".bin", "esbuild"), args, { stdio: "inherit" });
  const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { readonly inputs: object };
  const found = Object.keys(inputs).filter((input) => forbidden?.test(input) === true);
  if (found.length > 0) throw new Error(`${name} would hold ${found.slice(0, 5).join(", ")}`);
  return { file, inputs: Object.keys(inputs) };
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
