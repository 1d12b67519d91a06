import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { inOrder, librariesOf, type TarEntry, writeArchive } from "../../../tools/image/index.ts";
import { cleanAwsEnvironment, type PythonVenv, runProgram } from "../../support/python-venv.ts";

/** An image that is written, and how a pod's command begins in it. */
export interface PythonImage {
  /** Path of the archive. */
  readonly file: string;
  readonly python: string;
}

/** Where the packages of the environment stand in the image. */
const packages = "/opt/packages";

/** Folders of Python's own library without which programs run: tests, tools, and what other programs would link. */
const leftOut = /^(?:__pycache__|site-packages|test|ensurepip|idlelib|tkinter|turtledemo|config-.*)$/u;

function filesBelow(folder: string, without: RegExp): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!statSync(path).isDirectory()) return [path];
    return without.test(name) ? [] : filesBelow(path, without);
  });
}

/** What a venv's interpreter says of itself. */
interface PythonPaths {
  /** The program behind all links. */
  readonly program: string;
  readonly library: string;
  readonly packages: string;
}

async function placesOf(venv: PythonVenv): Promise<PythonPaths> {
  const script = `import json, os, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps({"program": os.path.realpath(sys.executable), "library": paths["stdlib"], "packages": paths["purelib"]}))`;
  const { code, out, err } = await runProgram(
    venv.program("python"),
    ["-c", script],
    cleanAwsEnvironment({}),
  );
  assert.equal(code, 0, err);
  return JSON.parse(out) as PythonPaths;
}

/**
 * Writes an image of the machine's Python with the packages of a venv, and nothing else: interpreter and C libraries where the
 * machine has them, each package as it was installed. It runs as a user that is not root.
 */
export async function writePythonImage(file: string, name: string, venv: PythonVenv): Promise<PythonImage> {
  const places = await placesOf(venv);
  const library = filesBelow(places.library, leftOut);
  const installed = filesBelow(places.packages, /^__pycache__$/u);
  const modules = [...library, ...installed].filter((path) => /\.so(?:\.[\d.]+)?$/u.test(path));
  const libraries = librariesOf(places.program, ...modules);
  const entry = (from: string, to: string, mode = 0o644): TarEntry => ({
    path: to.slice(1),
    mode,
    content: { from },
  });
  const bundled = libraries.filter((path) => path.startsWith(places.packages));
  const entries = inOrder([
    entry(places.program, places.program, 0o755),
    ...libraries.filter((path) => !bundled.includes(path)).map((path) => entry(path, path, 0o755)),
    ...library.map((path) => entry(path, path)),
    ...installed.map((path) => entry(path, join(packages, relative(places.packages, path)))),
    { path: "tmp", mode: 0o1777, content: "folder" },
  ]);
  const folders = [...new Set(libraries.filter((path) => !bundled.includes(path)).map(dirname))];
  const environment = {
    PYTHONPATH: packages,
    PYTHONDONTWRITEBYTECODE: "1",
    LD_LIBRARY_PATH: folders.join(":"),
    HOME: "/tmp",
  };
  writeArchive(file, entries, [{ name, entrypoint: [places.program], environment, user: "65532:65532" }]);
  return { file, python: places.program };
}
