/**
 * Loaded before test files: a process whose tests have all ended, and which something keeps from ending, fails and ends. Without it a
 * server or a timer that a failed test left behind would have the whole run wait forever.
 */
import process from "node:process";
import { after } from "node:test";

/** As long as a server may take to close what is still open. Milliseconds. */
const maxMs = 60_000;

/** As long as a server that obeys the signal may take. */
const killAfterMs = 5000;

/** `ms`: how long a process may go on once its tests have ended. */
export function endLingering(ms: number): void {
  after(() => {
    const end = (): void => {
      const held = [...new Set(process.getActiveResourcesInfo())].join(", ");
      process.stderr.write(
        `${process.argv[1] ?? "tests"}: all tests have ended, and ${ms / 1000} s later the process has not, for: ${held}\n`,
      );
      process.exitCode = 1;
      process.kill(process.pid, "SIGTERM");
      const kill = (): void => void process.kill(process.pid, "SIGKILL");
      setTimeout(kill, killAfterMs).unref();
    };
    // It does not keep the process alive itself.
    setTimeout(end, ms).unref();
  });
}

// Not in a runner whose files have processes of their own.
if (process.env["NODE_TEST_CONTEXT"] !== undefined || process.execArgv.includes("--test-isolation=none"))
  endLingering(maxMs);
