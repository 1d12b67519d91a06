import { delimiter } from "node:path";
import process from "node:process";
import { shellWord } from "../../src/core/base/index.ts";
import { runProgram } from "./python-venv.ts";

/** What a shell's command line shows on a terminal of so many columns (util-linux `script`), and how it ended. */
export async function onTerminal(
  line: string,
  {
    columns,
    cwd,
    bin,
    env,
  }: {
    readonly columns: number;
    readonly cwd: string;
    /** A folder whose programs come first. */
    readonly bin: string;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<{ readonly code: number | null; readonly text: string }> {
  const inside = `stty cols ${columns} rows 24 && cd ${shellWord(cwd)} && ${line}`;
  const { code, out } = await runProgram("script", ["-qefc", inside, "/dev/null"], {
    HOME: cwd,
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
    TERM: "xterm",
    ...env,
  });
  return { code, text: out };
}
