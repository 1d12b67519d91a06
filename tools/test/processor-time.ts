/**
 * Loaded before a test file that has a process of its own: what it and all that it started and waited for took of the
 * processors goes as a JSON line into the file that the runner names, when it ends.
 */
import { appendFileSync, readFileSync } from "node:fs";
import process from "node:process";

export interface ProcessorTime {
  readonly file: string;
  /** Seconds of user and system time. */
  readonly processor: number;
}

/** Clock ticks a second in /proc, on every Linux of Node's. */
const ticks = 100;

/** Own and children's user and system time: fields 14 to 17 of proc_pid_stat(5), behind a name that may have spaces. */
function usedSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticks;
}

const target = process.env["PODTRUST_TEST_PROCESSOR_TIME"];
const file = process.argv[1];
if (target !== undefined && file !== undefined && process.env["NODE_TEST_CONTEXT"] !== undefined)
  process.on("exit", () => {
    const line: ProcessorTime = { file, processor: usedSeconds() };
    appendFileSync(target, `${JSON.stringify(line)}\n`);
  });
