/** Whether a page of benchmarks is of the code as it stands. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** The folders whose code a page measures, by the part of `npm run bench` that writes it. */
export const measuredFolders = {
  publisher: ["src/publisher", "src/cli/serve", "src/config", "src/core/listener", "src/core/http"],
  commands: ["src/cli", "src/core/command-line", "src/core/terminal", "src/config"],
  "from-nothing": ["src/cli/up", "src/stack", "src/providers/hetzner", "src/providers/host"],
  sandbox: ["src/sandbox", "src/rules/trust"],
  hostile: ["src/publisher", "src/core/listener", "src/core/http", "src/operator/webhook"],
  operator: ["src/operator", "src/rules/bindings", "src/providers/kubernetes", "src/providers/aws"],
  admission: ["src/rules/injection", "src/operator/webhook"],
  map: ["src/map"],
  doctor: ["src/doctor", "src/issuer", "src/stack/status"],
  signer: ["src/signer", "src/rules/signer"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type BenchPart = keyof typeof measuredFolders;

const markForm = /^<!-- Of code (\w+)\. -->\n/mu;
const ageForm = /^\*\*Older than the code that it measures\*\*.*\n\n/mu;

/**
 * Names the content of folders: of sources, without their tests. Not a commit or a day, since a package has no history, and a
 * checkout may have none. Throws for a folder without sources.
 */
export function codeOf(folders: readonly string[], at = root): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const files = globSync(`${folder}/**/*.ts`, { cwd: at, exclude: ["**/*.test.ts"] }).sort();
    if (files.length === 0) throw new TypeError(`${folder}: a page measures no code there`);
    for (const file of files)
      hash
        .update(`${file}\n`)
        .update(readFileSync(join(at, file)))
        .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** A page that was just measured, with the name of the code that it is of. */
export function withCode(page: string, code: string): string {
  return page.replace("\n", `\n<!-- Of code ${code}. -->\n`);
}

/** A page that says whether it is older than the code, which has this name now. */
export function withAge(page: string, code: string, folders: readonly string[]): string {
  const plain = page.replace(ageForm, "");
  if (markForm.exec(plain)?.[1] === code) return plain;
  const names = folders.map((folder) => `\`${folder}\``).join(", ");
  const said = `**Older than the code that it measures**, which has changed since in one of these folders: ${names}.`;
  return plain.replace(/^Measured .*$/mu, (measured) => `${said}\n\n${measured}`);
}
