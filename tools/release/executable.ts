import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import type { Bundle } from "./bundle.ts";
import { signAdHoc } from "./mach-o.ts";
import { nodeFor, type Target } from "./node.ts";

/** Puts a bundle into the Node of a target. */
export function executable(of: Bundle, target: Target, folder: string): string {
  const name = `${of.name}-${target}`;
  console.log(`release: puts ${of.name} into the Node of ${target}`);
  const config = `${name}.json`;
  const spec = {
    // The executable holds this name: a path would make two builds differ.
    main: basename(of.loader),
    mainFormat: "module",
    executable: resolve(nodeFor(target)),
    output: name,
    assets: of.modules,
    disableExperimentalSEAWarning: true,
    // Both are made by running the program, which one system cannot do for another; V8's cache is also never twice the same.
    useCodeCache: false,
    useSnapshot: false,
    // A service ignores the NODE_OPTIONS of its caller.
    execArgvExtension: "none",
  };
  writeFileSync(join(folder, config), JSON.stringify(spec));
  execFileSync(process.execPath, ["--build-sea", config], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const output = join(folder, name);
  // Node takes away the signature, which no longer fits; Apple's processors run nothing without one.
  if (target.startsWith("macos")) writeFileSync(output, signAdHoc(readFileSync(output), "podtrust"));
  chmodSync(output, 0o755);
  return output;
}
