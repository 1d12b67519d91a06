import { type Answer, type Login, ssh } from "./ssh.ts";
import type { Machine } from "./machine.ts";
import type { Run } from "../../cluster/harness/run.ts";

/** Asks every half second until something is there; at the deadline an error with the machine's last words. */
export async function until<T>(
  what: string,
  machine: Pick<Machine, "console">,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new Error(
        `${what} is missing after ${timeoutMs / 1000} s. The machine's last words:\n${machine.console()}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Resolves with the answer of the script as soon as the machine lets one log in and it ends with 0, within five minutes. */
export function untilSsh(
  run: Run,
  machine: Pick<Machine, "console" | "isOn">,
  login: Login,
  script = "true",
): Promise<Answer> {
  return until("a login by ssh", machine, 300_000, async () => {
    if (!machine.isOn()) throw new Error(`the machine is off. Its last words:\n${machine.console()}`);
    const answer = await ssh(run, login, script, 30_000);
    return answer.code === 0 ? answer : undefined;
  });
}
