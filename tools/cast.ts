/**
 * Records `npm run demo` in a pseudo-terminal (`script` of util-linux) and writes what README shows of it: the session as
 * an asciicast, and the SVG that is made of it. Neither is edited by hand; test/docs/cast.test.ts makes the SVG anew.
 *
 *   npm run docs:cast
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { formatRecording, parseRecording, type Recording, type TerminalOutput } from "./cast/recording.ts";
import { linesOf } from "./cast/screen.ts";
import { type Picture, svgOf } from "./cast/svg.ts";

export const castFile = "docs/images/demo.cast";
export const pictureFile = "docs/images/demo.svg";

const root = join(import.meta.dirname, "..");
const terminal = { width: 96, height: 28 };

const picture: Picture = {
  title: "A terminal runs npm run demo",
  description:
    "A stand-in cluster becomes an OIDC identity provider that AWS trusts. Every link of the chain holds, one workload gets credentials, six other attempts are denied, and the signing key is rotated meanwhile.",
  columns: terminal.width,
  rows: terminal.height,
  maxSeconds: 18,
};

/** The SVG of a recorded session. */
export const pictureOf = (recording: Recording): string => svgOf(linesOf(recording), picture);

/** Runs a command line in a terminal of that size; rejects where it fails. */
async function record(line: string): Promise<Recording> {
  const inside = [
    `stty cols ${terminal.width} rows ${terminal.height}`,
    `printf '%s\\n' '$ ${line}'`,
    `exec ${line}`,
  ].join(" && ");
  // npm's own two lines say nothing of the demo.
  const env = { ...process.env, TERM: "xterm-256color", npm_config_loglevel: "silent" };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn("script", ["-qefc", inside, "/dev/null"], { cwd: root, env, stdio: [...stdio] });
  const output: TerminalOutput[] = [];
  const began = performance.now();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.push({ at: (performance.now() - began) / 1000, text });
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${line} ended with ${code}:\n${output.map(({ text }) => text).join("")}`);
  return { ...terminal, output };
}

if (process.argv[1] === import.meta.filename) {
  const recorded = formatRecording(await record("npm run demo"));
  await writeFile(join(root, castFile), recorded);
  // By the times as the file has them: rounded, two outputs may come at once.
  await writeFile(join(root, pictureFile), pictureOf(parseRecording(recorded)));
  console.log(`wrote ${castFile} and ${pictureFile}`);
}
